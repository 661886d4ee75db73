import AMQPWire
import Testing

@Suite("Sharing work among consumers") struct DispatchCases {
    @Test(
        "Two consumers take turns", .proves("dispatch.round-robin-of-two", ["rabbitmq/ordering/round-robin"]))
    func roundRobinOfTwo() async throws {
        let publisher = try await Probe.openChannel()
        let queue = try await publisher.declareQueue(exclusive: false)
        let one = try await Probe.openChannel()
        let other = try await Probe.openChannel()
        for worker in [one, other] { try await worker.consume(queue, noAck: true) }
        for number in 1...6 { publisher.publish("\(number)", to: "", queue) }
        let shares = [try await one.deliveries(3).map(\.text), try await other.deliveries(3).map(\.text)]
        #expect(shares.sorted { $0[0] < $1[0] } == [["1", "3", "5"], ["2", "4", "6"]])
    }

    @Test(
        "Three consumers of a channel take turns",
        .proves("dispatch.round-robin-of-three", ["rabbitmq/ordering/round-robin"]))
    func roundRobinOfThree() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for tag: ShortString in ["a", "b", "c"] { try await channel.consume(queue, tag: tag) }
        for number in 1...9 { channel.publish("\(number)", to: "", queue) }
        let tags = try await channel.deliveries(9).map(\.consumerTag)
        #expect(Set(tags.prefix(3)) == ["a", "b", "c"])
        #expect(tags == Array(tags.prefix(3)) + Array(tags.prefix(3)) + Array(tags.prefix(3)))
    }

    @Test(
        "A queue serves 32 consumers, each in its turn",
        .proves("dispatch.many-consumers", ["basic.consume/01", "spec/3.2.1/generous-minima"]))
    func manyConsumers() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        var tags: Set<ShortString> = []
        for _ in 1...32 { tags.insert(try await channel.consume(queue, noAck: true)) }
        #expect(tags.count == 32)
        for number in 1...32 { channel.publish("\(number)", to: "", queue) }
        #expect(Set(try await channel.deliveries(32).map(\.consumerTag)) == tags)
    }

    @Test(
        "A consumer that is cancelled is left out of the turns",
        .proves("dispatch.cancelled-gets-no-turn", ["rabbitmq/ordering/round-robin", "spec/4.6/visibility"]))
    func cancelledGetsNoTurn() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for tag: ShortString in ["a", "b"] { try await channel.consume(queue, tag: tag) }
        try await channel.cancel("a")
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        #expect(try await channel.deliveries(3).map(\.consumerTag) == ["b", "b", "b"])
    }

    @Test(
        "With a window of one a slow consumer does not keep work from a free one",
        .proves("dispatch.fair", ["rabbitmq/consumer-prefetch/fair-dispatch"]))
    func fair() async throws {
        let publisher = try await Probe.openChannel()
        let queue = try await publisher.declareQueue(exclusive: false)
        let slow = try await Probe.openChannel()
        try await slow.qos(1)
        try await slow.consume(queue)
        publisher.publish("0", to: "", queue)
        _ = try await slow.delivery()
        let free = try await Probe.openChannel()
        try await free.qos(1)
        try await free.consume(queue)
        for number in 1...6 { publisher.publish("\(number)", to: "", queue) }
        for number in 1...6 {
            let message = try await free.delivery()
            #expect(message.text == "\(number)")
            free.ack(message)
        }
    }

    @Test(
        "A consumer that gives its message back has the next turn but one",
        .proves("dispatch.back-in-line", ["rabbitmq/ordering/back-in-line"]))
    func backInLine() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(1)
        try await channel.consume(queue, tag: "small")
        try await channel.qos(10)
        try await channel.consume(queue, tag: "large")
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        // At the third its turn has come and passed.
        let held = try await channel.deliveries(3)
        #expect(held.map(\.consumerTag) == ["small", "large", "large"])
        channel.nack(held[0])
        let again = try await channel.delivery()
        #expect(again.text == "1" && again.consumerTag == "large")
        channel.publish("4", to: "", queue)
        #expect(try await channel.delivery().consumerTag == "small")
    }
}
