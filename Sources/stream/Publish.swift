import AMQPClient
import TutorialKit

/// Appends news to the stream `ticker`. For a producer it is a queue like any other.
func publish(_ news: some Sequence<String>, to broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    try await declareTicker(on: channel)

    for item in news {
        let message = Message(item, persistent: true)
        try await channel.publishAndConfirm(message, routingKey: "ticker", mandatory: true)
        Console.print(" [x] Confirmed '\(item)'")
    }
    try await connection.close()
}
