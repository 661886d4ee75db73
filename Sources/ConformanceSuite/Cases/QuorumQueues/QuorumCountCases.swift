import AMQPWire
import Testing

@Suite("Quorum queues: how often a message comes back") struct QuorumCountCases {
    private static let released: OtherTruth = .before("4.3", "Every return counts, whatever its reason.")

    private func open(
        _ arguments: FieldTable = [:], _ text: String = "again"
    ) async throws -> (channel: ProbeChannel, queue: ShortString) {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue(arguments)
        channel.publish(text, to: "", queue)
        return (channel, queue)
    }

    /// What the deliveries of a message say as it is handed back so many times.
    private func counts(
        _ channel: ProbeChannel, _ queue: ShortString, _ times: Int, _ handBack: (Received) -> Void
    ) async throws -> [Int64?] {
        var seen: [Int64?] = []
        for _ in 1...times {
            let message = try #require(try await channel.fetch(queue))
            seen.append(message.headers["x-delivery-count"]?.integer)
            handBack(message)
        }
        return seen
    }

    @Test(
        "x-delivery-count tells how often a message was rejected",
        .proves(
            "quorum.count-of-rejects", ["rabbitmq/quorum/delivery-count"], needs: [.quorumQueues],
            rabbitmq: .before("4.0", "A message that is fetched for the first time has it too, and it is 0.")))
    func countOfRejects() async throws {
        let (channel, queue) = try await open()
        let seen = try await counts(channel, queue, 4) { channel.reject($0) }
        expect(seen, spec: [nil, 1, 2, 3], rabbitmq: [0, 1, 2, 3], before: "4.0", "x-delivery-count")
    }

    @Test(
        "The first delivery to a consumer has no x-delivery-count",
        .proves("quorum.count-of-first-delivery", ["rabbitmq/quorum/delivery-count"], needs: [.quorumQueues]))
    func countOfFirstDelivery() async throws {
        let (channel, queue) = try await open()
        try await channel.consume(queue)
        let first = try await channel.delivery()
        #expect(first.headers["x-delivery-count"] == nil)
        #expect(!first.redelivered)
        channel.reject(first)
        let second = try await channel.delivery()
        #expect(second.headers["x-delivery-count"]?.integer == 1)
        #expect(second.redelivered)
    }

    @Test(
        "A nack does not count as a failure",
        .proves(
            "quorum.count-of-nacks", ["rabbitmq/quorum/released"], needs: [.quorumQueues], rabbitmq: Self.released))
    func countOfNacks() async throws {
        let (channel, queue) = try await open()
        let seen = try await counts(channel, queue, 3) { channel.nack($0) }
        expect(seen.dropFirst().map(\.self), spec: [nil, nil], rabbitmq: [1, 2], before: "4.3", "x-delivery-count")
    }

    @Test(
        "basic.recover does not count as a failure",
        .proves(
            "quorum.count-of-recoveries", ["rabbitmq/quorum/released"], needs: [.quorumQueues],
            rabbitmq: Self.released))
    func countOfRecoveries() async throws {
        let (channel, queue) = try await open()
        var seen: [Int64?] = []
        for _ in 1...3 {
            seen.append(try #require(try await channel.fetch(queue)).headers["x-delivery-count"]?.integer)
            _ = try await channel.call(BasicRecover(requeue: true), BasicRecoverOk.self)
        }
        expect(seen.dropFirst().map(\.self), spec: [nil, nil], rabbitmq: [1, 2], before: "4.3", "x-delivery-count")
    }

    @Test(
        "x-acquired-count tells how often a message was handed out before, for whatever reason it came back",
        .proves(
            "quorum.acquired-count", ["rabbitmq/quorum/acquired-count"], needs: [.quorumQueues],
            rabbitmq: .before("4.3", "There is no such header.")))
    func acquiredCount() async throws {
        let (channel, queue) = try await open()
        var seen: [Int64?] = []
        for isReject in [false, true, false] {
            let message = try #require(try await channel.fetch(queue))
            seen.append(message.headers["x-acquired-count"]?.integer)
            if isReject { channel.reject(message) } else { channel.nack(message) }
        }
        expect(seen, spec: [nil, 1, 2], rabbitmq: [nil, nil, nil], before: "4.3", "x-acquired-count")
    }

    @Test(
        "A message whose channel is closed comes back, and that counts",
        .proves("quorum.count-of-closes", ["rabbitmq/quorum/abandoned"], needs: [.quorumQueues]))
    func countOfCloses() async throws {
        let (channel, queue) = try await open()
        for _ in 1...2 {
            let other = try await channel.probe.openChannel()
            _ = try #require(try await other.fetch(queue))
            try await other.close()
            try await channel.awaitReady(1, in: queue)
        }
        let message = try #require(try await channel.fetch(queue, noAck: true))
        #expect(message.headers["x-delivery-count"]?.integer == 2)
        #expect(message.redelivered)
    }

    @Test(
        "A client's own x-delivery-count is replaced as soon as there is one to tell",
        .proves("quorum.count-of-the-client", ["rabbitmq/quorum/own-count"], needs: [.quorumQueues]))
    func countOfTheClient() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        channel.publish("own", to: "", queue, BasicProperties(headers: ["x-delivery-count": 77, "kept": "yes"]))
        try await channel.consume(queue)
        let first = try await channel.delivery()
        #expect(first.headers["x-delivery-count"]?.integer == 77)
        channel.reject(first)
        let second = try await channel.delivery()
        #expect(second.headers["x-delivery-count"]?.integer == 1)
        #expect(second.headers["kept"]?.text == "yes")
    }

    @Test(
        "The count goes beyond an octet, and so does the limit",
        .proves(
            "quorum.count-beyond-an-octet", ["rabbitmq/quorum/delivery-count", "rabbitmq/quorum/delivery-limit"],
            needs: [.quorumQueues]))
    func countBeyondAnOctet() async throws {
        let (channel, queue) = try await open(["x-delivery-limit": 260])
        try await channel.consume(queue)
        var last: Int64?
        for _ in 1...261 {
            let message = try await channel.delivery()
            last = message.headers["x-delivery-count"]?.integer
            channel.reject(message)
        }
        #expect(last == 260)
        try await channel.barrier(behind: queue)
        #expect(channel.deliveriesSoFar().isEmpty, "it was handed out once more")
    }

    @Test(
        "The count comes with the message's other headers, but without BCC",
        .proves(
            "quorum.count-and-blind-copies", ["rabbitmq/quorum/own-count", "rabbitmq/sender-selected/bcc"],
            needs: [.quorumQueues]))
    func countAndBlindCopies() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        let blind = try await channel.declareQueue()
        channel.publish(
            "copied", to: "", queue,
            BasicProperties(headers: ["BCC": .array([.longString(blind.octets)]), "kept": "yes"]))
        channel.reject(try #require(try await channel.fetch(queue)))
        let message = try #require(try await channel.fetch(queue, noAck: true))
        #expect(message.headers["BCC"] == nil)
        #expect(message.headers["kept"]?.text == "yes")
        #expect(message.headers["x-delivery-count"]?.integer == 1)
    }

    @Test(
        "A message that failed as often as its queue's limit says fails once more, and is gone",
        .proves("quorum.limit", ["rabbitmq/quorum/delivery-limit"], needs: [.quorumQueues]))
    func limit() async throws {
        let (channel, queue) = try await open(["x-delivery-limit": 2], "poison")
        channel.publish("sound", to: "", queue)
        var poisoned = 0
        while poisoned < 10, let message = try await channel.fetch(queue) {
            guard message.text == "poison" else {
                channel.ack(message)
                continue
            }
            poisoned += 1
            channel.reject(message)
        }
        #expect(poisoned == 3)
    }

    @Test(
        "Losing its consumers brings a message over the limit too, and nobody it came back with",
        .proves(
            "quorum.limit-of-abandoned",
            ["rabbitmq/quorum/abandoned", "rabbitmq/quorum/delivery-limit", "rabbitmq/dead-letter/delivery-limit"],
            needs: [.quorumQueues]))
    func limitOfAbandoned() async throws {
        let channel = try await Probe.openChannel()
        let dead = try await channel.declareQueue()
        try await channel.consume(dead, noAck: true)
        let queue = try await channel.declareQuorumQueue([
            "x-delivery-limit": 1, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(dead.octets),
        ])
        channel.publish("poison", to: "", queue)
        for count in [1, 3] {
            let other = try await channel.probe.openChannel()
            _ = try await other.hold(count, of: queue)
            try await other.close()
            if count == 1 {
                try await channel.awaitReady(1, in: queue)
                channel.publish(1...2, toQueue: queue)
                try await channel.barrier(behind: queue)
            }
        }
        let letter = try await channel.delivery()
        #expect(letter.text == "poison")
        #expect(letter.deaths.first?["reason"] == "delivery_limit")
        try await channel.awaitReady(2, in: queue)
        #expect(try await channel.drainWhole(queue) == ["1", "2"])
    }

    @Test(
        "With a limit of 0 a message may not fail at all",
        .proves("quorum.limit-of-zero", ["rabbitmq/quorum/delivery-limit"], needs: [.quorumQueues]))
    func limitOfZero() async throws {
        let (channel, queue) = try await open(["x-delivery-limit": 0])
        channel.reject(try #require(try await channel.fetch(queue)))
        #expect(try await channel.fetch(queue, noAck: true) == nil)
    }

    @Test(
        "Without an argument the limit is 20",
        .proves(
            "quorum.limit-by-default", ["rabbitmq/quorum/default-limit"], needs: [.quorumQueues],
            rabbitmq: .before("4.0", "There is no limit unless the queue has one.")))
    func limitByDefault() async throws {
        let (channel, queue) = try await open()
        expect(
            try await failures(channel, queue, most: 25), spec: 21, rabbitmq: 25, before: "4.0",
            "how often it was handed out")
    }

    @Test(
        "A limit below 0 is none",
        .proves(
            "quorum.limit-below-zero", ["rabbitmq/quorum/no-limit"], needs: [.quorumQueues],
            rabbitmq: .before("4.0", "No message may fail.")))
    func limitBelowZero() async throws {
        let (channel, queue) = try await open(["x-delivery-limit": -1])
        expect(
            try await failures(channel, queue, most: 25), spec: 25, rabbitmq: 1, before: "4.0",
            "how often it was handed out")
    }

    @Test(
        "A nack does not bring a message nearer to the limit",
        .proves(
            "quorum.limit-and-nacks", ["rabbitmq/quorum/released"], needs: [.quorumQueues],
            rabbitmq: Self.released))
    func limitAndNacks() async throws {
        let (channel, queue) = try await open(["x-delivery-limit": 2])
        expect(
            try await failures(channel, queue, most: 8) { channel.nack($0) }, spec: 8, rabbitmq: 3, before: "4.3",
            "how often it was handed out")
    }

    /// How often a message is handed out that fails each time.
    private func failures(
        _ channel: ProbeChannel, _ queue: ShortString, most: Int, _ handBack: ((Received) -> Void)? = nil
    ) async throws -> Int {
        var count = 0
        while count < most, let message = try await channel.fetch(queue) {
            count += 1
            if let handBack { handBack(message) } else { channel.reject(message) }
        }
        return count
    }

    @Test(
        "A message that fails too often is dead-lettered with reason delivery_limit",
        .proves(
            "quorum.limit-dead-letters", ["rabbitmq/dead-letter/delivery-limit"], needs: [.quorumQueues]))
    func limitDeadLetters() async throws {
        let channel = try await Probe.openChannel()
        let dead = try await channel.declareQueue()
        let queue = try await channel.declareQuorumQueue([
            "x-delivery-limit": 1, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(dead.octets),
        ])
        try await channel.consume(dead, noAck: true)
        channel.publish("poison", to: "", queue)
        for _ in 1...2 { channel.reject(try #require(try await channel.fetch(queue))) }
        let letter = try await channel.delivery()
        #expect(letter.text == "poison")
        #expect(letter.deaths.first?["reason"] == "delivery_limit")
        #expect(letter.deaths.first?["queue"]?.text == queue.text)
        #expect(letter.headers["x-first-death-reason"] == "delivery_limit")
        #expect(letter.headers["x-delivery-count"] == nil)
    }
}
