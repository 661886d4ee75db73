import AMQPClient
import TutorialKit

/// 6.1: ten questions at once over one callback queue.
///
/// The correlation id is all that keeps the answers apart: with several servers they come in any order. What carries an id
/// that nobody waits for is passed over.
func solution6_1(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let callbackQueue = try await channel.declareQueue(exclusive: true)
    let replies = try await callbackQueue.consume(noAck: true)

    var waiting: [ShortString: Int] = [:]
    for n in 1...10 {
        let correlationID = try ShortString(String(UInt64.random(in: 0...UInt64.max), radix: 16))
        waiting[correlationID] = n
        let properties = BasicProperties(correlationID: correlationID, replyTo: try ShortString(callbackQueue.name))
        try await channel.publish(Message("\(n)", properties: properties), routingKey: "rpc_queue")
        Console.print(" [x] Requesting fib(\(n))")
    }
    for try await reply in replies {
        guard let id = reply.properties.correlationID, let n = waiting.removeValue(forKey: id) else { continue }
        Console.print(" [.] Got fib(\(n)) = \(reply.text)")
        if waiting.isEmpty { break }
    }
    try await connection.close()
}
