import AMQPWire
import Testing

@Suite("Dead letters: what is written on them") struct DeathHeaderCases {
    @Test(
        "Exchange and key of the delivery: the dead-letter exchange, and the key it was published with",
        .proves(
            "dead-letter.exchange-and-key",
            ["rabbitmq/dead-letter/exchange-field", "rabbitmq/dead-letter/original-key"]))
    func exchangeAndKey() async throws {
        let letters = try await DeadLetters.open()
        letters.publish("refused")
        try await letters.refuse()
        let dead = try await letters.next()
        #expect(dead.exchange == letters.exchange)
        #expect(dead.routingKey == letters.queue)
    }

    @Test(
        "The CC keys lead from the dead-letter exchange, too",
        .proves("dead-letter.key-of-a-copy", ["rabbitmq/dead-letter/original-key"]))
    func keyOfACopy() async throws {
        try await reach(through: "CC")
    }

    @Test(
        "The BCC keys lead from the dead-letter exchange, too, although nobody sees them",
        .proves("dead-letter.key-of-a-blind-copy", ["rabbitmq/dead-letter/original-key"]))
    func keyOfABlindCopy() async throws {
        try await reach(through: "BCC")
    }

    /// A queue that only a key in `header` leads to from the dead-letter exchange gets the message.
    private func reach(through header: ShortString) async throws {
        let letters = try await DeadLetters.open()
        let channel = try await Probe.openChannel()
        let copied = try await channel.declareQueue()
        try await channel.bind(copied, to: letters.exchange, "copy")
        try await channel.consume(copied, noAck: true)
        letters.publish("refused", BasicProperties(headers: [header: ["copy"]]))
        try await letters.refuse()
        let dead = try await channel.delivery()
        #expect(dead.text == "refused")
        #expect(dead.headers["BCC"] == nil)
    }

    @Test(
        "x-dead-letter-routing-key replaces the key, and takes the CC header away",
        .proves(
            "dead-letter.another-key", ["rabbitmq/dead-letter/override-key"],
            rabbitmq: .from("4.0", "CC stays among the headers, and leads nowhere.")))
    func anotherKey() async throws {
        let letters = try await DeadLetters.open(key: "queue")
        letters.publish("refused", BasicProperties(headers: ["CC": ["copy"], "kept": 1]))
        try await letters.refuse()
        let dead = try await letters.next()
        #expect(dead.routingKey == letters.dead)
        expect(dead.headers["CC"], spec: nil, rabbitmq: ["copy"], from: "4.0", "the header CC")
        #expect(dead.headers["kept"] == 1)
    }

    @Test(
        "x-death tells queue, reason, exchange, routing keys, count and time, each in its type",
        .proves("dead-letter.entry", ["rabbitmq/dead-letter/x-death-entry"]))
    func entry() async throws {
        let letters = try await DeadLetters.open()
        letters.publish("refused")
        try await letters.refuse()
        let dead = try await letters.next()
        try #require(dead.deaths.count == 1)
        var death = dead.deaths[0]
        let time = death["time"]
        if case .timestamp = time {} else { Issue.record("time is \(time.map { "\($0)" } ?? "missing"), no timestamp") }
        death["time"] = nil
        #expect(Set(death.names) == ["queue", "reason", "exchange", "routing-keys", "count"])
        #expect(death["queue"] == .longString(letters.queue.octets))
        #expect(death["reason"] == "rejected")
        #expect(death["exchange"] == "")
        #expect(death["routing-keys"] == [.longString(letters.queue.octets)])
        #expect(death["count"] == .int64(1))
    }

    @Test(
        "routing-keys lists the published key and the CC keys, not the BCC keys",
        .proves("dead-letter.routing-keys", ["rabbitmq/dead-letter/x-death-routing-keys"]))
    func routingKeys() async throws {
        let letters = try await DeadLetters.open()
        letters.publish("refused", BasicProperties(headers: ["CC": ["one", "two"], "BCC": ["hidden"]]))
        try await letters.refuse()
        let keys = try await letters.next().deaths.first?["routing-keys"]
        #expect(keys == [.longString(letters.queue.octets), "one", "two"])
    }

    @Test(
        "The same queue and reason again are counted, not listed again",
        .proves("dead-letter.count", ["rabbitmq/dead-letter/x-death-count"]))
    func count() async throws {
        let letters = try await DeadLetters.open()
        try await letters.channel.bind(letters.queue, to: letters.exchange, "#")
        letters.publish("refused")
        for count in 1...3 {
            try await letters.refuse()
            let deaths = try await letters.next().deaths
            #expect(deaths.map { $0["count"]?.integer } == [Int64(count)])
            // It is in the first queue again, or is on its way.
            try await letters.channel.barrier(behind: letters.queue)
        }
    }

    @Test(
        "Another reason, and another queue, have an entry of their own",
        .proves(
            "dead-letter.entry-of-its-own", ["rabbitmq/dead-letter/x-death-distinct"],
            rabbitmq: .from("4.0", "Entries that come with a publish do not count: only the last death is there.")))
    func entryOfItsOwn() async throws {
        let (letters, second) = try await twoQueues()
        letters.publish("refused, and refused elsewhere, and too old at last")
        try await letters.refuse()
        letters.channel.reject(try await letters.next(), requeue: false)
        let dead = try await letters.next()
        #expect(dead.deaths.map { $0["queue"]?.text } == [second.text, letters.queue.text])
        // With its headers it goes through the first queue once more, where this time it expires.
        letters.publish("once more", BasicProperties(headers: dead.headers, expiration: "0"))
        let last = try await letters.next()
        expect(
            last.deaths.map { $0["reason"]?.text }, spec: ["expired", "rejected", "rejected"], rabbitmq: ["expired"],
            from: "4.0", "the reasons")
    }

    @Test(
        "The expiration of a message is taken off it, and kept as original-expiration",
        .proves("dead-letter.original-expiration", ["rabbitmq/dead-letter/original-expiration"]))
    func originalExpiration() async throws {
        let letters = try await DeadLetters.open()
        letters.publish("refused", BasicProperties(expiration: "60000"))
        try await letters.refuse()
        let dead = try await letters.next()
        #expect(dead.properties.expiration == nil)
        #expect(dead.deaths.first?["original-expiration"] == "60000")
    }

    @Test(
        "x-first-death-reason, -queue and -exchange stay as the first death made them",
        .proves("dead-letter.first-death", ["rabbitmq/dead-letter/first-death"]))
    func firstDeath() async throws {
        let (letters, _) = try await twoQueues(["x-message-ttl": 0])
        letters.publish("too old, and then refused")
        let once = try await letters.next()
        letters.channel.reject(once, requeue: false)
        let twice = try await letters.next()
        for dead in [once, twice] {
            #expect(dead.headers["x-first-death-reason"] == "expired")
            #expect(dead.headers["x-first-death-queue"] == .longString(letters.queue.octets))
            #expect(dead.headers["x-first-death-exchange"] == "")
        }
    }

    @Test(
        "All other headers, the properties and the body stay as published",
        .proves("dead-letter.all-else-kept", ["rabbitmq/dead-letter/header-kept"]))
    func allElseKept() async throws {
        let letters = try await DeadLetters.open()
        let properties = BasicProperties(
            contentType: "text/plain", contentEncoding: "identity", headers: ["kept": 1, "CC": ["copy"]],
            deliveryMode: 2, priority: 3, correlationID: "c", replyTo: "r", messageID: "m", timestamp: 4, type: "t",
            appID: "a")
        letters.publish("refused", properties)
        try await letters.refuse()
        let dead = try await letters.next()
        #expect(dead.text == "refused")
        #expect(dead.headers["kept"] == 1)
        #expect(dead.headers["CC"] == ["copy"])
        var (seen, expected) = (dead.properties, properties)
        (seen.headers, expected.headers) = (nil, nil)
        #expect(seen == expected)
    }

    @Test(
        "x-last-death-reason, -queue and -exchange tell of the latest death",
        .proves(
            "dead-letter.last-death", ["rabbitmq/dead-letter/last-death"],
            rabbitmq: .before("4.0", "There are no such headers.")))
    func lastDeath() async throws {
        let (letters, second) = try await twoQueues()
        letters.publish("refused")
        try await letters.refuse()
        letters.channel.reject(try await letters.next(), requeue: false)
        let dead = try await letters.next()
        let last = ["reason", "queue", "exchange"].map { dead.headers[ShortString(truncating: "x-last-death-\($0)")] }
        expect(
            last, spec: ["rejected", .longString(second.octets), ""], rabbitmq: [nil, nil, nil], before: "4.0",
            "reason, queue and exchange of the last death")
    }

    @Test(
        "A client's x-death that is not an array is replaced",
        .proves("dead-letter.foreign-x-death", ["rabbitmq/dead-letter/foreign-x-death"]))
    func foreignXDeath() async throws {
        let letters = try await DeadLetters.open()
        letters.publish("refused", BasicProperties(headers: ["x-death": "made up"]))
        try await letters.refuse()
        let deaths = try await letters.next().deaths
        #expect(deaths.map { $0["queue"]?.text } == [letters.queue.text])
        #expect(deaths.map { $0["count"]?.integer } == [1])
    }

    @Test(
        "Several entries of one queue and reason, made by a client, are folded into the first",
        .proves(
            "dead-letter.foreign-entries-folded", ["rabbitmq/dead-letter/foreign-entries-folded"],
            rabbitmq: .from("4.0", "Entries that come with a publish do not count: only the last death is there.")))
    func foreignEntriesFolded() async throws {
        func entry(_ queue: FieldValue, _ reason: FieldValue, _ count: Int64?) -> FieldValue {
            var entry: FieldTable = ["queue": queue, "reason": reason]
            entry["count"] = count.map(FieldValue.int64)
            return .table(entry)
        }
        let letters = try await DeadLetters.open()
        let own = FieldValue.longString(letters.queue.octets)
        letters.publish(
            "refused",
            BasicProperties(headers: [
                "x-death": .array([
                    entry(own, "rejected", 2), entry("other", "expired", 1), entry(own, "rejected", 5),
                    entry("other", "expired", 7), entry("other", "rejected", nil), entry("other", "rejected", nil),
                ])
            ]))
        try await letters.refuse()
        let deaths = try await letters.next().deaths
        #expect(deaths.first?["queue"] == own)
        expect(deaths.first?["count"]?.integer, spec: 3, rabbitmq: 1, from: "4.0", "the first entry counts on, to")
        // RabbitMQ turns the order of the others round at each death.
        let others = deaths.dropFirst().map { "\($0["reason"]?.text ?? "") \($0["count"]?.integer ?? 0)" }
        expect(others.sorted(), spec: ["expired 1", "rejected 2"], rabbitmq: [], from: "4.0", "the other entries")
    }

    /// A queue whose dead go to a second one, which `next()` reads, and whose dead it reads as well.
    private func twoQueues(_ arguments: FieldTable = [:]) async throws -> (DeadLetters, second: ShortString) {
        let channel = try await Probe.openChannel()
        let last = try await channel.declareQueue()
        let second = try await channel.declareQueue(
            arguments: ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(last.octets)])
        var arguments = arguments
        arguments["x-dead-letter-exchange"] = ""
        arguments["x-dead-letter-routing-key"] = .longString(second.octets)
        let queue = try await channel.declareQueue(arguments: arguments)
        try await channel.consume(second)
        try await channel.consume(last, noAck: true)
        return (DeadLetters(channel: channel, queue: queue, exchange: "", dead: second), second)
    }
}
