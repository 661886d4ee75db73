import AMQPWire
import Testing

@Suite("Policies: streams, and what is checked") struct StreamPolicyCases {
    /// A stream under a policy, filled with 60 messages of some 1,000 octets.
    private func open(
        _ policy: FieldTable, _ arguments: FieldTable, pause: Int = 0
    ) async throws -> (channel: ProbeChannel, stream: ShortString) {
        let channel = try await Probe.openChannel()
        let name = unique("stream")
        try await setPolicy(policy, on: exactly(name))
        let stream = try await channel.declareQueue(
            name, durable: true, exclusive: false,
            arguments: FieldTable([.init("x-queue-type", "stream")] + arguments.fields))
        try await channel.fill(stream, 1...50, padding: 1000)
        if pause > 0 { try await elapse(milliseconds: pause) }
        try await channel.fill(stream, 51...60, padding: 1000)
        return (channel, stream)
    }

    /// Whether the oldest messages go: RabbitMQ gives up segments a moment later.
    private func givesUp(_ stream: ShortString, _ channel: ProbeChannel) async throws -> Bool {
        for _ in 1...10 {
            let other = try await channel.probe.openChannel()
            try await other.read(stream, from: "first", prefetch: 1)
            let first = try await other.delivery().number
            try await other.close()
            if first != "1" { return true }
            try await elapse(milliseconds: 100)
        }
        return false
    }

    @Test(
        "max-length-bytes of a policy counts, whatever a stream says itself",
        .proves("policies.stream-octets", ["rabbitmq/policies/stream-wins"], needs: [.policies, .streams]))
    func octets() async throws {
        for (policy, argument, isLittle) in [(20_000, 1_000_000, true), (1_000_000, 20_000, false)]
            as [(Int32, Int32, Bool)]
        {
            let (channel, stream) = try await open(
                ["max-length-bytes": .int32(policy)],
                ["x-max-length-bytes": .int32(argument), "x-stream-max-segment-size-bytes": 4000])
            #expect(try await givesUp(stream, channel) == isLittle, "\(policy), and \(argument) itself")
        }
    }

    @Test(
        "max-age of a policy counts, whatever a stream says itself",
        .proves("policies.stream-age", ["rabbitmq/policies/stream-wins"], needs: [.policies, .streams]))
    func age() async throws {
        for (policy, argument, isShort) in [("1s", "1h", true), ("1h", "1s", false)] {
            let (channel, stream) = try await open(
                ["max-age": .string(policy)],
                ["x-max-age": .string(argument), "x-stream-max-segment-size-bytes": 4000], pause: 2500)
            #expect(try await givesUp(stream, channel) == isShort, "\(policy), and \(argument) itself")
        }
    }

    @Test(
        "The size of a stream's segments is that of the policy that it is made under, whatever it says itself",
        .proves("policies.stream-segments", ["rabbitmq/policies/stream-segments"], needs: [.policies, .streams]))
    func segments() async throws {
        for (policy, argument, isSmall) in [(4000, 1_000_000, true), (1_000_000, 4000, false)] as [(Int32, Int32, Bool)]
        {
            let (channel, stream) = try await open(
                ["stream-max-segment-size-bytes": .int32(policy)],
                ["x-stream-max-segment-size-bytes": .int32(argument), "x-max-length-bytes": 20_000])
            #expect(try await givesUp(stream, channel) == isSmall, "\(policy), and \(argument) itself")
        }
    }

    @Test(
        "A policy whose key the release does not know, or whose value is wrong, is not set",
        .proves(
            "policies.checked", ["rabbitmq/policies/checked"], needs: [.policies],
            rabbitmq: .before("4.0", "There are fewer keys, and no delivery-limit below 0.")))
    func checked() async throws {
        func isTaken(_ definition: FieldTable) async -> Bool {
            (try? await setPolicy(definition, on: exactly(unique("queue")))) != nil
        }
        let wrong: [FieldTable] = [
            ["nope": 1], ["max-length": -1], ["max-length": "1"], ["expires": 0], ["overflow": "nope"],
            ["queue-leader-locator": "min-masters"], ["stream-max-segment-size-bytes": 4_000_000_000],
        ]
        for definition in wrong { #expect(await !isTaken(definition), "\(definition)") }
        #expect(await isTaken(["max-length": 1]))
        let recent: [FieldTable] = [
            ["delivery-limit": -1], ["consumer-timeout": 60_000], ["target-group-size": 3],
            ["stream-filter-size-bytes": 16],
        ]
        var taken: [Bool] = []
        for definition in recent { taken.append(await isTaken(definition)) }
        expect(
            taken, spec: [true, true, true, true], rabbitmq: [false, false, false, false], before: "4.0",
            "whether each is set")
    }

    @Test(
        "A queue-leader-locator means something to classic queues",
        .proves(
            "policies.foreign-locator", ["rabbitmq/policies/foreign-key"], needs: [.policies],
            rabbitmq: .before("4.0", "It means nothing to them, so a policy with it is not for them.")))
    func foreignLocator() async throws {
        let channel = try await Probe.openChannel()
        let name = unique("queue")
        try await setPolicy(["max-length": 1, "queue-leader-locator": "balanced"], on: exactly(name), priority: 2)
        try await setPolicy(["max-length": 2], on: exactly(name), priority: 1)
        let queue = try await channel.declareQueue(name)
        let texts = try await channel.drain(1...4, through: queue)
        expect(texts, spec: ["4"], rabbitmq: ["3", "4"], before: "4.0", "what is left of four messages")
    }
}
