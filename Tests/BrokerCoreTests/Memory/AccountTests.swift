import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// Whatever a client makes shows in the account, and goes away with it.
@Suite("The account", .ownThread) struct AccountTests {
    /// Something that a client can make the broker hold.
    struct Thing: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// At least so many octets show.
        let least: Int
        let make: @Sendable (RigClient) -> Void
        let unmake: @Sendable (RigClient) -> Void

        init(
            _ name: String, least: Int, make: @escaping @Sendable (RigClient) -> Void,
            unmake: @escaping @Sendable (RigClient) -> Void
        ) {
            (testDescription, self.least, self.make, self.unmake) = (name, least, make, unmake)
        }
    }

    /// A table that takes up many times what it is on the wire.
    private static let wide: FieldTable = ["a": .array(Array(repeating: .bool(true), count: 1000))]
    private static let ofWide = 1000 * MemoryLayout<FieldValue>.stride
    /// What the things below are made with.
    private static let names = (0..<50).map { ShortString(truncating: "\($0 + 10)") }
    private static let channels: ClosedRange<UInt16> = 2...101

    private static func close(_ client: RigClient) {
        for channel in channels { client.send(ChannelClose(replyCode: .replySuccess), channel: channel) }
    }

    private static func open(_ client: RigClient) {
        for channel in channels { client.send(ChannelOpen(), channel: channel) }
    }

    static let records = [
        Thing("channels", least: 100 * Load.ofChannel, make: open, unmake: close),
        Thing("consumers with arguments and tags", least: 50 * (ofWide + Load.ofConsumer + 200)) { client in
            client.send(QueueDeclare(queue: "q"))
            for name in names {
                let tag = ShortString(truncating: name.text + String(repeating: "t", count: 200))
                client.send(BasicConsume(queue: "q", consumerTag: tag, arguments: wide))
            }
        } unmake: { client in
            for name in names {
                let tag = ShortString(truncating: name.text + String(repeating: "t", count: 200))
                client.send(BasicCancel(consumerTag: tag))
            }
            client.send(QueueDelete(queue: "q"))
        },
        Thing(
            "consumers with a priority each, until their queue is deleted",
            least: 49 * (Load.ofConsumer + Load.ofConsumerPriority)
        ) { client in
            client.send(QueueDeclare(queue: "q"))
            for (number, name) in names.enumerated() {
                client.send(
                    BasicConsume(queue: "q", consumerTag: name, arguments: ["x-priority": .int32(Int32(number))]))
            }
        } unmake: {
            $0.send(QueueDelete(queue: "q"))
        },
        Thing("a single active consumer and those that wait", least: 50 * (ofWide + Load.ofConsumer)) { client in
            client.send(QueueDeclare(queue: "q", arguments: ["x-single-active-consumer": true]))
            for name in names { client.send(BasicConsume(queue: "q", consumerTag: name, arguments: wide)) }
        } unmake: { client in
            for name in names.reversed() { client.send(BasicCancel(consumerTag: name)) }
            client.send(QueueDelete(queue: "q"))
        },
        Thing("consumers of replies", least: 100 * Load.ofConsumer) { client in
            open(client)
            for channel in channels {
                client.send(BasicConsume(queue: "amq.rabbitmq.reply-to", noAck: true), channel: channel)
            }
        } unmake: {
            close($0)
        },
        Thing("queues of many priorities", least: 50 * 255 * Load.ofPriority) { client in
            for name in names { client.send(QueueDeclare(queue: name, arguments: ["x-max-priority": 255])) }
        } unmake: { client in
            for name in names { client.send(QueueDelete(queue: name)) }
        },
        Thing("exchanges with arguments", least: 50 * (ofWide + Load.ofExchange)) { client in
            for name in names { client.send(ExchangeDeclare(exchange: name, type: "fanout", arguments: wide)) }
        } unmake: { client in
            for name in names { client.send(ExchangeDelete(exchange: name)) }
        },
        Thing("bindings between exchanges", least: 50 * (ofWide + Load.ofBinding)) { client in
            for name in ["from", "to"] as [ShortString] {
                client.send(ExchangeDeclare(exchange: name, type: "headers"))
            }
            for name in names {
                client.send(ExchangeBind(destination: "to", source: "from", routingKey: name, arguments: wide))
            }
        } unmake: { client in
            client.send(ExchangeDelete(exchange: "to"))
            client.send(ExchangeDelete(exchange: "from"))
        },
    ]

    /// Patterns that share nothing, of 127 words each.
    private static let patterns = names.map {
        ShortString(truncating: $0.text + String(repeating: ".a", count: 126))
    }

    private static func bindPatterns(_ client: RigClient) {
        client.send(QueueDeclare(queue: "q"))
        client.send(ExchangeDeclare(exchange: "x", type: "topic"))
        for pattern in patterns { client.send(QueueBind(queue: "q", exchange: "x", routingKey: pattern)) }
    }

    static let topics = [
        Thing("words of topic patterns", least: 50 * 127 * Load.ofTopicPlace, make: bindPatterns) { client in
            for pattern in patterns { client.send(QueueUnbind(queue: "q", exchange: "x", routingKey: pattern)) }
            client.send(QueueDelete(queue: "q"))
            client.send(ExchangeDelete(exchange: "x"))
        },
        Thing("words of topic patterns, and their queue goes", least: 50 * 127 * Load.ofTopicPlace, make: bindPatterns)
        { client in
            client.send(QueueDelete(queue: "q"))
            client.send(ExchangeDelete(exchange: "x"))
        },
        Thing("words of topic patterns, and their exchange goes", least: 50 * 127 * Load.ofTopicPlace) { client in
            bindPatterns(client)
        } unmake: { client in
            client.send(ExchangeDelete(exchange: "x"))
            client.send(QueueDelete(queue: "q"))
        },
        Thing("few words of topic patterns", least: 3 * Load.ofTopicPlace) { client in
            client.send(QueueDeclare(queue: "q"))
            client.send(QueueBind(queue: "q", exchange: "amq.topic", routingKey: "a.*.#"))
        } unmake: {
            $0.send(QueueUnbind(queue: "q", exchange: "amq.topic", routingKey: "a.*.#"))
            $0.send(QueueDelete(queue: "q"))
        },
    ]

    private static func publish(_ client: RigClient, _ count: Int) {
        client.publish(Array(repeating: "x", count: count), to: "q")
    }

    private static let ofStored = Load.ofMessage + Load.ofPlace

    static let deliveries = [
        Thing("deliveries that are not settled", least: 2000 * (ofStored + Load.ofDelivery)) { client in
            client.send(QueueDeclare(queue: "q"))
            publish(client, 2000)
            client.send(ChannelOpen(), channel: 2)
            client.send(BasicConsume(queue: "q"), channel: 2)
        } unmake: { client in
            client.send(BasicAck(deliveryTag: 0, multiple: true), channel: 2)
            client.send(QueueDelete(queue: "q"))
            client.send(ChannelClose(replyCode: .replySuccess), channel: 2)
        },
        Thing("a stream's deliveries, which it keeps anyway", least: 2000 * (ofStored + Load.ofDelivery)) { client in
            client.send(QueueDeclare(queue: "q", durable: true, arguments: ["x-queue-type": "stream"]))
            publish(client, 2000)
            client.send(ChannelOpen(), channel: 2)
            client.send(BasicQos(prefetchCount: 5000), channel: 2)
            client.send(BasicConsume(queue: "q", arguments: ["x-stream-offset": "first"]), channel: 2)
        } unmake: { client in
            client.send(QueueDelete(queue: "q"))
            client.send(BasicAck(deliveryTag: 0, multiple: true), channel: 2)
            client.send(ChannelClose(replyCode: .replySuccess), channel: 2)
        },
        Thing("what deliveries hold of deleted queues and cancelled consumers", least: 50 * 2 * ofWide) { client in
            for name in names {
                client.send(QueueDeclare(queue: name, arguments: wide))
                client.publish("x", to: name)
                client.send(BasicConsume(queue: name, consumerTag: name, arguments: wide))
                client.send(BasicCancel(consumerTag: name))
                client.send(QueueDelete(queue: name))
            }
        } unmake: {
            $0.send(BasicAck(deliveryTag: 0, multiple: true))
        },
        Thing("remembered routes", least: 100 * (100 - 10) * Load.ofRouteEnd + 100 * Load.ofChannel) { client in
            client.send(ExchangeDeclare(exchange: "x", type: "fanout"))
            for number in 0..<100 {
                let name = ShortString(truncating: "q\(number)")
                // Nothing stays in it.
                client.send(QueueDeclare(queue: name, arguments: ["x-max-length": 0]))
                client.send(QueueBind(queue: name, exchange: "x"))
            }
            open(client)
            for channel in channels { client.publish("x", to: "", exchange: "x", channel: channel) }
        } unmake: { client in
            close(client)
            for number in 0..<100 { client.send(QueueDelete(queue: ShortString(truncating: "q\(number)"))) }
            client.send(ExchangeDelete(exchange: "x"))
        },
        Thing("a transaction", least: 2000 * (Load.ofMessage + 1)) { client in
            client.send(ChannelOpen(), channel: 2)
            client.send(TxSelect(), channel: 2)
            for _ in 0..<2000 { client.publish("x", to: "nowhere", channel: 2) }
        } unmake: { client in
            client.send(TxRollback(), channel: 2)
            client.send(ChannelClose(replyCode: .replySuccess), channel: 2)
        },
        Thing("long names of messages", least: 500 * (ofStored + 2 * 250)) { client in
            let exchange = ShortString(truncating: String(repeating: "x", count: 250))
            client.send(QueueDeclare(queue: "q"))
            client.send(ExchangeDeclare(exchange: exchange, type: "fanout"))
            client.send(QueueBind(queue: "q", exchange: exchange))
            let rest = String(repeating: ".", count: 250)
            for number in 0..<500 {
                client.publish("x", to: ShortString(truncating: "\(number)\(rest)"), exchange: exchange)
            }
        } unmake: { client in
            client.send(QueueDelete(queue: "q"))
            client.send(ExchangeDelete(exchange: ShortString(truncating: String(repeating: "x", count: 250))))
        },
        Thing("dead letters that are kept", least: 500 * (ofStored + MemoryLayout<DeadLetter>.stride)) { client in
            client.send(
                QueueDeclare(
                    queue: "q", durable: true,
                    arguments: [
                        "x-queue-type": "quorum", "x-dead-letter-strategy": "at-least-once",
                        "x-overflow": "reject-publish", "x-dead-letter-exchange": "nowhere",
                    ]))
            publish(client, 500)
            client.send(ChannelOpen(), channel: 2)
            for tag in 1...500 as ClosedRange<UInt64> {
                client.send(BasicGet(queue: "q"), channel: 2)
                client.send(BasicReject(deliveryTag: tag, requeue: false), channel: 2)
            }
        } unmake: { client in
            client.send(QueueDelete(queue: "q"))
            client.send(ChannelClose(replyCode: .replySuccess), channel: 2)
        },
        Thing("room for messages that were announced", least: 100 * 100_000) { client in
            open(client)
            for channel in channels {
                var writer = FrameWriter()
                writer.method(BasicPublish(), channel: channel)
                writer.header(propertyOctets: [0, 0], bodySize: 100_000, channel: channel)
                client.send(octets: writer.take())
            }
        } unmake: { client in
            for channel in channels {
                var writer = FrameWriter()
                writer.body(Array(repeating: 1, count: 100_000)[...], channel: channel, frameMax: 131_072)
                client.send(octets: writer.take())
            }
            close(client)
        },
        Thing("a message that has not come whole", least: 50_000) { client in
            client.send(ChannelOpen(), channel: 2)
            var writer = FrameWriter()
            writer.method(BasicPublish(), channel: 2)
            writer.header(propertyOctets: [0, 0], bodySize: 100_000, channel: 2)
            writer.body(Array(repeating: 1, count: 50_000)[...], channel: 2, frameMax: 131_072)
            client.send(octets: writer.take())
        } unmake: { client in
            var writer = FrameWriter()
            writer.body(Array(repeating: 1, count: 50_000)[...], channel: 2, frameMax: 131_072)
            client.send(octets: writer.take())
            client.send(ChannelClose(replyCode: .replySuccess), channel: 2)
        },
    ]

    /// A channel remembers where its last message went, and with that what may be gone.
    private func forgetRoute(_ client: RigClient) { client.publish("", to: "nowhere") }

    @Test("What a client makes and unmakes", arguments: records + topics + deliveries)
    func unmade(_ thing: Thing) throws {
        let rig = Rig()
        let client = try rig.open()
        forgetRoute(client)
        let before = rig.core.memoryInUse
        for _ in 0..<2 {
            thing.make(client)
            let held = rig.core.memoryInUse - before
            #expect(held >= thing.least && held < 3 * thing.least + 500_000, "\(held), at least \(thing.least)")
            thing.unmake(client)
            forgetRoute(client)
            #expect(rig.core.memoryInUse == before)
        }
        #expect(!client.isEnded)
    }

    @Test("What a client makes, and its connection is lost", arguments: records + topics + deliveries)
    func lost(_ thing: Thing) throws {
        let rig = Rig()
        let client = try rig.open()
        thing.make(client)
        #expect(rig.core.memoryInUse >= thing.least)
        client.disconnect()
        let cleaner = try rig.open()
        for queue in rig.core.listQueues() { cleaner.send(QueueDelete(queue: ShortString(truncating: queue.name))) }
        for exchange in rig.core.listExchanges() where !exchange.name.isEmpty && !exchange.name.hasPrefix("amq.") {
            cleaner.send(ExchangeDelete(exchange: ShortString(truncating: exchange.name)))
        }
        cleaner.disconnect()
        #expect(rig.core.memoryInUse == 0)
    }
}
