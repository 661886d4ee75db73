import AMQPClient
import TutorialKit

/// Prints the orders in the queue `orders`.
func receive(from broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()

    // Only here is the queue declared: a shop that nobody has opened takes no orders, and its customers should notice.
    let queue = try await channel.declareQueue("orders", durable: true)
    try await channel.qos(prefetchCount: 50)
    let orders = try await queue.consume()
    Console.print(" [*] Waiting for orders. To exit press CTRL+C")

    for try await order in orders {
        Console.print(" [x] Received '\(order.text)'")
        // This ack is between the broker and us. The publisher had its own when the broker took the order over.
        try await order.ack()
    }
    try await connection.close()
}
