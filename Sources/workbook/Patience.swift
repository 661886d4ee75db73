import AMQPClient
import AMQPTransport
import BrokerCore
import BrokerServer

extension Broker {
    /// Waits for a login as long as it takes: on a busy machine a program may come to its turn late, and a broker that hangs
    /// up then would look like a fault of the program.
    static var patient: Broker { patient(as: .v3_10) }

    /// The same, as that release of RabbitMQ, and in that time.
    static func patient(as dialect: Dialect, time: any TimeSource = SystemTime()) -> Broker {
        var configuration = BrokerConfiguration()
        configuration.handshakeTimeout = 600_000
        configuration.dialect = dialect
        configuration.product = .rabbitMQ(dialect)
        // Its time may leap by more than half an hour while a program is at work.
        configuration.consumerTimeout = 0
        return Broker(configuration, time: time)
    }
}

extension ConnectionConfiguration {
    /// The same from the other side.
    static var patient: ConnectionConfiguration {
        var configuration = ConnectionConfiguration()
        configuration.connectionTimeout = .seconds(600)
        configuration.heartbeat = 0
        return configuration
    }
}
