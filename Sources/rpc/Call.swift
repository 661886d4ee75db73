import AMQPClient
import TutorialKit

/// Asks a question, and prints its answer.
func call(_ question: String, timeout: Duration, on broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()

    // A queue of our own for the answer, and a random number to recognise it by.
    let callbackQueue = try await channel.declareQueue(exclusive: true)
    let replies = try await callbackQueue.consume(noAck: true)
    let correlationID = try ShortString(String(UInt64.random(in: 0...UInt64.max), radix: 16))

    Console.print(" [x] Requesting fib(\(question))")
    let request = Message(
        question,
        properties: BasicProperties(correlationID: correlationID, replyTo: try ShortString(callbackQueue.name)))
    try await channel.publish(request, routingKey: "rpc_queue")

    // Any program may write to our queue: ignore everything but the answer to this question.
    let reply = try await withTimeout(timeout) {
        try await replies.first { $0.properties.correlationID == correlationID }
    }
    try await connection.close()

    guard let answer = reply?.text else {
        throw StepError("No answer within \(timeout). Is a server running? 'swift run rpc serve' starts one.")
    }
    Console.print(" [.] Got \(answer)")
    if answer.hasPrefix("error: ") {
        throw StepError(
            "fib(\(question)) has no result. Ask for a whole number from 0 to 92, for example 'rpc call 30'.")
    }
}
