import AMQPWire
import Testing

@Suite("Consumers that come and go") struct TakingOverCases {
    @Test(
        "A consumer of higher priority that comes later does not take over from the active one, only before others that wait",
        .proves("single-active.priority-does-not-take-over", ["rabbitmq/single-active-consumer/first-is-active"]))
    func priorityDoesNotTakeOver() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-single-active-consumer": true])
        for (tag, priority) in [("first", 0), ("low", -3), ("second", 0), ("high", 200), ("late", 200)]
            as [(ShortString, Int32)]
        {
            try await channel.consume(queue, tag: tag, arguments: ["x-priority": .int32(priority)])
        }
        for active in ["first", "high", "late", "second", "low"] as [ShortString] {
            channel.publish("for \(active)", to: "", queue)
            let message = try await channel.delivery()
            #expect(message.text == "for \(active)")
            #expect(message.consumerTag == active)
            try await channel.cancel(active)
        }
        channel.publish("for nobody", to: "", queue)
        #expect(try await channel.drain(queue) == ["for nobody"])
    }

    @Test(
        "A busy consumer keeps its place while many others come and go",
        .proves("consumer-priority.many-come-and-go", ["rabbitmq/consumer-priority/round-robin-within"]))
    func manyComeAndGo() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(1)
        try await channel.consume(queue, tag: "stays")
        channel.publish("1", to: "", queue)
        let first = try await channel.delivery()
        var tags: [ShortString] = []
        for number in 1...40 {
            tags.append(try await channel.consume(queue, tag: ShortString(truncating: "passing-\(number)")))
        }
        for tag in tags { try await channel.cancel(tag) }
        channel.ack(first)
        try await channel.barrier(behind: queue)
        channel.publish("2", to: "", queue)
        let second = try await channel.delivery()
        #expect(second.text == "2")
        #expect(second.consumerTag == "stays")
    }

    @Test(
        "When an exclusive consumer is gone, however it went, others may come, and one may be alone again",
        .proves("work.after-an-exclusive-consumer", ["basic.consume.exclusive/01"]))
    func afterAnExclusiveOne() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false)
        let ends: [(ProbeChannel, ShortString) async throws -> Void] = [
            { try await $0.cancel($1) }, { other, _ in try await other.close() },
            { other, _ in try await other.probe.close() },
        ]
        for end in ends {
            let (other, third) = (try await Probe.openChannel(), try await channel.probe.openChannel())
            let tag = try await other.consume(queue, exclusive: true)
            try await third.send(BasicConsume(queue: queue), expecting: .channelClose(.accessRefused))
            try await end(other, tag)
            // Where channels and queues are processes of their own, the queue may hear of it later.
            try await channel.awaitNoConsumers(of: queue)
            let next = try await channel.consume(queue)
            try await third.send(
                BasicConsume(queue: queue, exclusive: true), expecting: .channelClose(.accessRefused))
            try await channel.cancel(next)
        }
    }
}
