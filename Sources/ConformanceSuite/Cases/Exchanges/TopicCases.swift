import AMQPWire
import Testing

/// The keys that a topic exchange lets through to a queue bound with some patterns, in the order of publishing.
private func routed(_ keys: [ShortString], by patterns: ShortString...) async throws -> [ShortString] {
    let channel = try await Probe.openChannel()
    let topics = try await channel.declareExchange("topic")
    let queue = try await channel.declareQueue()
    for pattern in patterns { try await channel.bind(queue, to: topics, pattern) }
    for key in keys { channel.publish(to: topics, key) }
    var routed: [ShortString] = []
    while let message = try await channel.get(queue) { routed.append(message.routingKey) }
    return routed
}

@Suite("Topic exchange: words and wildcards") struct TopicCases {
    @Test(
        "A pattern without wildcards matches the equal key, and no other",
        .proves("topic.plain-pattern-is-literal", ["spec/3.1.3.3/topic-key-words", "exchange/recommended-types"]))
    func plainPatternIsLiteral() async throws {
        let keys: [ShortString] = ["orders.eu", "orders", "orders.eu.new", "orders.us", "eu.orders", "orders_eu"]
        #expect(try await routed(keys, by: "orders.eu") == ["orders.eu"])
    }

    @Test("Upper and lower case are different words", .proves("topic.case-matters", ["spec/3.1.3.3/topic-key-words"]))
    func caseMatters() async throws {
        #expect(try await routed(["Orders.eu", "orders.EU", "orders.eu"], by: "orders.eu") == ["orders.eu"])
    }

    @Test("`*` matches exactly one word", .proves("topic.star-matches-one-word", ["spec/3.1.3.3/star-is-one-word"]))
    func starMatchesOneWord() async throws {
        let keys: [ShortString] = ["orders", "orders.eu", "orders.eu.new", "offers.eu"]
        #expect(try await routed(keys, by: "orders.*") == ["orders.eu"])
    }

    @Test("`*` may stand first", .proves("topic.star-first", ["spec/3.1.3.3/star-is-one-word"]))
    func starFirst() async throws {
        #expect(try await routed(["orders.eu", "eu", "new.orders.eu", "orders.us"], by: "*.eu") == ["orders.eu"])
    }

    @Test("`*` may be in the middle", .proves("topic.star-in-the-middle", ["spec/3.1.3.3/star-is-one-word"]))
    func starInTheMiddle() async throws {
        let keys: [ShortString] = ["a.x.c", "a.c", "a.x.y.c", "a.x.d"]
        #expect(try await routed(keys, by: "a.*.c") == ["a.x.c"])
    }

    @Test("`*.*` matches two words", .proves("topic.two-stars", ["spec/3.1.3.3/star-is-one-word"]))
    func twoStars() async throws {
        #expect(try await routed(["a", "a.b", "a.b.c"], by: "*.*") == ["a.b"])
    }

    @Test("`#` matches zero words", .proves("topic.hash-matches-zero-words", ["spec/3.1.3.3/hash-is-any-words"]))
    func hashMatchesZeroWords() async throws {
        let channel = try await Probe.openChannel()
        let topics = try await channel.declareExchange("topic")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: topics, "orders.#")
        channel.publish("no word behind", to: topics, "orders")
        channel.publish("two words behind", to: topics, "orders.eu.new")
        channel.publish("another first word", to: topics, "offers.eu")
        #expect(try await channel.drain(queue) == ["no word behind", "two words behind"])
    }

    @Test("`#` alone matches every key", .proves("topic.hash-matches-everything", ["spec/3.1.3.3/hash-is-any-words"]))
    func hashMatchesEverything() async throws {
        let keys: [ShortString] = ["", "a", "a.b.c.d", ".", "#", "*"]
        #expect(try await routed(keys, by: "#") == keys)
    }

    @Test("`#` may stand first", .proves("topic.hash-first", ["spec/3.1.3.3/hash-is-any-words"]))
    func hashFirst() async throws {
        #expect(try await routed(["eu", "a.eu", "a.b.eu", "eu.a", "aeu"], by: "#.eu") == ["eu", "a.eu", "a.b.eu"])
    }

    @Test("`#` may be in the middle", .proves("topic.hash-in-the-middle", ["spec/3.1.3.3/hash-is-any-words"]))
    func hashInTheMiddle() async throws {
        let keys: [ShortString] = ["a.z", "a.b.z", "a.b.c.z", "a.b.c", "b.z"]
        #expect(try await routed(keys, by: "a.#.z") == ["a.z", "a.b.z", "a.b.c.z"])
    }

    @Test(
        "With two `#`, words are divided between them in whatever way fits",
        .proves("topic.hash-twice", ["spec/3.1.3.3/hash-is-any-words"]))
    func hashTwice() async throws {
        let keys: [ShortString] = ["a.b", "x.a.y.b", "a.a.b.b", "a.x.b.a", "b.a", "a"]
        #expect(try await routed(keys, by: "#.a.#.b") == ["a.b", "x.a.y.b", "a.a.b.b"])
    }

    @Test(
        "Two `#` side by side are as good as one",
        .proves("topic.hash-beside-hash", ["spec/3.1.3.3/hash-is-any-words"]))
    func hashBesideHash() async throws {
        let keys: [ShortString] = ["", "a", "a.b", "a.b.c"]
        #expect(try await routed(keys, by: "#.#") == keys)
        #expect(try await routed(keys, by: "a.#.#") == ["a", "a.b", "a.b.c"])
    }

    @Test(
        "`#` at the end matches zero words after a `*` and a word, too",
        .proves("topic.star-word-hash", ["spec/3.1.3.3/hash-is-any-words"]))
    func starWordHash() async throws {
        #expect(try await routed(["a.b.c", "a.b.c.d", "a.b", "a.c"], by: "a.*.c.#") == ["a.b.c", "a.b.c.d"])
    }

    @Test(
        "A key may have three `#`, too",
        .proves(
            "topic.hash-thrice", ["spec/3.1.3.3/hash-is-any-words"],
            rabbitmq: .from("4.3.5", "406: it could take a long time to match.")))
    func hashThrice() async throws {
        let channel = try await Probe.openChannel()
        let topics = try await channel.declareExchange("topic")
        let queue = try await channel.declareQueue()
        try await channel.send(
            QueueBind(queue: queue, exchange: topics, routingKey: "#.a.#.b.#"), expecting: .ok,
            rabbitmq: .channelClose(.preconditionFailed), from: "4.3.5")
        if isRabbitMQ(from: "4.3.5") { return }
        for key: ShortString in ["a.b", "x.a.y.b.z", "b.a", "a"] { channel.publish(key.text, to: topics, key) }
        #expect(try await channel.drain(queue) == ["a.b", "x.a.y.b.z"])
    }

    @Test(
        "`#.*` matches one word or more",
        .proves("topic.hash-star", ["spec/3.1.3.3/star-is-one-word", "spec/3.1.3.3/hash-is-any-words"]))
    func hashStar() async throws {
        #expect(try await routed(["", "a", "a.b", "a.b.c"], by: "#.*") == ["a", "a.b", "a.b.c"])
    }

    @Test(
        "`*.#` matches one word or more",
        .proves("topic.star-hash", ["spec/3.1.3.3/star-is-one-word", "spec/3.1.3.3/hash-is-any-words"]))
    func starHash() async throws {
        #expect(try await routed(["", "a", "a.b", "a.b.c"], by: "*.#") == ["a", "a.b", "a.b.c"])
    }

    @Test(
        "`*.#.*` matches two words or more",
        .proves("topic.star-hash-star", ["spec/3.1.3.3/star-is-one-word", "spec/3.1.3.3/hash-is-any-words"]))
    func starHashStar() async throws {
        #expect(try await routed(["a", "a.b", "a.b.c", "a.b.c.d"], by: "*.#.*") == ["a.b", "a.b.c", "a.b.c.d"])
    }

    @Test("`*` does not match the empty key", .proves("topic.star-not-empty-key", ["spec/3.1.3.3/star-is-one-word"]))
    func starNotEmptyKey() async throws {
        #expect(try await routed(["", "a"], by: "*") == ["a"])
    }

    @Test(
        "The empty pattern matches the empty key only",
        .proves("topic.empty-pattern", ["spec/3.1.3.3/topic-key-words"]))
    func emptyPattern() async throws { #expect(try await routed(["", "a", "."], by: "") == [""]) }

    @Test(
        "The word after a dot at the end is empty, and `*` matches it",
        .proves("topic.dot-at-the-end", ["spec/3.1.3.3/topic-key-words", "spec/3.1.3.3/star-is-one-word"]))
    func dotAtTheEnd() async throws {
        #expect(try await routed(["a.", "a", "a.."], by: "a.*") == ["a."])
    }

    @Test(
        "The word before a dot at the beginning is an empty one",
        .proves("topic.dot-at-the-beginning", ["spec/3.1.3.3/topic-key-words", "spec/3.1.3.3/star-is-one-word"]))
    func dotAtTheBeginning() async throws {
        #expect(try await routed([".a", "a", "..a"], by: "*.a", ".a") == [".a"])
    }

    @Test(
        "Between two dots in a row there is an empty word",
        .proves("topic.double-dot", ["spec/3.1.3.3/topic-key-words", "spec/3.1.3.3/star-is-one-word"])
    )
    func doubleDot() async throws {
        #expect(try await routed(["a..b", "a.b", "a.x.b"], by: "a..b") == ["a..b"])
        #expect(try await routed(["a..b", "a.b", "a...b"], by: "a.*.b") == ["a..b"])
    }

    @Test(
        "A star or a hash in a routing key is an ordinary word",
        .proves("topic.wildcards-in-a-key-are-literal", ["spec/3.1.3.3/topic-key-words"]))
    func wildcardsInAKeyAreLiteral() async throws {
        #expect(try await routed(["*.b", "#.b", "#", "a.b"], by: "a.b") == ["a.b"])
    }

    @Test(
        "A wildcard is a whole word: beside letters it is a letter",
        .proves("topic.no-wildcard-within-a-word", ["spec/3.1.3.3/star-is-one-word", "spec/3.1.3.3/hash-is-any-words"]))
    func noWildcardWithinAWord() async throws {
        let keys: [ShortString] = ["order.eu", "ord.eu", "ord*.eu", "order.e", "order.e#"]
        #expect(try await routed(keys, by: "ord*.eu", "order.e#", "**") == ["ord*.eu", "order.e#"])
    }

    @Test(
        "A key of 128 words is matched word by word",
        .proves("topic.many-words", ["spec/3.1.3.3/topic-key-words", "spec/3.1.3.3/star-is-one-word"]))
    func manyWords() async throws {
        let key = try ShortString(Array(repeating: "a", count: 128).joined(separator: "."))
        let stars = try ShortString(Array(repeating: "*", count: 128).joined(separator: "."))
        let one = try ShortString(Array(repeating: "*", count: 127).joined(separator: "."))
        #expect(try await routed([key], by: stars) == [key])
        #expect(try await routed([key], by: one) == [])
    }

    @Test(
        "A key and a pattern may be of 255 octets",
        .proves("topic.longest-key", ["spec/3.1.3.3/topic-key-words"]))
    func longestKey() async throws {
        let key = try ShortString(String(repeating: "k", count: 255))
        let other = try ShortString(String(repeating: "k", count: 254) + "j")
        #expect(try await routed([other, key], by: key) == [key])
    }
}

@Suite("Topic exchange: bindings") struct TopicBindingCases {
    @Test(
        "Several patterns of a queue let through what any of them matches",
        .proves("topic.several-patterns", ["spec/3.1.3.3/topic-key-words", "queue.bind/binding-count"]))
    func severalPatterns() async throws {
        let keys: [ShortString] = ["a.x", "x.b", "c", "d", "x.x.x.e"]
        #expect(try await routed(keys, by: "a.*", "*.b", "c", "#.e", "f.#") == ["a.x", "x.b", "c", "x.x.x.e"])
    }

    @Test(
        "A queue whose patterns overlap gets one copy",
        .proves("topic.overlapping-patterns-one-copy", ["queue.bind/unique"]))
    func overlappingPatternsOneCopy() async throws {
        #expect(try await routed(["a.b"], by: "a.*", "*.b", "#", "a.b", "a.#", "#.b") == ["a.b"])
    }

    @Test(
        "Each queue gets what its own pattern matches",
        .proves("topic.a-queue-a-pattern", ["spec/3.1.3.3/star-is-one-word"]))
    func aQueueAPattern() async throws {
        let channel = try await Probe.openChannel()
        let topics = try await channel.declareExchange("topic")
        let critical = try await channel.declareQueue()
        let kernel = try await channel.declareQueue()
        try await channel.bind(critical, to: topics, "*.critical")
        try await channel.bind(kernel, to: topics, "kern.*")
        for key: ShortString in ["kern.critical", "kern.info", "cron.critical", "cron.info"] {
            channel.publish(key.text, to: topics, key)
        }
        #expect(try await channel.drain(critical) == ["kern.critical", "cron.critical"])
        #expect(try await channel.drain(kernel) == ["kern.critical", "kern.info"])
    }

    @Test(
        "Unbinding one of two patterns leaves the other",
        .proves("topic.unbind-one-of-two", ["spec/3.1.3.3/topic-key-words", "spec/4.6/visibility"]))
    func unbindOneOfTwo() async throws {
        let channel = try await Probe.openChannel()
        let topics = try await channel.declareExchange("topic")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: topics, "a.#")
        try await channel.bind(queue, to: topics, "a.b.#")
        _ = try await channel.call(
            QueueUnbind(queue: queue, exchange: topics, routingKey: "a.#"), QueueUnbindOk.self)
        channel.publish("a.c", to: topics, "a.c")
        channel.publish("a.b", to: topics, "a.b")
        #expect(try await channel.drain(queue) == ["a.b"])
    }

    @Test(
        "An unbind names the pattern as it was bound, not what it matches",
        .proves("topic.unbind-is-literal", ["spec/3.1.3.3/topic-key-words"]))
    func unbindIsLiteral() async throws {
        let channel = try await Probe.openChannel()
        let topics = try await channel.declareExchange("topic")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: topics, "a.b")
        channel.send(QueueUnbind(queue: queue, exchange: topics, routingKey: "a.*"))
        // What a broker makes of an unbind without a binding has cases of its own.
        _ = try await channel.outcome()
        channel.publish("still bound", to: topics, "a.b")
        #expect(try await channel.drain(queue) == ["still bound"])
    }

    @Test(
        "amq.topic is there from the start, and is a topic exchange",
        .proves("topic.predeclared-exchange", ["spec/3.1.3.3/topic-instance", "exchange/required-instances"]))
    func predeclaredExchange() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let word = unique("word")
        try await channel.bind(queue, to: "amq.topic", try ShortString("\(word).*"))
        channel.publish("two words", to: "amq.topic", try ShortString("\(word).a"))
        channel.publish("three words", to: "amq.topic", try ShortString("\(word).a.b"))
        #expect(try await channel.drain(queue) == ["two words"])
    }
}
