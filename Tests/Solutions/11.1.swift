import AMQPClient
import TutorialKit

/// 11.1: goes on where it stopped.
///
/// The stream doesn't know how far a reader is, so the reader notes it: in a queue that has room for one message, the number
/// of the next one. It notes that before it acknowledges. A file would do as well, on a machine that stays.
func solution11_1(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    try await channel.declareQueue(
        "ticker", durable: true, with: .stream(maxOctets: 1_000_000_000, maxAge: .seconds(7 * 86_400)))
    let place = try await channel.declareQueue("ticker.place", durable: true, with: .limit(messages: 1))

    let noted = try await place.get()
    let next = noted.flatMap { Int64($0.text) } ?? 0
    // Back it goes: a reader that is stopped now begins here again.
    try await noted?.nack(requeue: true)

    try await channel.qos(prefetchCount: 5)
    let news = try await channel.consume("ticker", arguments: ["x-stream-offset": .int64(next)])
    Console.print(" [*] Waiting for news. To exit press CTRL+C")
    for try await item in news {
        let number = item.properties.headers?["x-stream-offset"]?.integer ?? 0
        Console.print(" [x] \(number): '\(item.text)'")
        try await channel.publishAndConfirm(Message("\(number + 1)", persistent: true), routingKey: "ticker.place")
        try await item.ack()
    }
    try await connection.close()
}
