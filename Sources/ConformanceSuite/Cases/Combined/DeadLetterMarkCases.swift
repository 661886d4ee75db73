import AMQPWire
import Testing

/// Whether dead letters look as if somebody had had them where they are. From 4.3 on they take along how often a delivery
/// of theirs has failed: `basic.reject` is a failure, and so is the end of a channel, but not `basic.nack`.
@Suite("Dead letters marked as redelivered") struct DeadLetterMarkCases {
    private static let release: Release = "4.3"

    /// A queue, and one for its dead letters.
    private func open(
        _ arguments: FieldTable = [:]
    ) async throws -> (channel: ProbeChannel, queue: ShortString, dead: ShortString) {
        let channel = try await Probe.openChannel()
        let dead = try await channel.declareQueue(exclusive: false)
        return (channel, try await channel.declareQueue(leadingTo: dead, arguments), dead)
    }

    /// What is marked, of nothing at all before that release.
    private func expectMarks(_ seen: [Bool], from release: [Bool], at place: SourceLocation = #_sourceLocation) {
        if isRabbitMQ(from: Self.release) { #expect(seen == release, sourceLocation: place) }
        expect(
            seen, spec: seen.map { _ in false }, rabbitmq: release, from: Self.release, "what is marked", at: place)
    }

    private enum Return: CaseIterable {
        case none, nack, recover, reject, close, connectionLost
    }

    @Test(
        "A dead letter is marked when it had come back by a reject or with its channel's end",
        .proves(
            "dead-letter.mark-of-what-came-back", ["rabbitmq/dead-letter/unmarked"],
            rabbitmq: .from("4.3", "What was rejected or came back with its channel is marked in its dead letters.")))
    func cameBack() async throws {
        var marks: [Bool] = []
        for way in Return.allCases {
            let (channel, queue, dead) = try await open(["x-max-length": 1])
            channel.publish("dies", to: "", queue)
            try await channel.awaitReady(1, in: queue)
            let other = try await Probe.openChannel()
            if way != .none {
                let message = try #require(try await other.get(queue, noAck: false))
                switch way {
                case .none: break
                case .nack: other.nack(message)
                case .reject: other.reject(message)
                case .recover: _ = try await other.call(BasicRecover(requeue: true), BasicRecoverOk.self)
                case .close: try await other.close()
                case .connectionLost: other.probe.abort()
                }
            }
            try await channel.awaitReady(1, in: queue)
            channel.publish("pushes it out", to: "", queue)
            try await channel.awaitReady(1, in: dead)
            marks.append(try #require(try await channel.get(dead)).redelivered)
        }
        expectMarks(marks, from: [false, false, false, true, true, true])
    }

    @Test(
        "A message that is refused for good is marked after a reject, and not after a nack",
        .proves(
            "dead-letter.mark-of-what-is-refused", ["rabbitmq/dead-letter/unmarked"],
            rabbitmq: .from("4.3", "What was rejected is marked in its dead letters.")))
    func refused() async throws {
        let (channel, queue, dead) = try await open()
        for text in ["rejected", "nacked"] { channel.publish(text, to: "", queue) }
        try await channel.awaitReady(2, in: queue)
        channel.reject(try #require(try await channel.get(queue, noAck: false)), requeue: false)
        channel.nack(try #require(try await channel.get(queue, noAck: false)), requeue: false)
        try await channel.awaitReady(2, in: dead)
        var marks: [Bool] = []
        for _ in 1...2 { marks.append(try #require(try await channel.get(dead)).redelivered) }
        expectMarks(marks, from: [true, false])
    }

    @Test(
        "A mark goes along to the next queue, but not to a consumer that is handed the message there at once",
        .proves(
            "dead-letter.mark-goes-along", ["rabbitmq/dead-letter/unmarked"],
            rabbitmq: .from("4.3", "A mark goes along with a dead letter, even past a consumer that didn't see it.")))
    func goesAlong() async throws {
        let (channel, second, third) = try await open()
        let first = try await channel.declareQueue(leadingTo: second)
        try await channel.consume(second, tag: "waits")
        channel.publish("dies twice", to: "", first)
        try await channel.awaitReady(1, in: first)
        channel.reject(try #require(try await channel.get(first, noAck: false)), requeue: false)
        let message = try await channel.delivery()
        #expect(!message.redelivered)
        channel.nack(message, requeue: false)
        try await channel.awaitReady(1, in: third)
        expectMarks([try #require(try await channel.get(third)).redelivered], from: [true])
    }

    @Test(
        "A quorum queue goes on counting what failed before it died",
        .proves(
            "dead-letter.count-goes-along", ["rabbitmq/dead-letter/unmarked", "rabbitmq/quorum/delivery-count"],
            needs: [.quorumQueues],
            rabbitmq: .from("4.3", "How often it had failed where it died counts, for the limit, too.")))
    func countGoesAlong() async throws {
        let channel = try await Probe.openChannel()
        let quorum = try await channel.declareQuorumQueue(["x-delivery-limit": 1])
        let queue = try await channel.declareQueue(leadingTo: quorum)
        channel.publish("dies", to: "", queue)
        try await channel.awaitReady(1, in: queue)
        channel.reject(try #require(try await channel.get(queue, noAck: false)), requeue: false)
        var marks: [Bool] = []
        var counts: [Int64] = []
        for _ in 1...2 {
            guard try await channel.hasReady(in: quorum) else { break }
            let message = try #require(try await channel.get(quorum, noAck: false))
            marks.append(message.redelivered)
            counts.append(message.headers["x-delivery-count"]?.integer ?? 0)
            channel.reject(message)
            try await channel.barrier(behind: quorum)
        }
        if isRabbitMQ(from: Self.release) { #expect(marks == [true]) }
        expect(counts, spec: [0, 1], rabbitmq: [1], from: Self.release, "x-delivery-count")
    }

    @Test(
        "Marks of dead letters are there after a restart",
        .proves(
            "durability.marks-of-dead-letters", ["rabbitmq/dead-letter/unmarked", "rabbitmq/restart/messages"],
            needs: [.restart], rabbitmq: .from("4.3", "What was rejected is marked in its dead letters.")))
    func afterARestart() async throws {
        let channel = try await Probe.openChannel()
        let dead = try await channel.declareQueue(durable: true, exclusive: false)
        let queue = try await channel.declareQueue(leadingTo: dead)
        for text in ["rejected", "nacked"] { channel.publish(text, to: "", queue, BasicProperties(deliveryMode: 2)) }
        try await channel.awaitReady(2, in: queue)
        channel.reject(try #require(try await channel.get(queue, noAck: false)), requeue: false)
        channel.nack(try #require(try await channel.get(queue, noAck: false)), requeue: false)
        try await channel.awaitReady(2, in: dead)
        try await restartBroker()
        let after = try await Probe.openChannel()
        var marks: [Bool] = []
        for _ in 1...2 { marks.append(try #require(try await after.get(dead)).redelivered) }
        expectMarks(marks, from: [true, false])
    }
}

extension ProbeChannel {
    /// A queue whose dead letters go to another.
    fileprivate func declareQueue(
        leadingTo dead: ShortString, _ arguments: FieldTable = [:]
    ) async throws -> ShortString {
        let letters: [FieldTable.Field] = [
            .init("x-dead-letter-exchange", ""), .init("x-dead-letter-routing-key", .longString(dead.octets)),
        ]
        return try await declareQueue(exclusive: false, arguments: FieldTable(letters + arguments.fields))
    }
}
