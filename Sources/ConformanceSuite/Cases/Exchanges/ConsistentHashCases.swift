import AMQPWire
import Testing

/// An exchange of the type, and queues bound to it with these weights.
private func openExchange(
    _ weights: ShortString..., arguments: FieldTable = [:]
) async throws -> (channel: ProbeChannel, exchange: ShortString, queues: [ShortString]) {
    let channel = try await Probe.openChannel()
    let exchange = try await channel.declareExchange("x-consistent-hash", arguments: arguments)
    var queues: [ShortString] = []
    for weight in weights {
        queues.append(try await channel.declareQueue())
        try await channel.bind(queues[queues.count - 1], to: exchange, weight)
    }
    return (channel, exchange, queues)
}

/// Which queue got each of the messages, by its text; fails for one that two have. Empties the queues.
private func distribution(_ channel: ProbeChannel, _ queues: [ShortString]) async throws -> [String: Int] {
    var owners: [String: Int] = [:]
    for (number, queue) in queues.enumerated() {
        for text in try await channel.drain(queue) {
            #expect(owners.updateValue(number, forKey: text) == nil, "two queues have message \(text)")
        }
    }
    return owners
}

private func backlogs(_ channel: ProbeChannel, _ queues: [ShortString]) async throws -> [Int] {
    var counts: [Int] = []
    for queue in queues { counts.append(try await channel.counts(of: queue).messages) }
    return counts
}

private let keys = (1...300).map { "key\($0)" }

@Suite("Consistent-hash exchange", .serialized) struct ConsistentHashCases {
    @Test(
        "Every message goes to exactly one queue, and no queue is left out",
        .proves(
            "consistent-hash.one-queue-each", ["rabbitmq/consistent-hash/one-destination"], needs: [.consistentHash]))
    func oneQueueEach() async throws {
        let (channel, exchange, queues) = try await openExchange("1", "1", "1")
        for key in keys { channel.publish(key, to: exchange, ShortString(truncating: key)) }
        let owners = try await distribution(channel, queues)
        #expect(owners.count == keys.count)
        #expect(Set(owners.values) == [0, 1, 2])
    }

    @Test(
        "The same key always leads to the same queue",
        .proves("consistent-hash.same-key", ["rabbitmq/consistent-hash/same-key"], needs: [.consistentHash]))
    func sameKey() async throws {
        let (channel, exchange, queues) = try await openExchange("1", "1", "1")
        for number in 1...40 { channel.publish("\(number)", to: exchange, "orders.eu") }
        #expect(try await backlogs(channel, queues).sorted() == [0, 0, 40])
    }

    @Test(
        "CC and BCC lead nowhere: a message goes where its own key leads, and only there",
        .proves(
            "consistent-hash.copies", ["rabbitmq/consistent-hash/copies", "rabbitmq/consistent-hash/one-destination"],
            needs: [.consistentHash]))
    func copies() async throws {
        let (channel, exchange, queues) = try await openExchange("1", "1", "1")
        let some = keys.prefix(40)
        for key in some { channel.publish(key, to: exchange, ShortString(truncating: key)) }
        let owners = try await distribution(channel, queues)
        let all = FieldValue.array(some.map { .longString(Array($0.utf8)) })
        for name: ShortString in ["CC", "BCC"] {
            for key in some {
                channel.publish(
                    key, to: exchange, ShortString(truncating: key),
                    BasicProperties(headers: FieldTable([.init(name, all)])))
            }
            #expect(try await distribution(channel, queues) == owners, "\(name)")
        }
    }

    @Test(
        "A queue's share of the keys grows with its weight, the binding key",
        .proves("consistent-hash.weights", ["rabbitmq/consistent-hash/weights"], needs: [.consistentHash]))
    func weights() async throws {
        let (channel, exchange, queues) = try await openExchange("1", "2", "7")
        for number in 1...1000 { channel.publish("", to: exchange, ShortString(truncating: "key\(number)")) }
        let counts = try await backlogs(channel, queues)
        #expect(counts.reduce(0, +) == 1000)
        // 100, 200 and 700 are to be expected; the limits are five standard deviations away and more.
        for (count, limits) in zip(counts, [40...170, 120...290, 600...800]) {
            #expect(limits.contains(count), "\(counts) for weights 1, 2 and 7")
        }
    }

    @Test(
        "Weights of more than 255 count, and so does every octet of a key",
        .proves("consistent-hash.wide-weights", ["rabbitmq/consistent-hash/weights"], needs: [.consistentHash]))
    func wideWeights() async throws {
        let (channel, exchange, queues) = try await openExchange("300", "900")
        for number in 1...1000 { channel.publish("", to: exchange, ShortString(truncating: "orders.europe.\(number)")) }
        let counts = try await backlogs(channel, queues)
        #expect(counts.reduce(0, +) == 1000)
        // 250 and 750 are to be expected; the limits are five standard deviations away and more.
        for (count, limits) in zip(counts, [170...330, 670...830]) {
            #expect(limits.contains(count), "\(counts) for weights 300 and 900")
        }
    }

    @Test(
        "A header that is a number is hashed, too, and read for every message",
        .proves("consistent-hash.header-number", ["rabbitmq/consistent-hash/header"], needs: [.consistentHash]))
    func headerNumber() async throws {
        let (channel, exchange, queues) = try await openExchange("1", "1", "1", arguments: ["hash-header": "customer"])
        for number in 1...300 {
            channel.publish(
                "\(number)", to: exchange, "same", BasicProperties(headers: ["customer": .int64(Int64(number))]))
        }
        let owners = try await distribution(channel, queues)
        #expect(owners.count == 300)
        #expect(Set(owners.values) == [0, 1, 2])
    }

    @Test(
        "A binding key that is not a whole number is refused",
        .proves(
            "consistent-hash.weight-not-a-number", ["rabbitmq/consistent-hash/bad-weight"], needs: [.consistentHash]))
    func weightNotANumber() async throws {
        for weight: ShortString in ["a", "", "1.5", "10 "] {
            let (channel, exchange, queues) = try await openExchange("1")
            let bind = QueueBind(queue: queues[0], exchange: exchange, routingKey: weight)
            try await channel.send(bind, expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "A weight below one is refused",
        .proves("consistent-hash.weight-below-one", ["rabbitmq/consistent-hash/bad-weight"], needs: [.consistentHash]))
    func weightBelowOne() async throws {
        for weight: ShortString in ["0", "-1"] {
            let (channel, exchange, queues) = try await openExchange("1")
            let bind = QueueBind(queue: queues[0], exchange: exchange, routingKey: weight)
            try await channel.send(bind, expecting: .channelClose(.preconditionFailed))
        }
    }

    @Test(
        "With hash-header the header decides, and the key does not",
        .proves("consistent-hash.header", ["rabbitmq/consistent-hash/header"], needs: [.consistentHash]))
    func header() async throws {
        let (channel, exchange, queues) = try await openExchange("1", "1", "1", arguments: ["hash-header": "customer"])
        for key in keys {
            channel.publish(
                key, to: exchange, "same", BasicProperties(headers: ["customer": .longString(Array(key.utf8))]))
        }
        #expect(try await Set(distribution(channel, queues).values) == [0, 1, 2])
        for key in keys {
            channel.publish(
                key, to: exchange, ShortString(truncating: key), BasicProperties(headers: ["customer": "one"]))
        }
        #expect(try await backlogs(channel, queues).sorted() == [0, 0, keys.count])
    }

    @Test(
        "Messages without the header all go to one queue, whatever their keys",
        .proves("consistent-hash.header-missing", ["rabbitmq/consistent-hash/header"], needs: [.consistentHash]))
    func headerMissing() async throws {
        let (channel, exchange, queues) = try await openExchange("1", "1", "1", arguments: ["hash-header": "customer"])
        for key in keys { channel.publish(key, to: exchange, ShortString(truncating: key)) }
        #expect(try await backlogs(channel, queues).sorted() == [0, 0, keys.count])
    }

    @Test(
        "With hash-property message-id, correlation-id or timestamp decides",
        .proves("consistent-hash.property", ["rabbitmq/consistent-hash/property"], needs: [.consistentHash]))
    func property() async throws {
        for property: FieldValue in ["message_id", "correlation_id", "timestamp"] {
            let (channel, exchange, queues) = try await openExchange(
                "1", "1", "1", arguments: ["hash-property": property])
            for (number, key) in keys.enumerated() {
                var properties = BasicProperties()
                properties.messageID = property == "message_id" ? ShortString(truncating: key) : nil
                properties.correlationID = property == "correlation_id" ? ShortString(truncating: key) : nil
                properties.timestamp = property == "timestamp" ? UInt64(number) : nil
                channel.publish(key, to: exchange, "same", properties)
            }
            #expect(try await Set(distribution(channel, queues).values) == [0, 1, 2])
            for key in keys { channel.publish(key, to: exchange, ShortString(truncating: key)) }
            #expect(try await backlogs(channel, queues).sorted() == [0, 0, keys.count])
        }
    }

    @Test(
        "A hash-property other than those three is refused",
        .proves("consistent-hash.other-property", ["rabbitmq/consistent-hash/bad-arguments"], needs: [.consistentHash]))
    func otherProperty() async throws {
        let channel = try await Probe.openChannel()
        let declare = ExchangeDeclare(
            exchange: unique("exchange"), type: "x-consistent-hash", arguments: ["hash-property": "app_id"])
        try await channel.send(declare, expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "hash-header and hash-property together are refused",
        .proves("consistent-hash.both-arguments", ["rabbitmq/consistent-hash/bad-arguments"], needs: [.consistentHash]))
    func bothArguments() async throws {
        let channel = try await Probe.openChannel()
        let declare = ExchangeDeclare(
            exchange: unique("exchange"), type: "x-consistent-hash",
            arguments: ["hash-header": "customer", "hash-property": "message_id"])
        try await channel.send(declare, expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "One more queue takes keys from the others, and no key moves between those; without it all is as before",
        .proves("consistent-hash.one-queue-more", ["rabbitmq/consistent-hash/stable"], needs: [.consistentHash]))
    func oneQueueMore() async throws {
        let (channel, exchange, three) = try await openExchange("10", "10", "10")
        let queues = three + [try await channel.declareQueue()]
        func routed() async throws -> [String: Int] {
            for key in keys { channel.publish(key, to: exchange, ShortString(truncating: key)) }
            return try await distribution(channel, queues)
        }
        let before = try await routed()
        try await channel.bind(queues[3], to: exchange, "10")
        let after = try await routed()
        let moved = keys.filter { before[$0] != after[$0] }
        #expect(moved.allSatisfy { after[$0] == 3 })
        #expect((1...150).contains(moved.count))
        _ = try await channel.call(
            QueueUnbind(queue: queues[3], exchange: exchange, routingKey: "10"), QueueUnbindOk.self)
        #expect(try await routed() == before)
    }

    @Test(
        "Of two bindings to one queue the first gives the weight, and removing either ends both",
        .proves("consistent-hash.bound-twice", ["rabbitmq/consistent-hash/bound-twice"], needs: [.consistentHash]))
    func boundTwice() async throws {
        let (channel, exchange, queues) = try await openExchange("1", "1")
        try await channel.bind(queues[0], to: exchange, "99")
        for key in keys { channel.publish(key, to: exchange, ShortString(truncating: key)) }
        #expect((90...210).contains(try await backlogs(channel, queues)[0]))
        for queue in queues { _ = try await channel.drain(queue) }
        _ = try await channel.call(
            QueueUnbind(queue: queues[0], exchange: exchange, routingKey: "99"), QueueUnbindOk.self)
        for key in keys { channel.publish(key, to: exchange, ShortString(truncating: key)) }
        #expect(try await backlogs(channel, queues) == [0, keys.count])
    }

    @Test(
        "When a queue of large weight is deleted, the others get all messages",
        .proves(
            "consistent-hash.wide-weight-deleted", ["rabbitmq/consistent-hash/one-destination"],
            needs: [.consistentHash]))
    func wideWeightDeleted() async throws {
        let (channel, exchange, queues) = try await openExchange("100", "34", "2")
        _ = try await channel.call(QueueDelete(queue: queues[0]), QueueDeleteOk.self)
        for key in keys { channel.publish(key, to: exchange, ShortString(truncating: key)) }
        #expect(try await backlogs(channel, Array(queues[1...])).reduce(0, +) == keys.count)
    }

    @Test(
        "After a restart every message still goes to exactly one queue, and no queue is left out",
        .proves(
            "consistent-hash.restarted", ["rabbitmq/consistent-hash/one-destination", "rabbitmq/restart/declarations"],
            needs: [.restart, .consistentHash]))
    func restarted() async throws {
        let before = try await Probe.openChannel()
        let exchange = try await before.declareExchange("x-consistent-hash", durable: true)
        var queues: [ShortString] = []
        for _ in 1...3 {
            queues.append(try await before.declareQueue(unique("durable"), durable: true, exclusive: false))
            try await before.bind(queues[queues.count - 1], to: exchange, "1")
        }
        try await restartBroker()
        let after = try await Probe.openChannel()
        for key in keys { after.publish(key, to: exchange, ShortString(truncating: key)) }
        let owners = try await distribution(after, queues)
        #expect(owners.count == keys.count)
        #expect(Set(owners.values) == [0, 1, 2])
    }

    @Test(
        "Without a binding a message is unroutable",
        .proves("consistent-hash.no-binding", ["rabbitmq/consistent-hash/one-destination"], needs: [.consistentHash]))
    func noBinding() async throws {
        let (channel, exchange, _) = try await openExchange()
        channel.publish("back", to: exchange, "key", mandatory: true)
        #expect(try await channel.returned().text == "back")
    }

    @Test(
        "Weights are for what it leads to: another exchange may lead to it by any key",
        .proves(
            "consistent-hash.as-destination",
            ["rabbitmq/consistent-hash/weights", "rabbitmq/exchange-to-exchange/source-type-rules"],
            needs: [.consistentHash]))
    func asDestination() async throws {
        let (channel, exchange, _) = try await openExchange("1")
        let direct = try await channel.declareExchange("direct")
        try await channel.send(
            ExchangeBind(destination: exchange, source: direct, routingKey: "a word"), expecting: .ok)
        try await channel.send(
            ExchangeBind(destination: direct, source: exchange, routingKey: "a word"),
            expecting: .channelClose(.preconditionFailed))
    }
}
