import AMQPWire
import Testing

@Suite("Quorum queues: how much fits") struct QuorumRoomCases {
    private func open(_ arguments: FieldTable) async throws -> (channel: ProbeChannel, queue: ShortString) {
        let channel = try await Probe.openChannel()
        return (channel, try await channel.declareQuorumQueue(arguments))
    }

    /// Publishes a text that is so long, and says whether it was confirmed.
    private func publish(_ text: String, filledTo count: Int = 0, _ channel: ProbeChannel, _ queue: ShortString)
        async throws -> Bool
    {
        channel.publish(Self.fill(text, to: count), to: "", queue)
        return try await channel.confirm().isAck
    }

    private static func fill(_ text: String, to count: Int) -> String {
        text + String(repeating: ".", count: max(0, count - text.utf8.count))
    }

    /// The texts in a queue, without what fills them.
    private func drain(_ channel: ProbeChannel, _ queue: ShortString) async throws -> [String] {
        try await channel.drainWhole(queue).map { $0.filter { $0 != "." } }
    }

    @Test(
        "A queue that refuses publishes refuses them by octets too",
        .proves("quorum.reject-publish-octets", ["rabbitmq/quorum/reject-publish"], needs: [.quorumQueues]))
    func rejectPublishOctets() async throws {
        let (channel, queue) = try await open(["x-max-length-bytes": 1000, "x-overflow": "reject-publish"])
        try await channel.confirmSelect()
        var answers: [Bool] = []
        for number in 1...3 { answers.append(try await publish("\(number)", filledTo: 600, channel, queue)) }
        #expect(answers == [true, true, false])
        #expect(try await drain(channel, queue) == ["1", "2"])
    }

    @Test(
        "Held messages do not count where publishes are refused",
        .proves(
            "quorum.reject-publish-held", ["rabbitmq/quorum/length", "rabbitmq/quorum/reject-publish"],
            needs: [.quorumQueues]))
    func rejectPublishHeld() async throws {
        let (channel, queue) = try await open(["x-max-length": 2, "x-overflow": "reject-publish"])
        try await channel.confirmSelect()
        for number in 1...2 { _ = try await publish("\(number)", channel, queue) }
        _ = try await channel.hold(2, of: queue)
        var answers: [Bool] = []
        for number in 3...6 { answers.append(try await publish("\(number)", channel, queue)) }
        #expect(answers == [true, true, true, false])
    }

    /// Messages 1 to 5 die one after the other, and this is what gets into a full queue of their letters, of this type.
    private func letters(intoFull type: FieldValue, taking count: Int, _ channel: ProbeChannel) async throws -> [String]
    {
        let full = try await channel.declareQueue(
            unique("full"), durable: true, exclusive: false,
            arguments: ["x-queue-type": type, "x-max-length": 1, "x-overflow": "reject-publish"])
        let source = try await channel.declareQueue(
            arguments: ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(full.octets)])
        channel.publish(1...5, toQueue: source)
        for _ in 1...5 { channel.reject(try #require(try await channel.get(source, noAck: false)), requeue: false) }
        try await channel.barrier(behind: source)
        try await channel.awaitReady(count, in: full)
        try await channel.confirmSelect()
        #expect(try await publish("refused", channel, full) == false)
        return try await drain(channel, full)
    }

    @Test(
        "Dead letters go into a full queue that refuses publishes",
        .proves("quorum.full-takes-letters", ["rabbitmq/quorum/letters-beyond-the-limit"], needs: [.quorumQueues]))
    func fullTakesLetters() async throws {
        let channel = try await Probe.openChannel()
        #expect(try await letters(intoFull: "quorum", taking: 5, channel) == ["1", "2", "3", "4", "5"])
    }

    @Test(
        "A full classic queue that refuses publishes loses dead letters",
        .proves("length.full-loses-letters", ["rabbitmq/max-length/reject-publish-letters"]))
    func fullLosesLetters() async throws {
        let channel = try await Probe.openChannel()
        #expect(try await letters(intoFull: "classic", taking: 1, channel) == ["1"])
    }

    /// Whether so many more messages of ten octets are taken; from 4.3 on two of them are the flags of the properties.
    private func tens(_ count: Int, _ channel: ProbeChannel, _ queue: ShortString) async throws -> [Bool] {
        var answers: [Bool] = []
        for _ in 1...count {
            try await channel.barrier(behind: queue)
            answers.append(try await publish("", filledTo: isRabbitMQ(from: "4.3") ? 8 : 10, channel, queue))
        }
        return answers
    }

    @Test(
        "Publishes that were refused for their octets are taken again when four fifths of the octets are left",
        .proves(
            "quorum.reject-publish-octets-again",
            ["rabbitmq/quorum/reject-publish", "rabbitmq/quorum/room-again", "rabbitmq/quorum/octets"],
            needs: [.quorumQueues]))
    func rejectPublishOctetsAgain() async throws {
        let (channel, queue) = try await open([
            "x-max-length-bytes": 50, "x-overflow": "reject-publish", "x-delivery-limit": 9,
        ])
        try await channel.confirmSelect()
        // Fifty octets fit, and one message more is taken.
        let full = [Bool](repeating: true, count: 6) + [false]
        for _ in 1...2 {
            #expect(try await tens(7, channel, queue) == full)
            _ = try await channel.call(QueuePurge(queue: queue), QueuePurgeOk.self)
        }
        #expect(try await tens(7, channel, queue) == full)
        // Fifty octets are too many still, forty are not; what is held does not count.
        let held = try await channel.hold(1, of: queue)
        #expect(try await tens(2, channel, queue) == [false, false])
        let more = try await channel.hold(1, of: queue)
        #expect(try await tens(3, channel, queue) == [true, true, false])
        // What comes back counts again: sixty, seventy, eighty.
        for message in held + more { channel.nack(message) }
        try await channel.awaitReady(8, in: queue)
        #expect(try await tens(1, channel, queue) == [false])
        for _ in 1...3 { channel.ack(try #require(try await channel.hold(1, of: queue).first)) }
        #expect(try await tens(1, channel, queue) == [false])
        channel.reject(try #require(try await channel.hold(1, of: queue).first), requeue: false)
        #expect(try await tens(3, channel, queue) == [true, true, false])
    }

    @Test(
        "Exactly as many octets fit as the limit says, while others are held too, and what comes back may be too much",
        .proves(
            "quorum.octets-fit",
            ["rabbitmq/quorum/octets", "rabbitmq/quorum/drop-head", "rabbitmq/quorum/requeue-to-full"],
            needs: [.quorumQueues], rabbitmq: .before("4.3", "Only bodies count.")))
    func octetsFit() async throws {
        let (channel, queue) = try await open(["x-max-length-bytes": 20, "x-delivery-limit": 9])
        try await channel.confirmSelect()
        // Two bodies alone would fit; each of them has flags of two octets before it.
        for number in 1...2 { _ = try await publish("\(number)", filledTo: 10, channel, queue) }
        expect(try await drain(channel, queue), spec: ["2"], rabbitmq: ["1", "2"], before: "4.3", "what is there")
        let count = isRabbitMQ(from: "4.3") ? 8 : 10
        for _ in 1...2 {
            for number in 1...3 { #expect(try await publish("\(number)", filledTo: count, channel, queue)) }
            #expect(try await drain(channel, queue) == ["2", "3"])
        }
        for number in 1...2 { _ = try await publish("\(number)", filledTo: count, channel, queue) }
        let held = try await channel.hold(1, of: queue)
        _ = try await publish("3", filledTo: count, channel, queue)
        try await channel.awaitReady(2, in: queue)
        channel.nack(held[0])
        // It is the oldest, and is dropped.
        try await channel.barrier(behind: queue)
        #expect(try await drain(channel, queue) == ["2", "3"])
    }

    @Test(
        "Four fifths of a limit are rounded down",
        .proves(
            "quorum.room-again-rounded", ["rabbitmq/quorum/room-again", "rabbitmq/quorum/reject-publish"],
            needs: [.quorumQueues]))
    func roomAgainRounded() async throws {
        for (limit, room) in [(1, 0), (3, 2), (4, 3), (6, 4), (9, 7), (10, 8)] {
            let (channel, queue) = try await open([
                "x-max-length": .int32(Int32(limit)), "x-overflow": "reject-publish",
            ])
            try await channel.confirmSelect()
            for number in 0...limit { #expect(try await publish("\(number)", channel, queue), "\(number) of \(limit)") }
            #expect(try await !publish("too much", channel, queue), "more than \(limit)")
            for left in (room...limit).reversed() {
                _ = try #require(try await channel.fetch(queue, noAck: true))
                try await channel.barrier(behind: queue)
                let isTaken = try await publish("again", channel, queue)
                #expect(isTaken == (left == room), "beside \(left) of \(limit)")
            }
            try await channel.probe.close()
        }
    }

    @Test(
        "A purge makes room for publishes that were refused",
        .proves(
            "quorum.reject-publish-purged", ["rabbitmq/quorum/room-again", "rabbitmq/quorum/purge"],
            needs: [.quorumQueues]))
    func rejectPublishPurged() async throws {
        let (channel, queue) = try await open(["x-max-length": 2, "x-overflow": "reject-publish"])
        try await channel.confirmSelect()
        var answers: [Bool] = []
        for number in 1...4 { answers.append(try await publish("\(number)", channel, queue)) }
        #expect(answers == [true, true, true, false])
        #expect(try await channel.call(QueuePurge(queue: queue), QueuePurgeOk.self).messageCount == 3)
        try await channel.barrier(behind: queue)
        #expect(try await publish("again", channel, queue))
        #expect(try await drain(channel, queue) == ["again"])
    }

    @Test(
        "A large message drops as many small ones as it takes",
        .proves("quorum.drop-several", ["rabbitmq/quorum/drop-head"], needs: [.quorumQueues]))
    func dropSeveral() async throws {
        let (channel, queue) = try await open(["x-max-length-bytes": 1200])
        try await channel.confirmSelect()
        for number in 1...4 { _ = try await publish("\(number)", filledTo: 250, channel, queue) }
        _ = try await publish("large", filledTo: 600, channel, queue)
        #expect(try await drain(channel, queue) == ["3", "4", "large"])
    }

    @Test(
        "The octets of a message that came back count",
        .proves("quorum.octets-of-returns", ["rabbitmq/quorum/octets"], needs: [.quorumQueues]))
    func octetsOfReturns() async throws {
        let (channel, queue) = try await open(["x-max-length-bytes": 1000, "x-delivery-limit": 9])
        try await channel.confirmSelect()
        _ = try await publish("1", filledTo: 600, channel, queue)
        let held = try await channel.hold(1, of: queue)
        _ = try await publish("2", filledTo: 300, channel, queue)
        channel.nack(held[0])
        try await channel.awaitReady(2, in: queue)
        _ = try await publish("3", filledTo: 300, channel, queue)
        #expect(try await drain(channel, queue) == ["2", "3"])
    }

    @Test(
        "The octets of a message that is gone do not count, nor those of its properties",
        .proves(
            "quorum.octets-again", ["rabbitmq/quorum/octets"], needs: [.quorumQueues],
            rabbitmq: .before("4.3", "Only bodies count.")))
    func octetsAgain() async throws {
        let (channel, queue) = try await open(["x-max-length-bytes": 1000])
        let properties = BasicProperties(headers: ["padding": .string(String(repeating: "p", count: 300))])
        for number in 1...3 {
            channel.publish(Self.fill("\(number)", to: 400), to: "", queue, properties)
            let message = try #require(try await channel.fetch(queue))
            if number == 2 {
                channel.reject(message, requeue: false)
            } else {
                channel.ack(message)
            }
        }
        try await channel.confirmSelect()
        for number in 4...5 {
            channel.publish(Self.fill("\(number)", to: 400), to: "", queue, properties)
            _ = try await channel.confirm()
        }
        expect(try await drain(channel, queue), spec: ["5"], rabbitmq: ["4", "5"], before: "4.3", "what is there")
    }

    @Test(
        "A row that comes back to a full queue drops as many as are too much, oldest first",
        .proves("quorum.requeue-several-to-full", ["rabbitmq/quorum/requeue-to-full"], needs: [.quorumQueues]))
    func requeueSeveralToFull() async throws {
        let (channel, queue) = try await open(["x-max-length": 3, "x-delivery-limit": 9])
        channel.publish(1...3, toQueue: queue)
        let held = try await channel.hold(3, of: queue)
        channel.publish(4...5, toQueue: queue)
        try await channel.awaitReady(2, in: queue)
        channel.nack(held[2], multiple: true)
        try await channel.awaitReady(3, in: queue)
        #expect(try await drain(channel, queue) == ["3", "4", "5"])
    }
}
