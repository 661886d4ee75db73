import AMQPClient
import BrokerCore
import BrokerServer

extension Broker {
    /// Waits for a login as long as it takes: on a busy machine a program may come to its turn late, and a broker that hangs
    /// up then would look like a fault of the program.
    static var patient: Broker {
        var configuration = BrokerConfiguration()
        configuration.handshakeTimeout = 600_000
        return Broker(configuration)
    }
}

extension ConnectionConfiguration {
    /// The same from the other side.
    static var patient: ConnectionConfiguration {
        var configuration = ConnectionConfiguration()
        configuration.connectionTimeout = .seconds(180)
        return configuration
    }
}
