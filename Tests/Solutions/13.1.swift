import AMQPClient
import TutorialKit

/// 13.1: an order without an id is refused for good; the others are shipped once.
///
/// With a dead-letter exchange (chapter 9) it would lie where somebody can look at it.
func solution13_1(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    try await channel.declareQueue("shipments", durable: true)
    try await channel.qos(prefetchCount: 1)
    var shipped: Set<String> = []
    let orders = try await channel.consume("shipments", exclusive: true)
    Console.print(" [*] Waiting for orders. To exit press CTRL+C")
    for try await order in orders {
        guard let id = order.properties.messageID?.text, !id.isEmpty else {
            Console.print(" [!] Refused '\(order.text)': it has no id")
            try await order.reject(requeue: false)
            continue
        }
        if shipped.insert(id).inserted { Console.print(" [x] Shipped '\(order.text)'") }
        try await order.ack()
    }
    try await connection.close()
}
