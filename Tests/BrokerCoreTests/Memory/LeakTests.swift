import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

@Suite("What is deleted is gone from memory too", .ownThread)
struct LeakTests {
    @Test("A bound exchange and its queue, whichever is deleted", arguments: [true, false])
    func boundExchange(deletesQueue: Bool) throws {
        let rig = Rig()
        let client = try rig.open()
        client.send(ExchangeDeclare(exchange: "x", type: "topic"))
        client.send(ExchangeDeclare(exchange: "y", type: "headers"))
        client.send(QueueDeclare(queue: "q"))
        client.send(QueueBind(queue: "q", exchange: "x", routingKey: "a.#"))
        client.send(QueueBind(queue: "q", exchange: "y", arguments: ["a": 1]))
        client.send(ExchangeBind(destination: "y", source: "x", routingKey: "b"))
        client.send(ExchangeBind(destination: "x", source: "x", routingKey: "c"))
        client.publish("kept", to: "a.b", exchange: "x")
        client.send(BasicConsume(queue: "q", consumerTag: "t"))
        let host = try #require(rig.core.virtualHosts["/"])
        weak let exchange = host.exchange("x")
        weak let other = host.exchange("y")
        weak let queue = host.queue("q")
        #expect(exchange != nil && other != nil && queue != nil)
        if deletesQueue { client.send(QueueDelete(queue: "q")) }
        client.send(ExchangeDelete(exchange: "x"))
        client.send(ExchangeDelete(exchange: "y"))
        if !deletesQueue { client.send(QueueDelete(queue: "q")) }
        // The unacknowledged delivery and the remembered route go with the channel.
        client.send(ChannelClose(replyCode: .replySuccess))
        #expect(exchange == nil && other == nil && queue == nil)
    }
}
