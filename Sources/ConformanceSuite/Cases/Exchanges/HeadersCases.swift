import AMQPWire
import Testing

/// A headers exchange and a queue bound to it with some arguments.
private struct Sorting {
    var channel: ProbeChannel
    var exchange: ShortString
    var queue: ShortString

    init(_ arguments: FieldTable...) async throws {
        channel = try await Probe.openChannel()
        exchange = try await channel.declareExchange("headers")
        queue = try await channel.declareQueue()
        for arguments in arguments { try await channel.bind(queue, to: exchange, arguments: arguments) }
    }

    /// Publishes a message with headers; nil: without any.
    func publish(_ text: String, _ headers: FieldTable?, key: ShortString = "") {
        channel.publish(text, to: exchange, key, BasicProperties(headers: headers))
    }

    /// What has come through, in order.
    func routed() async throws -> [String] { try await channel.drain(queue) }
}

@Suite("Headers exchange") struct HeadersCases {
    @Test(
        "With x-match all, every argument must be a header of the same value",
        .proves("headers.all", ["spec/3.1.3.4/match-all", "exchange/recommended-types"]))
    func all() async throws {
        let sorting = try await Sorting(["x-match": "all", "format": "pdf", "type": "report"])
        sorting.publish("both", ["format": "pdf", "type": "report"])
        sorting.publish("one wrong", ["format": "zip", "type": "report"])
        sorting.publish("one missing", ["type": "report"])
        sorting.publish("both wrong", ["format": "zip", "type": "log"])
        sorting.publish("no headers", nil)
        #expect(try await sorting.routed() == ["both"])
    }

    @Test(
        "With x-match any, one argument is enough", .proves("headers.any", ["spec/3.1.3.4/match-any"]))
    func any() async throws {
        let sorting = try await Sorting(["x-match": "any", "format": "pdf", "type": "report"])
        sorting.publish("both", ["format": "pdf", "type": "report"])
        sorting.publish("first", ["format": "pdf"])
        sorting.publish("second", ["format": "zip", "type": "report"])
        sorting.publish("neither", ["format": "zip", "type": "log"])
        sorting.publish("no headers", nil)
        #expect(try await sorting.routed() == ["both", "first", "second"])
    }

    @Test(
        "Without x-match, all arguments must match",
        .proves("headers.default-is-all", ["rabbitmq/headers-exchange/default-all"]))
    func defaultIsAll() async throws {
        let sorting = try await Sorting(["format": "pdf", "type": "report"])
        sorting.publish("one", ["format": "pdf"])
        sorting.publish("both", ["format": "pdf", "type": "report"])
        #expect(try await sorting.routed() == ["both"])
    }

    @Test(
        "Headers that the binding does not name do not matter",
        .proves("headers.more-than-asked-for", ["spec/3.1.3.4/match-all"]))
    func moreThanAskedFor() async throws {
        let sorting = try await Sorting(["x-match": "all", "format": "pdf"])
        sorting.publish("more", ["author": "me", "format": "pdf", "pages": 3])
        #expect(try await sorting.routed() == ["more"])
    }

    @Test("The routing key plays no part", .proves("headers.key-ignored", ["spec/3.1.3.4/key-ignored"]))
    func keyIgnored() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("headers")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange, "bound", arguments: ["format": "pdf"])
        let pdf = BasicProperties(headers: ["format": "pdf"])
        channel.publish("other key", to: exchange, "other", pdf)
        channel.publish("only the key", to: exchange, "bound")
        #expect(try await channel.drain(queue) == ["other key"])
    }

    @Test("The text 1 is not the number 1", .proves("headers.type-matters", ["spec/3.1.3.4/match-all"]))
    func typeMatters() async throws {
        let sorting = try await Sorting(["version": 1])
        sorting.publish("text", ["version": "1"])
        sorting.publish("number", ["version": 1])
        sorting.publish("truth", ["version": true])
        #expect(try await sorting.routed() == ["number"])
    }

    @Test(
        "A number is the same in 32 bits and in 64",
        .proves("headers.integer-widths", ["spec/3.1.3.4/match-all"]))
    func integerWidths() async throws {
        let sorting = try await Sorting(["version": .int32(1)])
        sorting.publish("32 bits", ["version": .int32(1)])
        sorting.publish("64 bits", ["version": .int64(1)])
        sorting.publish("another", ["version": .int64(2)])
        #expect(try await sorting.routed() == ["32 bits", "64 bits"])
    }

    @Test("Texts are compared with their case", .proves("headers.case-matters", ["spec/3.1.3.4/match-any"]))
    func caseMatters() async throws {
        let sorting = try await Sorting(["x-match": "any", "format": "pdf"])
        sorting.publish("value", ["format": "PDF"])
        sorting.publish("name", ["Format": "pdf"])
        sorting.publish("same", ["format": "pdf"])
        #expect(try await sorting.routed() == ["same"])
    }

    @Test(
        "An argument without a value asks only that the header be there",
        .proves("headers.void-asks-for-presence", ["rabbitmq/headers-exchange/void"]))
    func voidAsksForPresence() async throws {
        let sorting = try await Sorting(["x-match": "all", "urgent": nil, "format": "pdf"])
        sorting.publish("text", ["urgent": "yes", "format": "pdf"])
        sorting.publish("number", ["urgent": 0, "format": "pdf"])
        sorting.publish("absent", ["format": "pdf"])
        sorting.publish("wrong format", ["urgent": "yes", "format": "zip"])
        #expect(try await sorting.routed() == ["text", "number"])
    }

    @Test(
        "With any, presence alone is enough too",
        .proves("headers.void-with-any", ["rabbitmq/headers-exchange/void"]))
    func voidWithAny() async throws {
        let sorting = try await Sorting(["x-match": "any", "urgent": nil, "format": "pdf"])
        sorting.publish("present", ["urgent": "yes", "format": "zip"])
        sorting.publish("absent", ["format": "zip"])
        #expect(try await sorting.routed() == ["present"])
    }

    @Test(
        "A header without a value does not match an argument that has one",
        .proves("headers.void-in-message", ["rabbitmq/headers-exchange/void"]))
    func voidInMessage() async throws {
        let sorting = try await Sorting(["format": "pdf"])
        sorting.publish("void", ["format": nil])
        sorting.publish("pdf", ["format": "pdf"])
        #expect(try await sorting.routed() == ["pdf"])
    }

    @Test(
        "A table within the headers is compared whole",
        .proves("headers.nested-table", ["spec/3.1.3.4/match-all"]))
    func nestedTable() async throws {
        let sorting = try await Sorting(["place": ["city": "Linz", "floor": 2]])
        sorting.publish("same", ["place": ["city": "Linz", "floor": 2]])
        sorting.publish("other", ["place": ["city": "Linz", "floor": 3]])
        sorting.publish("part", ["place": ["city": "Linz"]])
        #expect(try await sorting.routed() == ["same"])
    }

    @Test(
        "Arguments that begin with x- take no part in all",
        .proves("headers.x-ignored-by-all", ["rabbitmq/headers-exchange/x-ignored"]))
    func xIgnoredByAll() async throws {
        let sorting = try await Sorting(["x-match": "all", "x-color": "red", "format": "pdf"])
        sorting.publish("without", ["format": "pdf"])
        sorting.publish("another", ["format": "pdf", "x-color": "blue"])
        sorting.publish("only x", ["x-color": "red"])
        #expect(try await sorting.routed() == ["without", "another"])
    }

    @Test(
        "Arguments that begin with x- take no part in any",
        .proves("headers.x-ignored-by-any", ["rabbitmq/headers-exchange/x-ignored"]))
    func xIgnoredByAny() async throws {
        let sorting = try await Sorting(["x-match": "any", "x-color": "red", "format": "pdf"])
        sorting.publish("only x", ["x-color": "red"])
        sorting.publish("format", ["format": "pdf"])
        #expect(try await sorting.routed() == ["format"])
    }

    @Test(
        "all-with-x counts arguments that begin with x-, but for x-match itself",
        .proves("headers.all-with-x", ["rabbitmq/headers-exchange/all-with-x"]))
    func allWithX() async throws {
        let sorting = try await Sorting(["x-match": "all-with-x", "x-color": "red", "format": "pdf"])
        sorting.publish("both", ["x-color": "red", "format": "pdf"])
        sorting.publish("without", ["format": "pdf"])
        sorting.publish("another", ["x-color": "blue", "format": "pdf"])
        #expect(try await sorting.routed() == ["both"])
    }

    @Test(
        "any-with-x counts arguments that begin with x-, but for x-match itself",
        .proves("headers.any-with-x", ["rabbitmq/headers-exchange/all-with-x"]))
    func anyWithX() async throws {
        let sorting = try await Sorting(["x-match": "any-with-x", "x-color": "red", "format": "pdf"])
        sorting.publish("only x", ["x-color": "red"])
        sorting.publish("only format", ["format": "pdf"])
        sorting.publish("neither", ["x-color": "blue", "x-match": "any-with-x"])
        #expect(try await sorting.routed() == ["only x", "only format"])
    }

    @Test(
        "No arguments with all match every message",
        .proves("headers.no-arguments-with-all", ["rabbitmq/headers-exchange/empty-args"]))
    func noArgumentsWithAll() async throws {
        let sorting = try await Sorting([:])
        sorting.publish("no headers", nil)
        sorting.publish("some", ["format": "pdf"])
        #expect(try await sorting.routed() == ["no headers", "some"])
    }

    @Test(
        "No arguments with any match nothing",
        .proves("headers.no-arguments-with-any", ["rabbitmq/headers-exchange/empty-args"]))
    func noArgumentsWithAny() async throws {
        let sorting = try await Sorting(["x-match": "any"])
        sorting.publish("no headers", nil)
        sorting.publish("some", ["format": "pdf", "x-match": "any"])
        #expect(try await sorting.routed() == [])
    }
}

@Suite("Headers exchange: bindings") struct HeadersBindingCases {
    @Test(
        "Two bindings of a queue let through what either matches",
        .proves("headers.two-bindings", ["spec/3.1.3.4/match-all"]))
    func twoBindings() async throws {
        let sorting = try await Sorting(["format": "pdf"], ["format": "zip"])
        sorting.publish("pdf", ["format": "pdf"])
        sorting.publish("zip", ["format": "zip"])
        sorting.publish("png", ["format": "png"])
        #expect(try await sorting.routed() == ["pdf", "zip"])
    }

    @Test("A message that both bindings match comes once", .proves("headers.one-copy", ["queue.bind/unique"]))
    func oneCopy() async throws {
        let sorting = try await Sorting(["format": "pdf"], ["type": "report"])
        sorting.publish("both", ["format": "pdf", "type": "report"])
        #expect(try await sorting.routed() == ["both"])
    }

    @Test(
        "An unbind removes the binding with equal arguments only",
        .proves("headers.unbind-needs-equal-arguments", ["spec/4.6/visibility", "spec/3.1.3.4/match-all"]))
    func unbindNeedsEqualArguments() async throws {
        let sorting = try await Sorting(["format": "pdf"], ["format": "zip"])
        let unbind = QueueUnbind(queue: sorting.queue, exchange: sorting.exchange, arguments: ["format": "zip"])
        _ = try await sorting.channel.call(unbind, QueueUnbindOk.self)
        sorting.publish("pdf", ["format": "pdf"])
        sorting.publish("zip", ["format": "zip"])
        #expect(try await sorting.routed() == ["pdf"])
    }

    @Test(
        "Another word for x-match is refused",
        .proves("headers.x-match-of-another-word", ["rabbitmq/headers-exchange/bad-x-match"]))
    func xMatchOfAnotherWord() async throws {
        let sorting = try await Sorting()
        let bind = QueueBind(queue: sorting.queue, exchange: sorting.exchange, arguments: ["x-match": "some"])
        try await sorting.channel.send(bind, expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "An x-match that is not text is refused",
        .proves("headers.x-match-of-another-type", ["rabbitmq/headers-exchange/bad-x-match"]))
    func xMatchOfAnotherType() async throws {
        let sorting = try await Sorting()
        let bind = QueueBind(queue: sorting.queue, exchange: sorting.exchange, arguments: ["x-match": 1])
        try await sorting.channel.send(bind, expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "amq.match is there from the start, and is a headers exchange",
        .proves(
            "headers.predeclared-exchange", ["spec/3.1.3.4/headers-instance", "exchange/required-instances"]))
    func predeclaredExchange() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let mark: FieldTable = [unique("mark"): true]
        try await channel.bind(queue, to: "amq.match", arguments: mark)
        channel.publish("marked", to: "amq.match", "", BasicProperties(headers: mark))
        channel.publish("plain", to: "amq.match", "")
        #expect(try await channel.drain(queue) == ["marked"])
    }

    @Test(
        "amq.headers, by the rule that every type has its amq.<type>, is there as well",
        .proves("headers.amq-headers", ["exchange/required-instances"]))
    func amqHeaders() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let mark: FieldTable = [unique("mark"): true]
        try await channel.bind(queue, to: "amq.headers", "key", arguments: mark)
        channel.publish("marked", to: "amq.headers", "", BasicProperties(headers: mark))
        channel.publish("only the key", to: "amq.headers", "key")
        #expect(try await channel.drain(queue) == ["marked"])
    }
}
