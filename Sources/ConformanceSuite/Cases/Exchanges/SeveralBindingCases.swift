import AMQPWire
import Testing

@Suite("One of several bindings, one of several keys") struct SeveralBindingCases {
    @Test(
        "Of two patterns the one that is unbound leaves the other alone, in one queue and in two",
        .proves(
            "topic.unbind-one-pattern", ["spec/3.1.3.3/star-is-one-word", "spec/3.1.3.3/hash-is-any-words"]))
    func unbindOnePattern() async throws {
        // What goes, what stays; a key that only the one matches, and one that only the other does.
        for (gone, kept, goneKey, keptKey) in [
            ("#", "#.b", "a", "a.b"), ("*", "*.b", "a", "a.b"), ("a", "a.b", "a", "a.b"), ("#.a", "#.b", "x.a", "x.b"),
            ("*.a", "*.b", "x.a", "x.b"), ("a.#", "a.#.b", "a.c", "a.c.b"), ("a.*", "a.*.b", "a.c", "a.c.b"),
            ("a.a", "a.b", "a.a", "a.b"), ("a.b.c", "a.b", "a.b.c", "a.b"), ("*.b", "*", "a.b", "a"),
            ("a.b", "a", "a.b", "a"), ("a.#.b", "a.*", "a.c.c.b", "a.c"),
        ] as [(ShortString, ShortString, ShortString, ShortString)] {
            for hasOther in [false, true] {
                let channel = try await Probe.openChannel()
                let topics = try await channel.declareExchange("topic")
                let (one, other) = (try await channel.declareQueue(), try await channel.declareQueue())
                for queue in hasOther ? [one, other] : [one] {
                    for pattern in [gone, kept] { try await channel.bind(queue, to: topics, pattern) }
                }
                let unbind = QueueUnbind(queue: one, exchange: topics, routingKey: gone)
                _ = try await channel.call(unbind, QueueUnbindOk.self)
                for (text, key) in [("gone", goneKey), ("kept", keptKey)] { channel.publish(text, to: topics, key) }
                #expect(try await channel.drain(one) == ["kept"], "\(gone) \(kept)")
                #expect(try await channel.drain(other) == (hasOther ? ["gone", "kept"] : []), "\(gone) \(kept)")
            }
        }
    }

    @Test(
        "Each key is looked up by itself, however many words the one before had",
        .proves("topic.keys-in-a-row", ["spec/3.1.3.3/hash-is-any-words"]))
    func keysInARow() async throws {
        let channel = try await Probe.openChannel()
        let topics = try await channel.declareExchange("topic")
        let (first, last) = (try await channel.declareQueue(), try await channel.declareQueue())
        try await channel.bind(first, to: topics, "#.x")
        try await channel.bind(last, to: topics, "#.x.#.y")
        let keys = ["q.q.x", "q.x", "x", "q.q.q.x", "q.q.x", "q.x", "q.x.q.q.y", "q.x.q.y", "x.y", "q.q.x.y", "q.x.y"]
        for key in keys { channel.publish(key, to: topics, ShortString(truncating: key)) }
        #expect(try await channel.drain(first) == Array(keys.prefix(6)))
        #expect(try await channel.drain(last) == Array(keys.dropFirst(6)))
    }

    @Test(
        "A queue that is bound to a fanout exchange under two keys is bound until both are unbound",
        .proves("pubsub.two-keys", ["spec/3.1.3.2/fanout-ignores-key"]))
    func fanoutTwoKeys() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("fanout")
        let queue = try await channel.declareQueue()
        for key: ShortString in ["one", "two"] { try await channel.bind(queue, to: exchange, key) }
        for (key, left) in [("one", ["after one"]), ("two", [])] as [(ShortString, [String])] {
            let unbind = QueueUnbind(queue: queue, exchange: exchange, routingKey: key)
            _ = try await channel.call(unbind, QueueUnbindOk.self)
            channel.publish("after \(key)", to: exchange)
            #expect(try await channel.drain(queue) == left)
        }
    }

    @Test(
        "40 queues that are bound to one exchange each get a copy, whatever its type",
        .proves("pubsub.many-queues", ["spec/3.1.3.2/fanout-ignores-key", "spec/3.1.3.3/hash-is-any-words"]))
    func manyQueues() async throws {
        let channel = try await Probe.openChannel()
        var exchanges: [ShortString] = []
        for type: ShortString in ["fanout", "direct", "topic", "headers"] {
            exchanges.append(try await channel.declareExchange(type))
        }
        var queues: [ShortString] = []
        for _ in 1...40 {
            queues.append(try await channel.declareQueue())
            for exchange in exchanges {
                try await channel.bind(queues[queues.count - 1], to: exchange, "key")
            }
        }
        for exchange in exchanges { channel.publish("a copy", to: exchange, "key") }
        for queue in queues {
            #expect(try await channel.drain(queue) == Array(repeating: "a copy", count: exchanges.count))
        }
    }

    @Test(
        "The keys of CC count at every exchange on the way, and one that matches is enough to be routed there",
        .proves(
            "copies.at-every-exchange",
            ["rabbitmq/sender-selected/cc", "rabbitmq/exchange-to-exchange/routes-through"]))
    func copiesAtEveryExchange() async throws {
        let channel = try await Probe.openChannel()
        let (fallback, lost) = try await channel.declareFanoutAndQueue()
        let second = try await channel.declareExchange(
            "direct", arguments: ["alternate-exchange": .longString(fallback.octets)])
        let first = try await channel.declareExchange("fanout")
        try await channel.bind(exchange: second, to: first)
        let (one, two) = (try await channel.declareQueue(), try await channel.declareQueue())
        try await channel.bind(one, to: second, "one")
        try await channel.bind(two, to: second, "two")
        for (key, copies) in [("one", ["two"]), ("nowhere", ["two", "one"]), ("one", ["nowhere"])]
            as [(String, [FieldValue])]
        {
            channel.publish(
                key, to: first, ShortString(truncating: key), BasicProperties(headers: ["CC": .array(copies)]))
        }
        #expect(try await channel.drain(one) == ["one", "nowhere", "one"])
        #expect(try await channel.drain(two) == ["one", "nowhere"])
        #expect(try await channel.drain(lost) == [])
    }

    @Test(
        "An alternate exchange that is declared later is used from then on, and so is its own alternate",
        .proves(
            "alternate.declared-later", ["rabbitmq/alternate-exchange/missing", "rabbitmq/alternate-exchange/chain"]))
    func alternateDeclaredLater() async throws {
        let channel = try await Probe.openChannel()
        let (last, queue) = try await channel.declareFanoutAndQueue()
        let middle = unique("exchange")
        let first = try await channel.declareExchange(
            "direct", arguments: ["alternate-exchange": .longString(middle.octets)])
        channel.publish("too early", to: first, "key")
        try await channel.declareExchange("topic", middle, arguments: ["alternate-exchange": .longString(last.octets)])
        channel.publish("in time", to: first, "key")
        #expect(try await channel.drain(queue) == ["in time"])
    }

    @Test(
        "An exchange's alternate gets what the exchange cannot route, though others on the way could",
        .proves("alternate.beside-others", ["rabbitmq/alternate-exchange/unroutable-goes-there"]))
    func alternateBesideOthers() async throws {
        let channel = try await Probe.openChannel()
        let (fallback, unroutable) = try await channel.declareFanoutAndQueue()
        let first = try await channel.declareExchange("fanout")
        let second = try await channel.declareExchange(
            "direct", arguments: ["alternate-exchange": .longString(fallback.octets)])
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: first)
        try await channel.bind(exchange: second, to: first)
        channel.publish("both", to: first, "key")
        #expect(try await channel.drain(queue) == ["both"])
        #expect(try await channel.drain(unroutable) == ["both"])
    }

    @Test(
        "Headers of more than 32 bits, and of more than 127 and 255 octets, are compared as a whole",
        .proves("headers.wide-values", ["rabbitmq/headers-exchange/equal-values"]))
    func wideValues() async throws {
        let long = String(repeating: "x", count: 127)
        let longer = String(repeating: "y", count: 300)
        for (bound, sent, other) in [
            (.int64(4_294_967_297), .int64(4_294_967_297), .int64(1)),
            (.int64(-4_294_967_295), .int64(-4_294_967_295), .int32(1)),
            (.string(long + "a"), .string(long + "a"), .string(long + "b")),
            (.string(longer + "a"), .string(longer + "a"), .string(longer + "b")),
        ] as [(FieldValue, FieldValue, FieldValue)] {
            for match: FieldValue in ["all", "any"] {
                let channel = try await Probe.openChannel()
                let exchange = try await channel.declareExchange("headers")
                let queue = try await channel.declareQueue()
                try await channel.bind(queue, to: exchange, arguments: ["x-match": match, "value": bound])
                channel.publish("equal", to: exchange, "", BasicProperties(headers: ["value": sent]))
                channel.publish("other", to: exchange, "", BasicProperties(headers: ["value": other]))
                #expect(try await channel.drain(queue) == ["equal"], "\(bound)")
            }
        }
    }

    @Test(
        "An auto-delete exchange stays with all but the last of its bindings, and goes with the queue that the last led to",
        .proves(
            "declare.auto-delete-by-queue", ["rabbitmq/exchange.declare/auto-delete-last-binding"]))
    func autoDeleteByQueue() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct", autoDelete: true)
        let (one, other) = (try await channel.declareQueue(), try await channel.declareQueue())
        for key: ShortString in ["a", "b"] { try await channel.bind(one, to: exchange, key) }
        try await channel.bind(other, to: exchange, "a")
        _ = try await channel.call(QueueUnbind(queue: one, exchange: exchange, routingKey: "a"), QueueUnbindOk.self)
        _ = try await channel.call(QueueDelete(queue: other), QueueDeleteOk.self)
        #expect(try await channel.exists(exchange: exchange))
        _ = try await channel.call(QueueDelete(queue: one), QueueDeleteOk.self)
        #expect(try await !channel.exists(exchange: exchange))
    }

    @Test(
        "An empty key leads to the queues of its own exchange, and to no other's",
        .proves("topic.empty-pattern-of-another-exchange", ["spec/3.1.3.3/topic-key-words"]))
    func emptyPatternOfAnotherExchange() async throws {
        let channel = try await Probe.openChannel()
        var ends: [(exchange: ShortString, queue: ShortString)] = []
        for _ in 1...2 {
            ends.append((try await channel.declareExchange("topic"), try await channel.declareQueue()))
            try await channel.bind(ends[ends.count - 1].queue, to: ends[ends.count - 1].exchange, "")
        }
        for end in ends { channel.publish("to its own", to: end.exchange, "") }
        for end in ends { #expect(try await channel.drain(end.queue) == ["to its own"]) }
    }

    @Test(
        "A queue that was unbound can be bound again, with the same key",
        .proves("bindings.bound-again", ["queue.bind/unique"]))
    func boundAgain() async throws {
        let channel = try await Probe.openChannel()
        for type: ShortString in ["direct", "topic", "fanout", "headers"] {
            let exchange = try await channel.declareExchange(type)
            let (queue, other) = (try await channel.declareQueue(), try await channel.declareQueue())
            for queue in [queue, other] { try await channel.bind(queue, to: exchange, "key") }
            _ = try await channel.call(
                QueueUnbind(queue: queue, exchange: exchange, routingKey: "key"), QueueUnbindOk.self)
            try await channel.bind(queue, to: exchange, "key")
            channel.publish("arrives", to: exchange, "key")
            for queue in [queue, other] { #expect(try await channel.drain(queue) == ["arrives"], "\(type)") }
        }
    }
}
