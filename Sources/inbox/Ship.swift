import AMQPClient
import TutorialKit

/// Ships orders, each once, however often it comes.
///
/// - Parameter crash: ends after printing this line.
func ship(inbox file: LineFile, crash: String? = nil, from broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    try await channel.declareQueue("shipments", durable: true)
    try await channel.qos(prefetchCount: 1)
    var inbox = try Inbox(file)
    // Exclusive: a second program would not know what this one writes into the inbox.
    let orders = try await channel.consume("shipments", exclusive: true)
    Console.print(" [*] Waiting for orders. To exit press CTRL+C")

    for try await order in orders {
        Console.print(" [x] Received '\(order.text)'")
        // By the producer's id, not by the mark "redelivered": to the broker, an order that is sent twice is two messages.
        let id = order.properties.messageID?.text ?? ""
        if inbox.contains(id) {
            Console.print(" [!] Shipped before")
        } else {
            try inbox.ship(order.text, id: id)
            Console.print(" [x] Shipped")
            if crash == "shipped" { return try await leave(connection) }
        }
        // Only now, and in both cases. If we die before this line, the order comes again, and is found in the inbox.
        try await order.ack()
        Console.print(" [x] Acknowledged")
    }
    try await connection.close()
}
