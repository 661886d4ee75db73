import AMQPClient
import TutorialKit

/// Publishes orders, and says of each whether the broker took it over. Returns how many it did not take.
func publish(_ orders: some Sequence<String>, to broker: BrokerAddress) async throws -> Int {
    var outbox = Outbox(orders)
    var connection = try await Connection.open(broker)
    while true {
        do {
            try await send(&outbox, over: connection)
            try await connection.close()
            return outbox.refused
        } catch let error as AMQPError where error.scope == .connection {
            // The broker has some of these, or all, or none: nobody can know. Rather twice than never.
            Console.print(" [!] Connection lost. Unconfirmed, and sent again: \(outbox.unconfirmed.count)")
            connection = try await Connection.reopen(broker)
        }
    }
}
