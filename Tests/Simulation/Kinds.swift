import AMQPWire

/// What a queue was declared with. A queue's name decides it, so that every declaration is like the one before.
struct QueueKind: Sendable {
    var name: String
    var isDurable = true
    var autoDelete = false
    var timeToLive: Int64?
    var maximumLength: Int?
    /// Of bodies.
    var maximumOctets: Int?
    var overflow = "drop-head"
    var deadLetterExchange: String?
    var deadLetterKey: String?
    /// 0: all messages are equal.
    var maximumPriority = 0
    var isSingleActive = false
    var isQuorum = false
    var isStream = false
    /// Of a stream: octets after which another segment begins.
    var segmentOctets = 500_000_000
    /// nil: what it holds may come back as often as it likes.
    var deliveryLimit: Int?

    /// Dead letters go c → d → e; g → all that x leads to; j → k → l → all that t leads to; i and m → v, and from there
    /// on; q → p → nowhere, and u → q. Streams take what they are bound to, and keep it.
    static let all: [QueueKind] = [
        QueueKind(name: "a"),
        QueueKind(name: "b", isDurable: false),
        QueueKind(name: "c", maximumLength: 4, deadLetterExchange: "", deadLetterKey: "d"),
        QueueKind(name: "d", timeToLive: 3000, deadLetterExchange: "", deadLetterKey: "e"),
        QueueKind(name: "e"),
        QueueKind(name: "f", autoDelete: true, maximumLength: 3, overflow: "reject-publish"),
        QueueKind(
            name: "g", isDurable: false, maximumLength: 3, overflow: "reject-publish-dlx", deadLetterExchange: "x"),
        QueueKind(name: "h", timeToLive: 5000, deadLetterExchange: ""),
        QueueKind(name: "i", maximumLength: 5, deadLetterExchange: "v", maximumPriority: 3),
        QueueKind(name: "j", deadLetterExchange: "", deadLetterKey: "k", isSingleActive: true),
        QueueKind(
            name: "k", maximumLength: 3, overflow: "reject-publish-dlx", deadLetterExchange: "", deadLetterKey: "l"),
        QueueKind(name: "l", maximumOctets: 40, deadLetterExchange: "t", deadLetterKey: "a.b"),
        QueueKind(
            name: "m", isDurable: false, timeToLive: 2000, deadLetterExchange: "v", deadLetterKey: "i.m",
            maximumPriority: 2),
        QueueKind(name: "n", maximumOctets: 30, overflow: "reject-publish"),
        QueueKind(name: "o", autoDelete: true, maximumPriority: 2, isSingleActive: true),
        QueueKind(name: "p", maximumLength: 3, overflow: "reject-publish", isQuorum: true),
        QueueKind(name: "q", deadLetterExchange: "", deadLetterKey: "p", isQuorum: true, deliveryLimit: 2),
        QueueKind(
            name: "r", timeToLive: 4000, maximumLength: 4, deadLetterExchange: "", deadLetterKey: "e", isQuorum: true),
        QueueKind(
            name: "u", maximumOctets: 60, deadLetterExchange: "", deadLetterKey: "q", isSingleActive: true,
            isQuorum: true),
        QueueKind(name: "log", isStream: true),
        QueueKind(name: "short", maximumOctets: 600, isStream: true, segmentOctets: 200),
    ]

    /// Where nothing else comes than what is published to it by its name, how long each of its messages is can be told.
    var isBound: Bool { !isStream || maximumOctets == nil }

    var arguments: FieldTable {
        var fields: [FieldTable.Field] = []
        if let timeToLive { fields.append(.init("x-message-ttl", .int64(timeToLive))) }
        if let maximumLength { fields.append(.init("x-max-length", .int64(Int64(maximumLength)))) }
        if let maximumOctets { fields.append(.init("x-max-length-bytes", .int64(Int64(maximumOctets)))) }
        if overflow != "drop-head" { fields.append(.init("x-overflow", .string(overflow))) }
        if let deadLetterExchange { fields.append(.init("x-dead-letter-exchange", .string(deadLetterExchange))) }
        if let deadLetterKey { fields.append(.init("x-dead-letter-routing-key", .string(deadLetterKey))) }
        if maximumPriority > 0 { fields.append(.init("x-max-priority", .int64(Int64(maximumPriority)))) }
        if isSingleActive { fields.append(.init("x-single-active-consumer", .bool(true))) }
        if isQuorum { fields.append(.init("x-queue-type", "quorum")) }
        if isStream {
            fields.append(.init("x-queue-type", "stream"))
            fields.append(.init("x-stream-max-segment-size-bytes", .int64(Int64(segmentOctets))))
        }
        if let deliveryLimit { fields.append(.init("x-delivery-limit", .int64(Int64(deliveryLimit)))) }
        return FieldTable(fields)
    }
}

/// What a binding asks of a message: of its key, or of its headers.
struct BindingKind: Hashable, Sendable, ExpressibleByStringLiteral {
    var key: String
    /// `x-match`; nil: there is none, and that means `all`.
    var match: String?
    /// By name; nil: any value will do.
    var headers: [String: Int?] = [:]

    init(stringLiteral key: String) { self.key = key }
    init(_ match: String?, _ headers: [String: Int?]) { (key, self.match, self.headers) = ("", match, headers) }

    /// By name.
    var arguments: FieldTable {
        var fields = headers.map { name, value in
            FieldTable.Field(ShortString(truncating: name), value.map { .int32(Int32($0)) } ?? .void)
        }
        if let match { fields.append(.init("x-match", .string(match))) }
        return FieldTable(fields.sorted { $0.name < $1.name })
    }
}

/// What an exchange was declared with; `amq.direct` is always there.
struct ExchangeKind: Sendable {
    var name: String
    var type: String
    var isDurable = true
    /// Where goes what no binding matches.
    var alternate: String?
    /// The exchange that may be bound to it.
    var next: String?
    var bindings: [BindingKind]
    /// What is published with.
    var keys: [String]
    /// Keys that show what is bound.
    var probes: [String]

    /// Everything that it routes is routed by its own bindings.
    var isAlone: Bool { alternate == nil && next == nil }

    static let all = [
        ExchangeKind(name: "x", type: "fanout", bindings: ["", "k0"], keys: ["k0", "k1"], probes: [""]),
        ExchangeKind(
            name: "y", type: "direct", isDurable: false, bindings: ["k0", "k1"], keys: ["k0", "k1"],
            probes: ["k0", "k1"]),
        ExchangeKind(
            name: "amq.direct", type: "direct", bindings: ["k0", "k1"], keys: ["k0", "k1"], probes: ["k0", "k1"]),
        ExchangeKind(
            name: "t", type: "topic", next: "y",
            bindings: ["#", "a.*", "*.b", "a.#", "#.b", "*", "a.b", "#.a.#", "*.*", "k0", ""],
            keys: ["", "a", "b", "a.b", "b.a", "a.b.a", "a..b", "k0", "b.b.b"], probes: ["a.b", "a"]),
        ExchangeKind(
            name: "s", type: "headers",
            bindings: [
                .init("all", ["g": 1, "h": 1]), .init("any", ["g": 1, "h": 1]), .init(nil, ["h": 1, "x-p": 9]),
                .init("all-with-x", ["g": 1, "x-p": 1]), .init("any-with-x", ["g": 9, "x-p": 1]), .init("all", [:]),
                .init("any", [:]), .init("all", ["h": nil]),
            ], keys: ["k0"], probes: ["k0"]),
        ExchangeKind(
            name: "v", type: "topic", alternate: "w", next: "s", bindings: ["i", "i.#", "*.m"],
            keys: ["i", "i.i", "v"], probes: ["i"]),
        ExchangeKind(
            name: "w", type: "fanout", isDurable: false, next: "v", bindings: [""], keys: ["k0"], probes: []),
    ]

    var arguments: FieldTable { alternate.map { ["alternate-exchange": .string($0)] } ?? [:] }
}
