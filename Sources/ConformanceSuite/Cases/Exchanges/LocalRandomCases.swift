import AMQPWire
import Testing

@Suite("Local random exchange") struct LocalRandomCases {
    /// An exchange of the type; nil: the release has none.
    private func declare(_ channel: ProbeChannel) async throws -> ShortString? {
        let exchange = unique("exchange")
        try await channel.send(
            ExchangeDeclare(exchange: exchange, type: "x-local-random"), expecting: .ok,
            rabbitmq: .connectionClose(.commandInvalid), before: "4.0")
        return isRabbitMQ(before: "4.0") ? nil : exchange
    }

    /// Queues that are bound to it so often each, by arguments that mean nothing.
    private func bind(_ times: [Int], to exchange: ShortString, _ channel: ProbeChannel) async throws -> [ShortString] {
        var queues: [ShortString] = []
        for count in times {
            let queue = try await channel.declareQueue()
            queues.append(queue)
            for number in 1...count {
                try await channel.bind(queue, to: exchange, arguments: ["number": .int32(Int32(number))])
            }
        }
        return queues
    }

    private func backlogs(_ channel: ProbeChannel, _ queues: [ShortString]) async throws -> [Int] {
        var counts: [Int] = []
        for queue in queues { counts.append(try await channel.counts(of: queue).messages) }
        return counts
    }

    @Test(
        "x-local-random: each message goes to one queue whatever its key, and no queue is left out",
        .proves(
            "local-random.one-queue-each", ["rabbitmq/local-random/one-queue"],
            rabbitmq: .before("4.0", "There is no such type: 503.")))
    func oneQueueEach() async throws {
        let channel = try await Probe.openChannel()
        guard let exchange = try await declare(channel) else { return }
        let queues = try await bind([1, 1, 1], to: exchange, channel)
        for number in 1...120 { channel.publish("\(number)", to: exchange, number > 60 ? "same" : "") }
        let counts = try await backlogs(channel, queues)
        #expect(counts.reduce(0, +) == 120)
        #expect(!counts.contains(0))
    }

    @Test(
        "x-local-random: CC and BCC lead nowhere",
        .proves(
            "local-random.copies", ["rabbitmq/local-random/copies"],
            rabbitmq: .before("4.0", "There is no such type: 503.")))
    func copies() async throws {
        let channel = try await Probe.openChannel()
        guard let exchange = try await declare(channel) else { return }
        let queues = try await bind([1, 1, 1], to: exchange, channel)
        let copies = BasicProperties(headers: ["CC": .array(["a", "b"]), "BCC": .array(["c"])])
        for number in 1...30 { channel.publish("\(number)", to: exchange, "key", copies) }
        #expect(try await backlogs(channel, queues).reduce(0, +) == 30)
    }

    @Test(
        "x-local-random: a queue that is bound more often gets more",
        .proves(
            "local-random.bound-thrice", ["rabbitmq/local-random/weights"],
            rabbitmq: .before("4.0", "There is no such type: 503.")))
    func boundThrice() async throws {
        let channel = try await Probe.openChannel()
        guard let exchange = try await declare(channel) else { return }
        let queues = try await bind([3, 1, 1], to: exchange, channel)
        for number in 1...500 { channel.publish("\(number)", to: exchange, "key") }
        // Three fifths are 300; a third would be 167.
        let counts = try await backlogs(channel, queues)
        #expect(counts.reduce(0, +) == 500)
        #expect((235...365).contains(counts[0]))
    }

    @Test(
        "x-local-random: when queues are deleted, the one that is left gets all; without one a message is unroutable",
        .proves(
            "local-random.deleted-queues", ["rabbitmq/local-random/one-queue"],
            rabbitmq: .before("4.0", "There is no such type: 503.")))
    func deletedQueues() async throws {
        let channel = try await Probe.openChannel()
        guard let exchange = try await declare(channel) else { return }
        let queues = try await bind([1, 20, 1], to: exchange, channel)
        for queue in queues[1...] { _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self) }
        for number in 1...30 { channel.publish("\(number)", to: exchange, "key") }
        #expect(try await channel.counts(of: queues[0]).messages == 30)
        _ = try await channel.call(QueueDelete(queue: queues[0]), QueueDeleteOk.self)
        channel.publish("back", to: exchange, "key", mandatory: true)
        #expect(try await channel.returned().text == "back")
    }

    @Test(
        "x-local-random: a binding with a key is refused",
        .proves(
            "local-random.key", ["rabbitmq/local-random/no-key"],
            rabbitmq: .before("4.0", "There is no such type: 503.")))
    func key() async throws {
        let channel = try await Probe.openChannel()
        guard let exchange = try await declare(channel) else { return }
        let queue = try await channel.declareQueue()
        try await channel.send(
            QueueBind(queue: queue, exchange: exchange, routingKey: "#"), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "x-local-random: quorum queues, streams and exchanges may not be bound",
        .proves(
            "local-random.other-destinations", ["rabbitmq/local-random/classic-queues"],
            needs: [.quorumQueues, .streams], rabbitmq: .before("4.0", "There is no such type: 503.")))
    func otherDestinations() async throws {
        let channel = try await Probe.openChannel()
        guard let exchange = try await declare(channel) else { return }
        for type: FieldValue in ["quorum", "stream"] {
            let queue = try await channel.declareQueue(
                unique("queue"), durable: true, exclusive: false, arguments: ["x-queue-type": type])
            try await channel.send(
                QueueBind(queue: queue, exchange: exchange), expecting: .channelClose(.preconditionFailed))
        }
        let fanout = try await channel.declareExchange("fanout")
        try await channel.send(
            ExchangeBind(destination: fanout, source: exchange), expecting: .channelClose(.preconditionFailed))
        try await channel.send(ExchangeBind(destination: exchange, source: fanout), expecting: .ok)
    }
}
