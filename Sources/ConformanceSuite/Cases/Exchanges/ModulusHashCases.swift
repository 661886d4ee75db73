import AMQPWire
import Testing

@Suite("Modulus-hash exchange") struct ModulusHashCases {
    private static let keys = (1...300).map { "key\($0)" }

    /// An exchange of the type, and queues that are bound to it so often each; nil: the release has none.
    private func open(
        _ times: Int...
    ) async throws -> (channel: ProbeChannel, exchange: ShortString, queues: [ShortString])? {
        let channel = try await Probe.openChannel()
        let exchange = unique("exchange")
        try await channel.send(
            ExchangeDeclare(exchange: exchange, type: "x-modulus-hash"), expecting: .ok,
            rabbitmq: isRabbitMQ(before: "4.0")
                ? .connectionClose(.commandInvalid) : .channelClose(.preconditionFailed), before: "4.3")
        if isRabbitMQ(before: "4.3") { return nil }
        var queues: [ShortString] = []
        for count in times {
            let queue = try await channel.declareQueue()
            queues.append(queue)
            for number in 1...count {
                try await channel.bind(queue, to: exchange, ShortString(truncating: "any \(number)"))
            }
        }
        return (channel, exchange, queues)
    }

    /// Which queue gets a message of each key; fails where it is not one.
    private func owners(
        _ channel: ProbeChannel, _ exchange: ShortString, _ queues: [ShortString],
        _ properties: BasicProperties = BasicProperties()
    ) async throws -> [String: Int] {
        for key in Self.keys { channel.publish(key, to: exchange, ShortString(truncating: key), properties) }
        var owners: [String: Int] = [:]
        for (number, queue) in queues.enumerated() {
            for text in try await channel.drain(queue) {
                #expect(owners.updateValue(number, forKey: text) == nil, "two queues have message \(text)")
            }
        }
        #expect(owners.count == Self.keys.count)
        return owners
    }

    @Test(
        "x-modulus-hash: each message goes to one queue, the same for the same key, and no queue is left out",
        .proves(
            "modulus-hash.one-queue-each",
            ["rabbitmq/modulus-hash/one-destination", "rabbitmq/modulus-hash/same-key"],
            rabbitmq: .before("4.3", "There is no such type.")))
    func oneQueueEach() async throws {
        guard let (channel, exchange, queues) = try await open(1, 1, 1) else { return }
        let first = try await owners(channel, exchange, queues)
        #expect(Set(first.values) == [0, 1, 2])
        #expect(try await owners(channel, exchange, queues) == first)
    }

    @Test(
        "x-modulus-hash: a queue that is bound twice gets twice as many keys, and as many as before when one binding is gone",
        .proves(
            "modulus-hash.bound-twice", ["rabbitmq/modulus-hash/weights"],
            rabbitmq: .before("4.3", "There is no such type.")))
    func boundTwice() async throws {
        guard let (channel, exchange, queues) = try await open(1, 1) else { return }
        let before = try await owners(channel, exchange, queues)
        for number in 2...5 {
            try await channel.bind(queues[0], to: exchange, ShortString(truncating: "any \(number)"))
        }
        // Five sixths are 250.
        let count = try await owners(channel, exchange, queues).values.count { $0 == 0 }
        #expect((215...285).contains(count))
        for number in 2...5 {
            _ = try await channel.call(
                QueueUnbind(queue: queues[0], exchange: exchange, routingKey: ShortString(truncating: "any \(number)")),
                QueueUnbindOk.self)
        }
        #expect(try await owners(channel, exchange, queues) == before)
    }

    @Test(
        "x-modulus-hash: the keys of CC count with a message's own, and lead nowhere by themselves",
        .proves(
            "modulus-hash.copies", ["rabbitmq/modulus-hash/copies"],
            rabbitmq: .before("4.3", "There is no such type.")))
    func copies() async throws {
        guard let (channel, exchange, queues) = try await open(1, 1, 1) else { return }
        let plain = try await owners(channel, exchange, queues)
        let copied = try await owners(
            channel, exchange, queues, BasicProperties(headers: ["CC": .array(["another key"])]))
        #expect(copied != plain)
    }

    @Test(
        "x-modulus-hash: when a queue is deleted, the others get all messages; without one a message is unroutable",
        .proves(
            "modulus-hash.deleted-queues", ["rabbitmq/modulus-hash/one-destination"],
            rabbitmq: .before("4.3", "There is no such type.")))
    func deletedQueues() async throws {
        guard let (channel, exchange, queues) = try await open(20, 1, 1) else { return }
        _ = try await channel.call(QueueDelete(queue: queues[0]), QueueDeleteOk.self)
        _ = try await owners(channel, exchange, Array(queues[1...]))
        for queue in queues[1...] { _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self) }
        channel.publish("back", to: exchange, "key", mandatory: true)
        #expect(try await channel.returned().text == "back")
    }

    @Test(
        "x-modulus-hash: a restart moves no key",
        .proves(
            "modulus-hash.restarted", ["rabbitmq/modulus-hash/same-key"], needs: [.restart],
            rabbitmq: .before("4.3", "There is no such type.")))
    func restarted() async throws {
        let before = try await Probe.openChannel()
        let exchange = unique("durable")
        try await before.send(
            ExchangeDeclare(exchange: exchange, type: "x-modulus-hash", durable: true), expecting: .ok,
            rabbitmq: isRabbitMQ(before: "4.0")
                ? .connectionClose(.commandInvalid) : .channelClose(.preconditionFailed), before: "4.3")
        if isRabbitMQ(before: "4.3") { return }
        var queues: [ShortString] = []
        for number in 1...3 {
            queues.append(try await before.declareQueue(unique("durable"), durable: true, exclusive: false))
            try await before.bind(queues[queues.count - 1], to: exchange, ShortString(truncating: "\(number)"))
        }
        let first = try await owners(before, exchange, queues)
        try await restartBroker()
        #expect(try await owners(try await Probe.openChannel(), exchange, queues) == first)
    }
}
