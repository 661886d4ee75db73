import AMQPClient
import TutorialKit

/// 4.3: the producer finds out whether anybody got the message.
///
/// It asks for a confirm too: the broker returns a message before it confirms it, so when the confirm is there without a
/// return, a queue has the message. Waiting some milliseconds for a return that may come would be a guess.
func solution4_3(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let logs = try await channel.declareExchange("direct_logs", type: .direct)
    try await channel.selectConfirms()
    do throws(AMQPError) {
        try await logs.publishAndConfirm(Message("Hello World!"), routingKey: "debug", mandatory: true)
        Console.print(" [x] Somebody got 'debug':'Hello World!'")
    } catch {
        guard error.code == .noRoute else { throw error }
        Console.print(" [!] Nobody got 'debug':'Hello World!': NO_ROUTE")
    }
    try await connection.close()
}
