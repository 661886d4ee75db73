import AMQPClient
import TutorialKit

/// Publishes orders, and prints whether the broker took each one. Returns how many it did not take.
func publish(_ orders: some Sequence<String>, to broker: BrokerAddress) async throws -> Int {
    var outbox = Outbox(orders)
    var connection = try await Connection.open(broker)
    while true {
        do {
            try await send(&outbox, over: connection)
            try await connection.close()
            return outbox.refused
        } catch let error as AMQPError where error.scope == .connection {
            // The broker may have all of these, some, or none. Twice is better than never.
            Console.print(" [!] Connection lost. Unconfirmed, and sent again: \(outbox.unconfirmed.count)")
            connection = try await Connection.reopen(broker)
        }
    }
}
