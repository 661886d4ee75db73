import AMQPWire
import Testing

extension ProbeChannel {
    /// Publishes messages whose texts are numbers, and returns those that are left in the queue.
    func drain(_ numbers: ClosedRange<Int>, through queue: ShortString) async throws -> [String] {
        for number in numbers { publish("\(number)", to: "", queue) }
        return try await drain(queue)
    }

    /// Waits until a queue has so many messages, however it comes by them.
    func awaitCount(_ count: Int, of queue: ShortString, at place: SourceLocation = #_sourceLocation) async throws {
        var seen = -1
        let isThere = try await eventually {
            seen = try await counts(of: queue).messages
            return seen == count
        }
        if !isThere {
            Issue.record("the queue has \(seen) messages where \(count) were awaited", sourceLocation: place)
        }
    }
}

@Suite("Policies: what they act on") struct PolicyCases {
    @Test(
        "A policy acts on a queue that is declared later, and on no other",
        .proves("policies.new-queue", ["rabbitmq/policies/new"], needs: [.policies]))
    func newQueue() async throws {
        let channel = try await Probe.openChannel()
        let name = unique("queue")
        try await setPolicy(["max-length": 1], on: exactly(name))
        let (queue, other) = (try await channel.declareQueue(name), try await channel.declareQueue())
        #expect(try await channel.drain(1...3, through: queue) == ["3"])
        #expect(try await channel.drain(1...3, through: other) == ["1", "2", "3"])
    }

    @Test(
        "A policy acts at once on a queue that is there, and on the messages in it",
        .proves("policies.existing-queue", ["rabbitmq/policies/existing"], needs: [.policies]))
    func existingQueue() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for number in 1...4 { channel.publish("\(number)", to: "", queue) }
        try await channel.expectReady(4, in: queue)
        try await setPolicy(["max-length": 2], on: exactly(queue))
        try await channel.awaitCount(2, of: queue)
        channel.publish("5", to: "", queue)
        #expect(try await channel.drain(queue) == ["4", "5"])
    }

    @Test(
        "Of several policies that match, the one of the highest priority acts, whichever was set first",
        .proves("policies.highest-priority", ["rabbitmq/policies/priority"], needs: [.policies]))
    func highestPriority() async throws {
        let channel = try await Probe.openChannel()
        let name = unique("queue")
        try await setPolicy(["max-length": 1], on: exactly(name), priority: -1)
        try await setPolicy(["max-length": 3], on: exactly(name), priority: 10)
        try await setPolicy(["max-length": 2], on: exactly(name), priority: 9)
        let queue = try await channel.declareQueue(name)
        #expect(try await channel.drain(1...5, through: queue) == ["3", "4", "5"])
    }

    @Test(
        "One policy acts: what another of a lower priority says has no effect beside it",
        .proves("policies.one-acts", ["rabbitmq/policies/one"], needs: [.policies]))
    func oneActs() async throws {
        let channel = try await Probe.openChannel()
        let name = unique("queue")
        try await setPolicy(["max-length-bytes": 1000], on: exactly(name), priority: 2)
        try await setPolicy(["max-length": 1], on: exactly(name), priority: 1)
        let queue = try await channel.declareQueue(name)
        #expect(try await channel.drain(1...3, through: queue) == ["1", "2", "3"])
    }

    @Test(
        "When a policy is cleared, the next one acts",
        .proves("policies.next-acts", ["rabbitmq/policies/priority", "rabbitmq/policies/cleared"], needs: [.policies]))
    func nextActs() async throws {
        let channel = try await Probe.openChannel()
        let name = unique("queue")
        let high = try await setPolicy(["max-length": 4], on: exactly(name), priority: 2)
        try await setPolicy(["max-length": 1], on: exactly(name), priority: 1)
        let queue = try await channel.declareQueue(name)
        for number in 1...5 { channel.publish("\(number)", to: "", queue) }
        try await channel.expectReady(4, in: queue)
        try await clearPolicy(high)
        try await channel.awaitCount(1, of: queue)
        #expect(try await channel.drain(queue) == ["5"])
    }

    @Test(
        "A policy that is cleared acts no more, and what went by it stays gone",
        .proves("policies.cleared", ["rabbitmq/policies/cleared"], needs: [.policies]))
    func cleared() async throws {
        let channel = try await Probe.openChannel()
        let name = unique("queue")
        let policy = try await setPolicy(["max-length": 1], on: exactly(name))
        let queue = try await channel.declareQueue(name)
        for number in 1...2 { channel.publish("\(number)", to: "", queue) }
        try await channel.expectReady(1, in: queue)
        try await clearPolicy(policy)
        let isFree = try await eventually {
            channel.publish("more", to: "", queue)
            return try await channel.counts(of: queue).messages > 1
        }
        #expect(isFree)
        channel.publish("last", to: "", queue)
        let texts = try await channel.drain(queue)
        #expect(texts.count > 2 && !texts.contains("1") && texts.last == "last")
    }

    @Test(
        "A policy that is set again takes the place of the one of its name, pattern and all",
        .proves("policies.set-again", ["rabbitmq/policies/set-again"], needs: [.policies]))
    func setAgain() async throws {
        let channel = try await Probe.openChannel()
        let (first, second) = (unique("queue"), unique("queue"))
        let name = try await setPolicy(["max-length": 1], on: exactly(first), priority: 1)
        try await setPolicy(["max-length": 2], on: exactly(second), as: name)
        for queue in [first, second] { try await channel.declareQueue(queue) }
        #expect(try await channel.drain(1...4, through: first) == ["1", "2", "3", "4"])
        #expect(try await channel.drain(1...4, through: second) == ["3", "4"])
    }

    @Test(
        "A policy that is set again has the priority that it is given now",
        .proves(
            "policies.set-again-priority", ["rabbitmq/policies/set-again", "rabbitmq/policies/priority"],
            needs: [.policies]))
    func setAgainWithAnotherPriority() async throws {
        let channel = try await Probe.openChannel()
        let names = [unique("queue"), unique("queue"), unique("queue")]
        let pattern = "^(\(names[0])|\(names[1])|\(names[2]))$"
        let one = try await setPolicy(["max-length": 1], on: pattern, priority: 5)
        let two = try await setPolicy(["max-length": 2], on: pattern, priority: 3)
        for (name, count) in [(names[0], 1), (names[1], 2), (names[2], 1)] {
            let queue = try await channel.declareQueue(name)
            #expect(try await channel.drain(1...4, through: queue).count == count)
            // First one falls behind two, then two behind one.
            if count == 1 {
                try await setPolicy(["max-length": 1], on: pattern, as: one, priority: 1)
            } else {
                try await setPolicy(["max-length": 2], on: pattern, as: two, priority: -1)
            }
        }
    }

    @Test(
        "A policy that is set again says what it says now, and nothing of what it said before",
        .proves("policies.set-again-without", ["rabbitmq/policies/set-again"], needs: [.policies]))
    func setAgainWithout() async throws {
        let channel = try await Probe.openChannel()
        let name = unique("queue")
        let policy = try await setPolicy(["max-length": 1, "overflow": "reject-publish"], on: exactly(name))
        try await setPolicy(["max-length": 2], on: exactly(name), as: policy)
        let queue = try await channel.declareQueue(name)
        #expect(try await channel.drain(1...4, through: queue) == ["3", "4"])
        try await setPolicy(["max-length-bytes": 3], on: exactly(name), as: policy)
        let isFree = try await eventually { try await channel.drain(1...3, through: queue).count == 3 }
        #expect(isFree)
    }

    @Test(
        "The pattern is a regular expression, which is looked for anywhere in a name",
        .proves("policies.pattern", ["rabbitmq/policies/pattern"], needs: [.policies]))
    func pattern() async throws {
        let channel = try await Probe.openChannel()
        let word = unique("word")
        try await setPolicy(["max-length": 1], on: "\(word)\\.(small|tiny)[0-9]*$")
        for (name, count) in [
            ("\(word).small", 1), ("\(word).tiny12", 1), ("in front of \(word).small", 1), ("\(word).tiny.", 3),
            ("\(word)-small", 3), ("\(word.text.uppercased()).small", 3),
        ] {
            let queue = try await channel.declareQueue(ShortString(truncating: name))
            #expect(try await channel.drain(1...3, through: queue).count == count, "\(name)")
        }
    }

    @Test(
        "A policy for exchanges does not act on a queue of that name, nor one for queues on an exchange",
        .proves("policies.apply-to", ["rabbitmq/policies/apply-to"], needs: [.policies]))
    func applyTo() async throws {
        let channel = try await Probe.openChannel()
        let (forQueues, forExchanges, forAll) = (unique("name"), unique("name"), unique("name"))
        let lost = try await channel.declareExchange("fanout")
        for (name, target) in [(forQueues, "queues"), (forExchanges, "exchanges"), (forAll, "all")] {
            let definition: FieldTable = ["max-length": 1, "alternate-exchange": .string(lost.text)]
            try await setPolicy(definition, on: exactly(name), applyTo: target)
        }
        let rest = try await channel.declareQueue()
        try await channel.bind(rest, to: lost)
        for (name, count, isCaught) in [(forQueues, 1, false), (forExchanges, 2, true), (forAll, 1, true)] {
            let queue = try await channel.declareQueue(name)
            #expect(try await channel.drain(1...2, through: queue).count == count, "\(name)")
            let exchange = try await channel.declareExchange("direct", name)
            channel.publish("caught", to: exchange, "nowhere")
            #expect(try await channel.drain(rest) == (isCaught ? ["caught"] : []), "\(name)")
        }
    }

    @Test(
        "A policy may be for queues of one type",
        .proves(
            "policies.apply-to-types", ["rabbitmq/policies/apply-to-types"], needs: [.policies, .quorumQueues],
            rabbitmq: .before("4.0", "It can't.")))
    func applyToTypes() async throws {
        let channel = try await Probe.openChannel()
        let word = unique("word")
        do {
            try await setPolicy(["max-length": 1], on: "^\(word)-c", applyTo: "classic_queues")
        } catch {
            return inform("a policy can't be for queues of one type")
        }
        try await setPolicy(["max-length": 1], on: "^\(word)-q", applyTo: "quorum_queues")
        try await setPolicy(["max-length": 1], on: "^\(word)-s", applyTo: "streams")
        for (letter, type, count) in [
            ("c", "classic", 1), ("c", "quorum", 2), ("q", "classic", 2), ("q", "quorum", 1), ("s", "classic", 2),
        ] {
            let queue = try await channel.declareQueue(
                ShortString(truncating: "\(word)-\(letter)-\(type)"), durable: true, exclusive: false,
                arguments: ["x-queue-type": .string(type)])
            channel.publish(1...2, toQueue: queue)
            try await channel.barrier(behind: queue)
            #expect(try await channel.drainWhole(queue).count == count, "\(queue)")
        }
    }

    @Test(
        "A policy of which a part means nothing to a type of queue is not for queues of that type",
        .proves("policies.foreign-key", ["rabbitmq/policies/foreign-key"], needs: [.policies]))
    func foreignKey() async throws {
        let channel = try await Probe.openChannel()
        let name = unique("queue")
        try await setPolicy(["max-length": 1, "delivery-limit": 3], on: exactly(name), priority: 2)
        try await setPolicy(["max-length": 2], on: exactly(name), priority: 1)
        let queue = try await channel.declareQueue(name)
        #expect(try await channel.drain(1...4, through: queue) == ["3", "4"])
    }

    @Test(
        "Policies are there after a restart, with their priorities, and those that were cleared are not",
        .proves("policies.restart", ["rabbitmq/policies/restart"], needs: [.policies, .restart]))
    func restart() async throws {
        let names = (1...3).map { _ in unique("queue") }
        try await setPolicy(["max-length": 3], on: exactly(names[0]), priority: 7)
        try await setPolicy(["max-length": 1], on: exactly(names[0]), priority: 3)
        let cleared = try await setPolicy(["max-length": 1], on: exactly(names[1]))
        try await clearPolicy(cleared)
        let again = try await setPolicy(["max-length": 1], on: exactly(names[2]))
        try await setPolicy(["max-length": 2], on: exactly(names[2]), as: again)
        let before = try await Probe.openChannel()
        try await before.declareQueue(names[0], durable: true, exclusive: false)
        try await restartBroker()
        let after = try await Probe.openChannel()
        for name in names.dropFirst() { try await after.declareQueue(name) }
        #expect(try await after.drain(1...5, through: names[0]) == ["3", "4", "5"])
        #expect(try await after.drain(1...5, through: names[1]).count == 5)
        #expect(try await after.drain(1...5, through: names[2]) == ["4", "5"])
    }

    @Test(
        "A policy survives a kill",
        .proves("policies.kill", ["rabbitmq/policies/restart"], needs: [.policies, .kill]))
    func kill() async throws {
        let name = unique("queue")
        try await setPolicy(["max-length": 1], on: exactly(name))
        let before = try await Probe.openChannel()
        try await before.confirmSelect()
        let kept = try await before.declareQueue(durable: true, exclusive: false)
        // What is confirmed afterwards is behind it on disk.
        before.publish("kept", to: "", kept, BasicProperties(deliveryMode: 2))
        #expect(try await before.confirm().isAck)
        try await killBroker()
        let after = try await Probe.openChannel()
        let queue = try await after.declareQueue(name)
        #expect(try await after.drain(1...3, through: queue) == ["3"])
    }
}
