import AMQPWire
import Testing

@Suite("Policies: what they do") struct PolicyEffectCases {
    /// A channel, and a queue under a policy.
    private func open(
        _ policy: FieldTable, _ arguments: FieldTable = [:]
    ) async throws -> (channel: ProbeChannel, queue: ShortString) {
        let channel = try await Probe.openChannel()
        let name = unique("queue")
        try await setPolicy(policy, on: exactly(name))
        return (channel, try await channel.declareQueue(name, arguments: arguments))
    }

    private func openQuorum(
        _ policy: FieldTable, _ arguments: FieldTable
    ) async throws -> (channel: ProbeChannel, queue: ShortString) {
        let channel = try await Probe.openChannel()
        let name = unique("quorum")
        try await setPolicy(policy, on: exactly(name))
        let queue = try await channel.declareQueue(
            name, durable: true, exclusive: false,
            arguments: FieldTable([.init("x-queue-type", "quorum")] + arguments.fields))
        return (channel, queue)
    }

    @Test(
        "Of a length in a policy and one among the arguments the smaller counts",
        .proves("policies.lower-length", ["rabbitmq/policies/lower-wins"], needs: [.policies]))
    func lowerLength() async throws {
        for (policy, argument) in [(2, 4), (4, 2)] {
            let (channel, queue) = try await open(
                ["max-length": .int32(Int32(policy))], ["x-max-length": .int32(Int32(argument))])
            #expect(try await channel.drain(1...6, through: queue) == ["5", "6"])
        }
    }

    @Test(
        "Of a time to live in a policy and one among the arguments the shorter counts",
        .proves("policies.lower-ttl", ["rabbitmq/policies/lower-wins"], needs: [.policies]))
    func lowerTimeToLive() async throws {
        for (policy, argument) in [(150, 600_000), (600_000, 150)] {
            let (channel, queue) = try await open(
                ["message-ttl": .int32(Int32(policy))], ["x-message-ttl": .int32(Int32(argument))])
            channel.publish("expires", to: "", queue)
            try await channel.barrier(behind: queue)
            try await elapse(milliseconds: 300)
            #expect(try await channel.drain(queue) == [])
        }
    }

    @Test(
        "max-length-bytes of a policy limits the sum of the bodies",
        .proves("policies.max-length-bytes", ["rabbitmq/policies/keys"], needs: [.policies]))
    func octets() async throws {
        let (channel, queue) = try await open(["max-length-bytes": 10])
        for text in ["aaaaa", "bbbbb", "ccccc"] { channel.publish(text, to: "", queue) }
        #expect(try await channel.drain(queue) == ["bbbbb", "ccccc"])
    }

    @Test(
        "message-ttl of a policy is for messages to come, and those that are in the queue stay",
        .proves(
            "policies.message-ttl", ["rabbitmq/policies/keys", "rabbitmq/policies/ttl-to-come"], needs: [.policies]))
    func timeToLive() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for text in ["first", "second", "old"] { channel.publish(text, to: "", queue) }
        try await channel.expectReady(3, in: queue)
        // The length shows that the policy is in force.
        try await setPolicy(["message-ttl": 150, "max-length": 2], on: exactly(queue))
        try await channel.awaitCount(2, of: queue)
        channel.publish("new", to: "", queue)
        try await channel.barrier(behind: queue)
        try await elapse(milliseconds: 300)
        #expect(try await channel.drain(queue) == ["old"])
    }

    @Test(
        "expires of a policy deletes a queue that nobody uses",
        .proves("policies.expires", ["rabbitmq/policies/keys"], needs: [.policies]))
    func expires() async throws {
        let (channel, queue) = try await open(["expires": 300])
        try await elapse(milliseconds: 600)
        #expect(try await !channel.exists(queue: queue))
    }

    @Test(
        "overflow of a policy has a full queue refuse messages",
        .proves("policies.overflow", ["rabbitmq/policies/keys"], needs: [.policies]))
    func overflow() async throws {
        let (channel, queue) = try await open(["max-length": 1, "overflow": "reject-publish"])
        try await channel.confirmSelect()
        for (text, isTaken) in [("taken", true), ("refused", false)] {
            channel.publish(text, to: "", queue)
            #expect(try await channel.confirm().isAck == isTaken, "\(text)")
        }
        #expect(try await channel.drain(queue) == ["taken"])
    }

    @Test(
        "The argument x-overflow of a classic queue counts more than a policy",
        .proves("policies.overflow-argument", ["rabbitmq/policies/argument-wins"], needs: [.policies]))
    func overflowArgument() async throws {
        let (channel, queue) = try await open(
            ["max-length": 2, "overflow": "reject-publish"], ["x-overflow": "drop-head"])
        #expect(try await channel.drain(1...4, through: queue) == ["3", "4"])
    }

    @Test(
        "overflow of a policy counts more than the argument x-overflow of a quorum queue",
        .proves(
            "policies.quorum-overflow", ["rabbitmq/policies/quorum-overflow"], needs: [.policies, .quorumQueues]))
    func quorumOverflow() async throws {
        let (channel, queue) = try await openQuorum(
            ["max-length": 2, "overflow": "reject-publish"], ["x-overflow": "drop-head"])
        try await channel.confirmSelect()
        var refusals = 0
        // A quorum queue takes a few more than it should before it refuses.
        for number in 1...10 {
            channel.publish("\(number)", to: "", queue)
            if try await !channel.confirm().isAck { refusals += 1 }
        }
        #expect(refusals > 5)
        #expect(try await channel.drainWhole(queue).first == "1")
    }

    @Test(
        "delivery-limit of a policy ends a message that failed more often, and of two limits the smaller counts",
        .proves(
            "policies.delivery-limit", ["rabbitmq/policies/keys", "rabbitmq/policies/lower-wins"],
            needs: [.policies, .quorumQueues]))
    func deliveryLimit() async throws {
        for (policy, argument) in [(1, nil), (1, 5), (5, 1)] as [(Int32, Int32?)] {
            let (channel, queue) = try await openQuorum(
                ["delivery-limit": .int32(policy)], argument.map { ["x-delivery-limit": .int32($0)] } ?? [:])
            channel.publish("poison", to: "", queue)
            for _ in 1...2 {
                let held = try await channel.hold(1, of: queue)
                channel.reject(held[0])
            }
            channel.publish("next", to: "", queue)
            #expect(try await channel.hold(1, of: queue).map(\.text) == ["next"])
        }
    }

    // MARK: Dead letters

    @Test(
        "dead-letter-exchange and dead-letter-routing-key of a policy say where dead letters go",
        .proves("policies.dead-letters", ["rabbitmq/policies/keys"], needs: [.policies]))
    func deadLetters() async throws {
        let channel = try await Probe.openChannel()
        let (dead, name) = (try await channel.declareQueue(), unique("queue"))
        let exchange = try await channel.declareExchange("direct")
        try await channel.bind(dead, to: exchange, "given up")
        try await setPolicy(
            ["dead-letter-exchange": .string(exchange.text), "dead-letter-routing-key": "given up"], on: exactly(name))
        let queue = try await channel.declareQueue(name)
        channel.publish("rejected", to: "", queue)
        try await channel.barrier(behind: queue)
        channel.reject(try #require(try await channel.get(queue, noAck: false)), requeue: false)
        try await channel.awaitReady(1, in: dead)
        let letter = try #require(try await channel.get(dead))
        #expect(letter.text == "rejected" && letter.deaths.first?["reason"] == "rejected")
    }

    /// Drops a message of a queue with these arguments under this policy, and returns where it is then.
    private func wayOfALetter(
        _ policy: (ShortString, ShortString) -> FieldTable, _ arguments: (ShortString, ShortString) -> FieldTable
    ) async throws -> [String] {
        let channel = try await Probe.openChannel()
        let (own, theirs) = (try await channel.declareQueue(), try await channel.declareQueue())
        let name = unique("queue")
        try await setPolicy(policy(own, theirs), on: exactly(name))
        let queue = try await channel.declareQueue(
            name, arguments: FieldTable([.init("x-max-length", 1)] + arguments(own, theirs).fields))
        for text in ["dropped", "stays"] { channel.publish(text, to: "", queue) }
        try await channel.barrier(behind: queue)
        var ways: [String] = []
        _ = try await eventually {
            if try await channel.get(own) != nil { ways.append("own") }
            if try await channel.get(theirs) != nil { ways.append("the policy's") }
            return !ways.isEmpty
        }
        return ways
    }

    @Test(
        "x-dead-letter-exchange and x-dead-letter-routing-key of a queue count more than a policy",
        .proves("policies.dead-letter-argument", ["rabbitmq/policies/argument-wins"], needs: [.policies]))
    func deadLetterArgument() async throws {
        let ways = try await wayOfALetter(
            { _, theirs in ["dead-letter-exchange": "", "dead-letter-routing-key": .string(theirs.text)] },
            { own, _ in ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": .string(own.text)] })
        #expect(ways == ["own"])
    }

    @Test(
        "The exchange for dead letters may come from the arguments, and their key from a policy",
        .proves("policies.dead-letter-key", ["rabbitmq/policies/each-by-itself"], needs: [.policies]))
    func deadLetterKey() async throws {
        let ways = try await wayOfALetter(
            { _, theirs in ["dead-letter-routing-key": .string(theirs.text)] },
            { _, _ in ["x-dead-letter-exchange": ""] })
        #expect(ways == ["the policy's"])
    }

    @Test(
        "The exchange for dead letters of a policy may be the default exchange",
        .proves(
            "policies.dead-letters-by-default",
            ["rabbitmq/policies/keys", "rabbitmq/dead-letter/default-exchange"], needs: [.policies]))
    func deadLettersByDefault() async throws {
        let ways = try await wayOfALetter(
            { _, theirs in ["dead-letter-exchange": "", "dead-letter-routing-key": .string(theirs.text)] },
            { _, _ in [:] })
        #expect(ways == ["the policy's"])
    }

    // MARK: Alternate exchanges

    /// An exchange, and a queue that shows what came there.
    private func alternate(_ channel: ProbeChannel) async throws -> (exchange: ShortString, queue: ShortString) {
        let (exchange, queue) = (try await channel.declareExchange("fanout"), try await channel.declareQueue())
        try await channel.bind(queue, to: exchange)
        return (exchange, queue)
    }

    @Test(
        "alternate-exchange of a policy acts on an exchange that is there and in use, until it is cleared",
        .proves(
            "policies.alternate",
            ["rabbitmq/policies/keys", "rabbitmq/policies/existing", "rabbitmq/policies/cleared"],
            needs: [.policies]))
    func alternateExchange() async throws {
        let channel = try await Probe.openChannel()
        let (lost, rest) = try await alternate(channel)
        let exchange = try await channel.declareExchange("direct")
        channel.publish("nobody hears", to: exchange, "nowhere")
        try await channel.barrier(behind: rest)
        let policy = try await setPolicy(["alternate-exchange": .string(lost.text)], on: exactly(exchange))
        let isCaught = try await eventually {
            channel.publish("caught", to: exchange, "nowhere")
            return try await channel.counts(of: rest).messages > 0
        }
        #expect(isCaught)
        try await clearPolicy(policy)
        let isOver = try await eventually {
            _ = try await channel.drain(rest)
            channel.publish("nobody hears", to: exchange, "nowhere")
            return try await channel.counts(of: rest).messages == 0
        }
        #expect(isOver)
    }

    @Test(
        "alternate-exchange of a policy acts on an exchange that is declared later, but not on one with its own",
        .proves(
            "policies.alternate-argument", ["rabbitmq/policies/new", "rabbitmq/policies/argument-wins"],
            needs: [.policies]))
    func alternateArgument() async throws {
        let channel = try await Probe.openChannel()
        let ((own, kept), (lost, rest)) = (try await alternate(channel), try await alternate(channel))
        let word = unique("exchange")
        try await setPolicy(["alternate-exchange": .string(lost.text)], on: "^\(word)")
        let plain = try await channel.declareExchange("direct", ShortString(truncating: "\(word)-plain"))
        let other = try await channel.declareExchange(
            "direct", ShortString(truncating: "\(word)-other"), arguments: ["alternate-exchange": .string(own.text)])
        channel.publish("plain", to: plain, "nowhere")
        channel.publish("other", to: other, "nowhere")
        #expect(try await channel.drain(rest) == ["plain"])
        #expect(try await channel.drain(kept) == ["other"])
    }
}
