import AMQPWire
import Testing

@Suite("Direct exchange") struct DirectCases {
    /// What reaches a queue that is bound with one key when messages with several keys are published.
    private func routed(_ keys: [ShortString], by bound: ShortString...) async throws -> [ShortString] {
        let channel = try await Probe.openChannel()
        let direct = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        for key in bound { try await channel.bind(queue, to: direct, key) }
        for key in keys { channel.publish(to: direct, key) }
        var routed: [ShortString] = []
        while let message = try await channel.get(queue) { routed.append(message.routingKey) }
        return routed
    }

    @Test(
        "A queue gets what is published with its binding's key, and nothing else",
        .proves(
            "direct.equal-key", ["queue.bind.routing-key/direct-exchange-key-matching", "exchange/required-types"]))
    func equalKey() async throws {
        #expect(try await routed(["info", "error", "err", "errors", "error "], by: "error") == ["error"])
    }

    @Test(
        "Keys are compared with their case",
        .proves("direct.case-matters", ["queue.bind.routing-key/direct-exchange-key-matching"]))
    func caseMatters() async throws {
        #expect(try await routed(["Error", "ERROR", "error"], by: "error") == ["error"])
    }

    @Test(
        "The empty key is a key like any other",
        .proves("direct.empty-key", ["queue.bind.routing-key/direct-exchange-key-matching"]))
    func emptyKey() async throws { #expect(try await routed(["error", ""], by: "") == [""]) }

    @Test(
        "There are no wildcards: stars and hashes are letters",
        .proves("direct.no-wildcards", ["queue.bind.routing-key/direct-exchange-key-matching"]))
    func noWildcards() async throws { #expect(try await routed(["a", "a.b", "#", "*"], by: "#", "*") == ["#", "*"]) }

    @Test(
        "A queue may be bound with several keys",
        .proves("direct.several-keys", ["queue.bind.routing-key/direct-exchange-key-matching"]))
    func severalKeys() async throws {
        let keys: [ShortString] = ["info", "warning", "error", "debug"]
        #expect(try await routed(keys, by: "warning", "error", "info") == ["info", "warning", "error"])
    }

    @Test(
        "A key of 255 octets is compared to its last octet",
        .proves("direct.longest-key", ["queue.bind.routing-key/direct-exchange-key-matching"]))
    func longestKey() async throws {
        let long = String(repeating: "k", count: 254)
        let key = try ShortString(long + "1")
        #expect(try await routed([try ShortString(long + "2"), try ShortString(long), key], by: key) == [key])
    }

    @Test(
        "Keys are octets: letters beyond ASCII are told apart",
        .proves("direct.key-beyond-ascii", ["queue.bind.routing-key/direct-exchange-key-matching"]))
    func keyBeyondASCII() async throws {
        // The same letter written as one code point and as two: equal to a reader, different on the wire.
        #expect(try await routed(["e\u{301}t\u{e9}", "\u{e9}t\u{e9}"], by: "\u{e9}t\u{e9}") == ["\u{e9}t\u{e9}"])
    }

    @Test(
        "Every queue bound with the key gets a copy",
        .proves("direct.same-key-two-queues", ["queue.bind.routing-key/direct-exchange-key-matching"]))
    func sameKeyTwoQueues() async throws {
        let channel = try await Probe.openChannel()
        let direct = try await channel.declareExchange("direct")
        let first = try await channel.declareQueue()
        let second = try await channel.declareQueue()
        let third = try await channel.declareQueue()
        for queue in [first, second] { try await channel.bind(queue, to: direct, "error") }
        try await channel.bind(third, to: direct, "info")
        channel.publish("error", to: direct, "error")
        #expect(try await channel.drain(first) == ["error"])
        #expect(try await channel.drain(second) == ["error"])
        #expect(try await channel.drain(third) == [])
    }

    @Test(
        "Unbinding one of two keys leaves the other",
        .proves(
            "direct.unbind-one-of-two", ["queue.bind.routing-key/direct-exchange-key-matching", "spec/4.6/visibility"]))
    func unbindOneOfTwo() async throws {
        let channel = try await Probe.openChannel()
        let direct = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: direct, "info")
        try await channel.bind(queue, to: direct, "error")
        _ = try await channel.call(
            QueueUnbind(queue: queue, exchange: direct, routingKey: "info"), QueueUnbindOk.self)
        channel.publish("info", to: direct, "info")
        channel.publish("error", to: direct, "error")
        #expect(try await channel.drain(queue) == ["error"])
    }

    @Test(
        "The name of a queue means nothing to an exchange that it was not bound to",
        .proves("direct.queue-name-is-no-key", ["queue.bind.routing-key/direct-exchange-key-matching"]))
    func queueNameIsNoKey() async throws {
        let channel = try await Probe.openChannel()
        let direct = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        channel.publish("unbound", to: direct, queue)
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "amq.direct is there from the start, and is a direct exchange",
        .proves(
            "direct.predeclared-exchange", ["spec/3.1.3.1/direct-and-default", "exchange/required-instances"]))
    func predeclaredExchange() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let key = unique("key")
        try await channel.bind(queue, to: "amq.direct", key)
        channel.publish("mine", to: "amq.direct", key)
        channel.publish("other", to: "amq.direct", unique("key"))
        #expect(try await channel.drain(queue) == ["mine"])
    }
}
