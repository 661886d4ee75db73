import AMQPWire
import DataStructures
import TestSupport
import Testing

@testable import BrokerCore

/// What goes over a large table doesn't copy it first, nor look at all of it at once.
@Suite("Large tables", .ownThread)
struct LargeTableTests {
    private static let count = 20_000

    /// Binds a queue very often.
    private func bind(in core: BrokerCore) throws -> VirtualHost {
        let host = try #require(core.virtualHosts["/"])
        try host.declareExchange("x", ExchangeDeclaration(type: "fanout", durable: true))
        let queue = host.declareQueue("q", QueueDeclaration(durable: true), try QueueArguments([:], label: "", in: nil))
        let exchange = try #require(host.exchange("x"))
        for number in 0..<Self.count {
            host.bind(exchange, to: .queue(queue), key: ShortString(truncating: "\(number)"), arguments: [:])
        }
        return host
    }

    /// The steps of what the core does at once.
    private func steps(_ rig: Rig, _ method: some MethodFields, of client: RigClient) -> Int {
        var writer = FrameWriter()
        writer.method(method, channel: 1)
        let octets = writer.take()
        return Steps.counted { _ = rig.core.step(.received(octets.span.bytes, from: client.id), now: rig.now) }
    }

    @Test("The bindings of an exchange or a queue that is deleted", arguments: [true, false])
    func bindings(ofExchange: Bool) throws {
        let rig = Rig { $0.work.turn = 1000 }
        let client = try rig.open()
        let before = rig.core.memoryInUse
        _ = try bind(in: rig.core)
        let steps =
            ofExchange
            ? steps(rig, ExchangeDelete(exchange: "x"), of: client) : steps(rig, QueueDelete(queue: "q"), of: client)
        #expect(steps < Self.count * 3 / 4, "\(steps)")
        rig.step(.time)
        client.send(QueueDelete(queue: "q"))
        client.send(ExchangeDelete(exchange: "x"))
        #expect(rig.core.memoryInUse == before)
    }

    @Test("The consumers of a connection that ends")
    func consumers() throws {
        let rig = Rig { $0.work.turn = 1000 }
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        client.send(ChannelOpen(), channel: 2)
        for number in 0..<10_000 {
            let tag = ShortString(truncating: "\(number)")
            client.send(BasicConsume(queue: "q", consumerTag: tag), channel: UInt16(1 + number % 2))
        }
        let steps = Steps.counted { _ = rig.core.step(.disconnected(client.id), now: rig.now) }
        #expect(steps < 8000, "\(steps)")
        // None of those that are still there is handed anything.
        let other = try rig.open()
        other.publish("x", to: "q")
        #expect(rig.core.listQueues().map(\.readyCount) == [1])
        #expect(rig.core.listQueues().map(\.consumerCount) == [0])
    }

    @Test("The consumers of a queue that is deleted", arguments: ["classic", "stream"])
    func dismissed(kind: String) throws {
        let rig = Rig { $0.work.turn = 1000 }
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q", durable: true, arguments: ["x-queue-type": .string(kind)]))
        client.send(BasicQos(prefetchCount: 1))
        for number in 0..<10_000 {
            client.send(BasicConsume(queue: "q", consumerTag: ShortString(truncating: "\(number)")))
        }
        _ = client.take()
        let steps = steps(rig, QueueDelete(queue: "q"), of: client)
        #expect(steps < 8000, "\(steps)")
        rig.step(.time)
        // Some were told in the first step.
        #expect((9000..<10_000).contains(client.take().count))
        #expect(rig.core.listConsumers().isEmpty)
    }

    @Test("Fields that a client sends by the thousand", arguments: [true, false])
    func fields(areHeaders: Bool) throws {
        let rig = Rig { $0.work.turn = 1000 }
        let client = try rig.open()
        client.send(QueueDeclare(queue: "q"))
        let fields = FieldTable(
            (0..<6000).map { .init(ShortString(truncating: "\($0 * 7919 % 6000)"), .string("x")) })
        var writer = FrameWriter()
        for number in 0..<5 {
            if areHeaders {
                writer.content(
                    BasicPublish(routingKey: "q"), BasicProperties(headers: fields), body: [], channel: 1,
                    frameMax: 4096)
            } else {
                let key = ShortString(truncating: "\(number)")
                writer.method(
                    QueueBind(queue: "q", exchange: "amq.fanout", routingKey: key, arguments: fields), channel: 1)
            }
        }
        let octets = writer.take()
        var effects = BrokerEffects()
        let steps = Steps.counted {
            effects = rig.core.step(.received(octets.span.bytes, from: client.id), now: rig.now)
        }
        // A step has two turns, and to sort them once takes 120,000.
        #expect(effects.hasMoreToDo && steps < 300_000, "\(steps)")
        rig.step(.time)
        let bindings = rig.core.virtualHosts["/"]?.exchange("amq.fanout")?.bindingCount
        #expect(areHeaders ? rig.core.listQueues().map(\.readyCount) == [5] : bindings == 5)
    }

    @Test("What is declared, on its way to the log")
    func description() throws {
        let broker = try StoreRig()
        let host = try bind(in: broker.rig.core)
        let description = Description([host], to: try #require(broker.rig.core.journal))
        var (isMore, most) = (true, 0)
        while isMore { most = max(most, Steps.counted { isMore = description.writeSlice() }) }
        #expect(most < Self.count, "\(most)")
    }
}
