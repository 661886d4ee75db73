import AMQPClient
import TutorialKit

/// 6.3: the answer comes without a queue.
///
/// `amq.rabbitmq.reply-to` is no queue but a way back to this very channel: nothing is declared, stored or acknowledged. If
/// the client is gone, so is the answer, which is mostly what one wants.
func solution6_3(_ broker: BrokerAddress) async throws {
    let connection = try await Connection.open(broker)
    let channel = try await connection.openChannel()
    let replies = try await channel.consume("amq.rabbitmq.reply-to", noAck: true)

    Console.print(" [x] Requesting fib(30)")
    let properties = BasicProperties(correlationID: "1", replyTo: "amq.rabbitmq.reply-to")
    try await channel.publish(Message("30", properties: properties), routingKey: "rpc_queue")
    for try await reply in replies where reply.properties.correlationID == "1" {
        Console.print(" [.] Got \(reply.text)")
        break
    }
    try await connection.close()
}
