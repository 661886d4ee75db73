import AMQPClient
import TutorialKit

/// 7.1: takes an order once, however often it comes.
///
/// The broker cannot know that two messages are the same order; only who made them can say so, with an id. The set is gone
/// when the program ends: what must never be done twice needs a place on disk, written together with what is done.
func solution7_1(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let queue = try await channel.declareQueue("orders", durable: true)
    let orders = try await queue.consume()
    Console.print(" [*] Waiting for orders. To exit press CTRL+C")

    var seen: Set<ShortString> = []
    for try await order in orders {
        // An order without an id is taken as a new one: rather twice than never.
        let isNew = order.properties.messageID.map { seen.insert($0).inserted } ?? true
        if isNew { Console.print(" [x] Received '\(order.text)'") }
        try await order.ack()
    }
    try await connection.close()
}
