import AMQPWire
import Testing

/// Bindings that come where others were, and bindings that have the key or the arguments of another.
@Suite("Routing: one binding in another's place") struct RoutePlaceCases {
    private struct Route {
        var key: ShortString = ""
        var arguments: FieldTable = [:]
    }

    /// Where a binding leads: to a queue, or to an exchange with a queue behind it.
    private struct End {
        let channel: ProbeChannel
        let queue: ShortString
        let exchange: ShortString?

        static func open(on channel: ProbeChannel, isExchange: Bool) async throws -> End {
            if isExchange {
                let (exchange, queue) = try await channel.declareFanoutAndQueue()
                return End(channel: channel, queue: queue, exchange: exchange)
            }
            return End(channel: channel, queue: try await channel.declareQueue(), exchange: nil)
        }

        func bind(to source: ShortString, _ route: Route) async throws {
            if let exchange {
                try await channel.bind(exchange: exchange, to: source, route.key, arguments: route.arguments)
            } else {
                try await channel.bind(queue, to: source, route.key, arguments: route.arguments)
            }
        }

        func unbind(from source: ShortString, _ route: Route) async throws {
            if let exchange {
                let unbind = ExchangeUnbind(
                    destination: exchange, source: source, routingKey: route.key, arguments: route.arguments)
                _ = try await channel.call(unbind, ExchangeUnbindOk.self)
            } else {
                let unbind = QueueUnbind(
                    queue: queue, exchange: source, routingKey: route.key, arguments: route.arguments)
                _ = try await channel.call(unbind, QueueUnbindOk.self)
            }
        }

        func drain() async throws -> [String] { try await channel.drain(queue) }
    }

    // MARK: Unbound, and another bound

    /// Two bindings of a first end, of which one goes, and the one of a second end that comes then. What is published
    /// under the key `a.b` with the header n=1 matches the one that stays, and the one that comes.
    private static let successions: [(type: ShortString, stays: Route, goes: Route, comes: Route)] = [
        ("direct", Route(key: "a.b"), Route(key: "z"), Route(key: "a.b")),
        ("direct", Route(key: "a.b"), Route(key: "a.b", arguments: ["n": 2]), Route(key: "a.b")),
        ("fanout", Route(key: "1"), Route(key: "2"), Route(key: "3")),
        ("topic", Route(key: "a.b"), Route(key: "b.c"), Route(key: "a.*")),
        ("topic", Route(key: "a.#"), Route(key: "#"), Route(key: "a.b")),
        ("topic", Route(key: "*.b"), Route(key: "a.*"), Route(key: "#.b")),
        ("topic", Route(key: "#"), Route(key: "a.b"), Route(key: "#")),
        (
            "headers", Route(arguments: ["n": 1]), Route(arguments: ["n": 2]),
            Route(arguments: ["n": 1, "x-match": "any"])
        ),
        ("headers", Route(), Route(arguments: ["n": 1]), Route(arguments: ["n": 1])),
    ]

    @Test(
        "A binding that is made when another has gone takes nothing from the bindings that stay",
        .proves(
            "bindings.in-place-of-another",
            ["queue.bind/unique", "rabbitmq/exchange-to-exchange/unbind", "spec/4.6/visibility"]))
    func inPlaceOfAnother() async throws {
        let channel = try await Probe.openChannel()
        for (type, stays, goes, comes) in Self.successions {
            for isExchange in [false, true] {
                let source = try await channel.declareExchange(type)
                let first = try await End.open(on: channel, isExchange: isExchange)
                let second = try await End.open(on: channel, isExchange: isExchange)
                func publish(_ text: String) {
                    channel.publish(text, to: source, "a.b", BasicProperties(headers: ["n": 1]))
                }
                try await first.bind(to: source, stays)
                try await first.bind(to: source, goes)
                try await first.unbind(from: source, goes)
                try await second.bind(to: source, comes)
                publish("both")
                try await first.unbind(from: source, stays)
                publish("the second")
                try await first.bind(to: source, stays)
                publish("both again")
                let what = "\(type) \(stays) \(goes) \(comes), to \(isExchange ? "exchanges" : "queues")"
                #expect(try await first.drain() == ["both", "both again"], "\(what)")
                #expect(try await second.drain() == ["both", "the second", "both again"], "\(what)")
            }
        }
    }

    private static let patterns = ["a.#", "b.c", "#", "a.*", "#.c", "*", "b.*.c", "a.#.c", ""]
    private static let keys = ["", "a", "b.c", "a.c", "b.c.d", "b.x.c", "a.x.y", "a.x.y.c", "c.c"]

    /// Whether a pattern matches a key, word by word as the specification says it.
    private static func matches(_ pattern: ArraySlice<Substring>, _ key: ArraySlice<Substring>) -> Bool {
        guard let first = pattern.first else { return key.isEmpty }
        if first == "#" {
            return matches(pattern.dropFirst(), key) || !key.isEmpty && matches(pattern, key.dropFirst())
        }
        guard let word = key.first, first == "*" || first == word else { return false }
        return matches(pattern.dropFirst(), key.dropFirst())
    }

    private static func words(_ text: String) -> ArraySlice<Substring> { text.split(separator: ".")[...] }

    @Test(
        "A topic pattern means the same, whatever pattern was unbound before it",
        .proves(
            "topic.in-place-of-another",
            ["spec/3.1.3.3/star-is-one-word", "spec/3.1.3.3/hash-is-any-words", "spec/4.6/visibility"]))
    func patternInPlaceOfAnother() async throws {
        let channel = try await Probe.openChannel()
        let topics = try await channel.declareExchange("topic")
        let (queue, beside) = (try await channel.declareQueue(), try await channel.declareQueue())
        try await channel.bind(beside, to: topics, "b.#")
        func unbind(_ pattern: String) async throws {
            let unbind = QueueUnbind(queue: queue, exchange: topics, routingKey: ShortString(truncating: pattern))
            _ = try await channel.call(unbind, QueueUnbindOk.self)
        }
        for earlier in Self.patterns {
            for pattern in Self.patterns where pattern != earlier {
                try await channel.bind(queue, to: topics, ShortString(truncating: earlier))
                try await unbind(earlier)
                try await channel.bind(queue, to: topics, ShortString(truncating: pattern))
                for key in Self.keys { channel.publish(key, to: topics, ShortString(truncating: key)) }
                let expected = Self.keys.filter { Self.matches(Self.words(pattern), Self.words($0)) }
                #expect(try await channel.drain(queue) == expected, "'\(pattern)' behind '\(earlier)'")
                #expect(try await channel.drain(beside) == ["b.c", "b.c.d", "b.x.c"], "behind '\(earlier)'")
                try await unbind(pattern)
            }
        }
    }

    // MARK: The same key, the same arguments

    private static let (one, other) = (["n": 1], ["m": 1]) as (FieldTable, FieldTable)

    /// Two bindings of one destination, and for each a message that it matches. `isShared`: both match both.
    private static let pairs: [(type: ShortString, routes: [Route], messages: [Route], isShared: Bool)] = [
        (
            "direct", [Route(key: "a", arguments: one), Route(key: "b", arguments: one)],
            [Route(key: "a"), Route(key: "b")], false
        ),
        (
            "direct", [Route(key: "a", arguments: one), Route(key: "a", arguments: other)],
            [Route(key: "a"), Route(key: "a")], true
        ),
        (
            "topic", [Route(key: "a.*", arguments: one), Route(key: "*.b", arguments: one)],
            [Route(key: "a.z"), Route(key: "z.b")], false
        ),
        (
            "topic", [Route(key: "a.#", arguments: one), Route(key: "a.#", arguments: other)],
            [Route(key: "a"), Route(key: "a.b")], true
        ),
        (
            "fanout", [Route(key: "a", arguments: one), Route(key: "b", arguments: one)],
            [Route(key: "a"), Route(key: "z")], true
        ),
        (
            "fanout", [Route(key: "a", arguments: one), Route(key: "a", arguments: other)],
            [Route(key: "a"), Route(key: "z")], true
        ),
        (
            "headers", [Route(key: "a", arguments: one), Route(key: "b", arguments: one)],
            [Route(arguments: one), Route(arguments: one)], true
        ),
        (
            "headers", [Route(key: "a", arguments: one), Route(key: "a", arguments: other)],
            [Route(arguments: one), Route(arguments: other)], false
        ),
    ]

    @Test(
        "Bindings of the same arguments and different keys are two, and of the same key and different arguments as well",
        .proves(
            "bindings.one-part-the-same", ["rabbitmq/bindings/key-and-arguments", "queue.bind/unique"]))
    func onePartTheSame() async throws {
        let channel = try await Probe.openChannel()
        for (type, routes, messages, isShared) in Self.pairs {
            for isExchange in [false, true] {
                let source = try await channel.declareExchange(type)
                let end = try await End.open(on: channel, isExchange: isExchange)
                func come() async throws -> [Int] {
                    for (number, message) in messages.enumerated() {
                        channel.publish(
                            "\(number)", to: source, message.key, BasicProperties(headers: message.arguments))
                    }
                    return try await end.drain().compactMap { Int($0) }
                }
                let what = "\(type) \(routes), to \(isExchange ? "an exchange" : "a queue")"
                for route in routes { try await end.bind(to: source, route) }
                #expect(try await come() == [0, 1], "\(what)")
                try await end.unbind(from: source, routes[0])
                #expect(try await come() == (isShared ? [0, 1] : [1]), "the first unbound, \(what)")
                try await end.bind(to: source, routes[0])
                try await end.unbind(from: source, routes[1])
                #expect(try await come() == (isShared ? [0, 1] : [0]), "the second unbound, \(what)")
                try await end.unbind(from: source, routes[0])
                #expect(try await come() == [], "both unbound, \(what)")
            }
        }
    }
}
