import AMQPWire
import Testing

@Suite("Quorum queues: dead letters that are kept until they have arrived") struct KeptLetterCases {
    /// A queue whose dead letters go there, and are to arrive.
    private func openSource(
        _ exchange: ShortString, _ key: ShortString? = nil, _ others: FieldTable = ["x-overflow": "reject-publish"]
    ) async throws -> (channel: ProbeChannel, queue: ShortString) {
        let channel = try await Probe.openChannel()
        var arguments: FieldTable = [
            "x-dead-letter-strategy": "at-least-once", "x-dead-letter-exchange": .longString(exchange.octets),
        ]
        if let key { arguments["x-dead-letter-routing-key"] = .longString(key.octets) }
        return (channel, try await channel.declareQuorumQueue(FieldTable(arguments.fields + others.fields)))
    }

    /// Publishes messages whose texts are numbers, and rejects them.
    private func reject(_ numbers: ClosedRange<Int>, of queue: ShortString, _ channel: ProbeChannel) async throws {
        channel.publish(numbers, toQueue: queue)
        for message in try await channel.hold(numbers.count, of: queue) { channel.reject(message, requeue: false) }
        try await channel.barrier(behind: queue)
    }

    /// Has the queue look again where its letters lead: it does when a policy has changed.
    private func lookAgain(_ queue: ShortString) async throws {
        try await setPolicy(["max-length": 1000], on: exactly(queue))
    }

    @Test(
        "Dead letters that lead nowhere stay, out of sight, and take room: publishes are refused",
        .proves("quorum.kept-letters-take-room", ["rabbitmq/quorum/kept-letters"], needs: [.quorumQueues]))
    func takeRoom() async throws {
        let (channel, queue) = try await openSource(
            unique("nowhere"), nil, ["x-overflow": "reject-publish", "x-max-length": 2])
        try await channel.confirmSelect()
        channel.publish(1...3, toQueue: queue)
        try await channel.awaitConfirms(1...3)
        for message in try await channel.hold(3, of: queue) { channel.reject(message, requeue: false) }
        try await channel.expectReady(0, in: queue)
        // RabbitMQ tells publishers a moment later that the queue is full. What it takes by then is taken out again.
        let isRefused = try await eventually {
            channel.publish("one more", to: "", queue)
            if try await !channel.confirm().isAck { return true }
            _ = try await channel.get(queue)
            return false
        }
        #expect(isRefused, "the queue takes messages")
    }

    @Test(
        "Dead letters that lead nowhere are sent again when a policy changes, and arrive",
        .proves(
            "quorum.kept-letters-arrive", ["rabbitmq/quorum/kept-letters"], needs: [.quorumQueues, .policies]))
    func arrive() async throws {
        let target = unique("target")
        let (channel, queue) = try await openSource("", target)
        try await reject(1...3, of: queue, channel)
        try await channel.declareQueue(target)
        try await lookAgain(queue)
        try await channel.awaitReady(3, in: target)
        #expect(Set(try await channel.drain(target)) == ["1", "2", "3"])
    }

    @Test(
        "Dead letters that led nowhere before a restart are sent again at once behind it, with their reason",
        .proves(
            "quorum.kept-letters-survive", ["rabbitmq/quorum/kept-letters"], needs: [.quorumQueues, .restart]))
    func survive() async throws {
        let target = unique("target")
        let (before, queue) = try await openSource("", target)
        try await reject(1...3, of: queue, before)
        try await before.declareQueue(target, durable: true, exclusive: false)
        try await restartBroker()
        let after = try await Probe.openChannel()
        try await after.awaitReady(3, in: target)
        for text in ["1", "2", "3"] {
            let letter = try #require(try await after.fetch(target, noAck: true))
            #expect(letter.text == text)
            #expect(letter.deaths.first?["reason"] == "rejected")
        }
        try await after.expectReady(0, in: queue)
    }

    @Test(
        "A dead letter that one of two queues refuses comes there after three minutes, and to the other once",
        .proves(
            "quorum.kept-letters-refused", ["rabbitmq/quorum/kept-letters"], needs: [.quorumQueues, .movableClock]))
    func refused() async throws {
        let channel = try await Probe.connect { $0.heartbeat = 0 }.openChannel()
        let letters = try await channel.declareExchange("fanout")
        let full = try await channel.declareQueue(arguments: ["x-max-length": 1, "x-overflow": "reject-publish"])
        let open = try await channel.declareQueue()
        for queue in [full, open] { try await channel.bind(queue, to: letters) }
        channel.publish("in the way", to: "", full)
        let source = try await channel.declareQuorumQueue([
            "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish",
            "x-dead-letter-exchange": .longString(letters.octets),
        ])
        try await reject(1...1, of: source, channel)
        try await channel.awaitReady(1, in: open)
        #expect(try await channel.drain(full) == ["in the way"])
        try await elapse(milliseconds: 180_000)
        #expect(try await channel.drain(full) == ["1"])
        #expect(try await channel.drain(open) == ["1"])
    }

    @Test(
        "A full quorum queue refuses such a dead letter as it refuses a publish",
        .proves(
            "quorum.kept-letters-beyond-no-limit", ["rabbitmq/quorum/kept-letters"],
            needs: [.quorumQueues, .policies]))
    func beyondNoLimit() async throws {
        let observer = try await Probe.openChannel()
        let full = try await observer.declareQuorumQueue(["x-max-length": 1, "x-overflow": "reject-publish"])
        let (channel, queue) = try await openSource("", full)
        // One after the other: a queue that hears of several at once takes some more.
        for number in 1...2 {
            try await reject(number...number, of: queue, channel)
            try await observer.awaitReady(number, in: full)
        }
        try await reject(3...3, of: queue, channel)
        try await lookAgain(queue)
        // Whatever comes late is behind this.
        try await channel.barrier(behind: queue)
        try await observer.expectReady(2, in: full)
        #expect(try await Set(observer.drainWhole(full)).isSuperset(of: ["1", "2"]))
    }

    @Test(
        "Where overflow drops messages, dead letters are sent once, whatever the strategy",
        .proves(
            "quorum.kept-letters-need-refusal", ["rabbitmq/quorum/kept-letters-overflow"],
            needs: [.quorumQueues, .policies]))
    func needRefusal() async throws {
        let channel = try await Probe.openChannel()
        let letters = try await channel.declareExchange("direct")
        let (lost, seen) = (try await channel.declareQueue(), try await channel.declareQueue())
        try await channel.bind(seen, to: letters, "seen")
        let (holder, source) = try await openSource(letters, nil, [:])
        let entry = try await channel.declareExchange("fanout")
        try await channel.bind(source, to: entry)
        func reject(_ keys: [ShortString]) async throws {
            for key in keys { holder.publish(key.text, to: entry, key) }
            for message in try await holder.hold(keys.count, of: source) { holder.reject(message, requeue: false) }
        }
        // When the second is there, the first has led nowhere.
        try await reject(["lost", "seen"])
        try await channel.awaitReady(1, in: seen)
        try await channel.bind(lost, to: letters, "lost")
        try await lookAgain(source)
        try await reject(["seen"])
        try await channel.awaitReady(2, in: seen)
        #expect(try await channel.drain(lost) == [])
    }

    @Test(
        "A purge counts the dead letters that are kept, too",
        .proves(
            "quorum.kept-letters-purged", ["rabbitmq/quorum/kept-letters-purged"], needs: [.quorumQueues],
            rabbitmq: .before("4.3", "It leaves them.")))
    func purged() async throws {
        let (channel, queue) = try await openSource(unique("nowhere"))
        try await reject(1...3, of: queue, channel)
        let count = try await channel.call(QueuePurge(queue: queue), QueuePurgeOk.self).messageCount
        expect(count, spec: 3, rabbitmq: 0, before: "4.3", "messages that were purged")
    }

    @Test(
        "The strategy of a policy is that of a queue which says none",
        .proves(
            "quorum.kept-letters-by-policy", ["rabbitmq/quorum/kept-letters", "rabbitmq/policies/keys"],
            needs: [.quorumQueues, .policies]))
    func byPolicy() async throws {
        let (channel, target, name) = (try await Probe.openChannel(), unique("target"), unique("quorum"))
        try await setPolicy(
            [
                "dead-letter-strategy": "at-least-once", "overflow": "reject-publish", "dead-letter-exchange": "",
                "dead-letter-routing-key": .longString(target.octets),
            ], on: exactly(name))
        try await channel.declareQueue(
            name, durable: true, exclusive: false, arguments: ["x-queue-type": "quorum"])
        try await reject(1...1, of: name, channel)
        try await channel.declareQueue(target)
        try await setPolicy(
            [
                "dead-letter-strategy": "at-least-once", "overflow": "reject-publish", "dead-letter-exchange": "",
                "dead-letter-routing-key": .longString(target.octets), "max-length": 1000,
            ], on: exactly(name), priority: 1)
        try await channel.awaitReady(1, in: target)
        #expect(try await channel.drain(target) == ["1"])
    }

    @Test(
        "Dead letters that lead nowhere are sent again after three minutes",
        .proves(
            "quorum.kept-letters-after-a-while", ["rabbitmq/quorum/kept-letters"],
            needs: [.quorumQueues, .movableClock]))
    func afterAWhile() async throws {
        let target = unique("target")
        let channel = try await Probe.connect { $0.heartbeat = 0 }.openChannel()
        let queue = try await channel.declareQuorumQueue([
            "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish", "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": .longString(target.octets),
        ])
        try await reject(1...40, of: queue, channel)
        try await channel.declareQueue(target)
        try await channel.expectReady(0, in: target)
        try await elapse(milliseconds: 180_000)
        #expect(try await channel.drain(target) == (1...40).map { "\($0)" })
    }

    @Test(
        "A queue that keeps dead letters can be deleted, and they go with it",
        .proves("quorum.kept-letters-deleted", ["rabbitmq/quorum/kept-letters"], needs: [.quorumQueues]))
    func deleted() async throws {
        let (channel, queue) = try await openSource(unique("nowhere"))
        try await reject(1...40, of: queue, channel)
        #expect(try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self).messageCount == 0)
        #expect(try await !channel.exists(queue: queue))
    }
}
