import AMQPClient
import TutorialKit

/// Prints the news of the stream `ticker`, from a place that it chooses, and then what comes.
func read(from offset: FieldValue, on broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    try await declareTicker(on: channel)

    // How many messages may be on their way to this reader. A stream insists on a limit, or it would send all that it has.
    try await channel.qos(prefetchCount: 5)
    let news = try await channel.consume("ticker", arguments: ["x-stream-offset": offset])
    Console.print(" [*] Waiting for news. To exit press CTRL+C")

    for try await item in news {
        // Its number in the stream, the same for each reader.
        let number = item.properties.headers?["x-stream-offset"]?.integer ?? 0
        Console.print(" [x] \(number): '\(item.text)'")
        // This takes nothing out of the stream. It makes room for one more on the way.
        try await item.ack()
    }
    try await connection.close()
}
