import AMQPWire
import Testing

@testable import BrokerCore

/// What `/metrics` says of what has happened: as RabbitMQ 3.10.8 counted the same of the same clients.
@Suite("Counters")
struct CounterTests {
    private let rig = Rig()

    private func play() throws {
        let client = try rig.open()
        for name in ["q", "q", "e", "n"] as [ShortString] { client.send(QueueDeclare(queue: name)) }
        client.send(ConfirmSelect())
        client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
        for _ in 0..<5 { client.publish("x", to: "q") }
        client.publish("x", to: "nowhere")
        client.publish("x", to: "nowhere", mandatory: true)
        client.publish("x", to: "", exchange: "x")
        client.send(BasicGet(queue: "q"))
        client.send(BasicNack(deliveryTag: 1, requeue: true))
        client.send(BasicGet(queue: "q"))
        client.send(BasicAck(deliveryTag: 2))
        client.send(BasicGet(queue: "q", noAck: true))
        client.send(BasicGet(queue: "e"))
        client.send(BasicConsume(queue: "q"))
        client.send(BasicAck(deliveryTag: 5, multiple: true))
        client.publish("x", to: "n")
        client.send(BasicConsume(queue: "n", noAck: true))
        client.send(QueueDelete(queue: "e"))
        let other = try rig.open()
        other.send(
            QueueDeclare(
                queue: "d",
                arguments: ["x-max-length": 1, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "t"]))
        other.send(QueueDeclare(queue: "t"))
        other.publish(["1", "2"], to: "d")
        other.send(ConnectionClose(replyCode: .replySuccess), channel: 0)
        other.disconnect()
    }

    @Test("They count what RabbitMQ counts")
    func counters() throws {
        try play()
        let counters = rig.core.snapshot(of: []).counters
        #expect([counters.connectionsOpened, counters.connectionsClosed] == [2, 1])
        #expect([counters.channelsOpened, counters.channelsClosed] == [2, 1])
        #expect([counters.queuesDeclared, counters.queuesCreated, counters.queuesDeleted] == [6, 5, 1])
        #expect([counters.received, counters.receivedToConfirm, counters.confirmed, counters.routed] == [11, 9, 9, 8])
        #expect([counters.unroutableDropped, counters.unroutableReturned] == [2, 1])
        #expect([counters.deliveredToConsumers, counters.deliveredToConsumersWithoutAck] == [3, 1])
        #expect([counters.fetched, counters.fetchedWithoutAck, counters.fetchedNothing] == [2, 1, 1])
        #expect([counters.delivered, counters.redelivered, counters.acknowledged] == [7, 1, 3])
    }
}
