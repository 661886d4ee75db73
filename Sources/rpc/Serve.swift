import AMQPClient
import TutorialKit

/// Answers the questions in `rpc_queue`, each to the queue that it names.
func serve(on broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let queue = try await channel.declareQueue("rpc_queue")

    // One at a time, so that several servers share the load.
    try await channel.qos(prefetchCount: 1)
    let requests = try await queue.consume()
    Console.print(" [x] Awaiting RPC requests")

    for try await request in requests {
        Console.print(" [.] fib(\(request.text))")
        if let replyTo = request.properties.replyTo {
            // The correlation id goes back unchanged: it tells the client which question this answers.
            let reply = Message(
                answer(to: request.text), properties: BasicProperties(correlationID: request.properties.correlationID))
            try await channel.publish(reply, routingKey: replyTo.text)
        } else {
            Console.print(" [!] No reply-to: nobody to answer")
        }
        try await request.ack()
    }
    try await connection.close()
}

/// A bad question is answered too. To crash on it would be worse than useless: not acknowledged, it would go to the next
/// server, and crash that one.
func answer(to question: String) -> String {
    guard let n = Int(question) else { return "error: '\(question)' is not a whole number" }
    guard let result = fib(n) else { return "error: fib(\(n)) is outside of 0...92" }
    return String(result)
}
