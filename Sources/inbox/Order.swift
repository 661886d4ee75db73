import AMQPClient
import TutorialKit

/// Takes orders and publishes them, and also those that an earlier run has left in the outbox.
///
/// - Parameter crash: ends after printing this line.
func order(
    _ texts: some Sequence<String>, outbox file: LineFile, crash: String? = nil, to broker: BrokerAddress
) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    try await channel.declareQueue("shipments", durable: true)
    var outbox = try Outbox(file)

    for text in texts {
        // First to our disk, then to the broker: a message that is only on its way can be lost.
        try outbox.commit(text)
        Console.print(" [x] Committed '\(text)'")
        if crash == "committed" { return try await leave(connection) }
        while let order = outbox.waiting.first {
            // The id is the order's own: whenever this order is published, its message has the same.
            let properties = BasicProperties(messageID: try ShortString(order.id))
            let message = Message(order.text, persistent: true, properties: properties)
            try await channel.publishAndConfirm(message, routingKey: "shipments", mandatory: true)
            Console.print(" [x] Confirmed '\(order.text)'")
            if crash == "confirmed" { return try await leave(connection) }
            try outbox.settleOldest()
        }
    }
    try await connection.close()
}

/// What a crash looks like from outside: the rest is not done.
func leave(_ connection: Connection) async throws {
    Console.print(" [!] Crashed")
    try await connection.close()
}
