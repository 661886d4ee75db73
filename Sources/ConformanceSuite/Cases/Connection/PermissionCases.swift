import AMQPWire
import Testing

/// RabbitMQ's permissions: what a user may do with the resources of a virtual host, by regular expressions on names.
@Suite("Permissions") struct PermissionCases {
    /// A channel of a user with rights to what has a word in its name: `cfg`, `wrt`, `rd`.
    private func openChannel(_ rights: Rights = Rights(configure: "cfg", write: "wrt", read: "rd")) async throws
        -> ProbeChannel
    {
        // From 4.3 on RabbitMQ tells a user without any right to it nothing of an exchange, and barriers ask for this one.
        var rights = rights
        rights.read += "|^amq\\.direct$"
        let login = try await createUser(rights)
        return try await Probe.connect { $0.login = login }.openChannel()
    }

    @Test(
        "Without the configure right nothing is declared or deleted",
        .proves(
            "permissions.configure", ["rabbitmq/permissions/configure"], needs: [.secondUser],
            rabbitmq: .from("4.3", "To ask whether something is there takes some right to it, too.")))
    func configure() async throws {
        let channel = try await openChannel()
        let (mine, theirs) = (unique("cfg"), unique("other"))
        try await channel.send(QueueDeclare(queue: mine, exclusive: true), expecting: .ok)
        try await channel.send(QueueDelete(queue: mine), expecting: .ok)
        try await channel.send(ExchangeDeclare(exchange: mine, type: "fanout"), expecting: .ok)
        try await channel.send(ExchangeDelete(exchange: mine), expecting: .ok)
        let refused = Outcomes.channelClose(.accessRefused)
        try await channel.send(QueueDeclare(queue: theirs, exclusive: true), expecting: refused)
        try await channel.send(QueueDeclare(exclusive: true), expecting: refused)
        try await channel.send(QueueDelete(queue: theirs), expecting: refused)
        try await channel.send(ExchangeDeclare(exchange: theirs, type: "fanout"), expecting: refused)
        try await channel.send(ExchangeDelete(exchange: theirs), expecting: refused)
        try await channel.send(
            ExchangeDeclare(exchange: "amq.fanout", passive: true), expecting: .ok, rabbitmq: refused, from: "4.3")
    }

    @Test(
        "Without the write right nothing is published to an exchange, or bound to get something",
        .proves("permissions.write", ["rabbitmq/permissions/write"], needs: [.secondUser]))
    func write() async throws {
        let owner = try await Probe.openChannel()
        let (open, closed) = (unique("wrt"), unique("other"))
        for name in [open, closed] {
            try await owner.send(ExchangeDeclare(exchange: name, type: "fanout"), expecting: .ok)
            try await owner.send(QueueDeclare(queue: name), expecting: .ok)
            try await owner.bind(name, to: name, "")
        }
        let source = unique("rd")
        try await owner.send(ExchangeDeclare(exchange: source, type: "fanout"), expecting: .ok)
        let channel = try await openChannel()
        channel.publish("allowed", to: open)
        expect(try await channel.outcome(cause: BasicPublish.id), .ok)
        for name in [closed, ""] {
            channel.publish("not allowed", to: name, closed)
            expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.accessRefused))
        }
        #expect(try await owner.drain(open) == ["allowed"])
        #expect(try await owner.drain(closed) == [])
        let refused = Outcomes.channelClose(.accessRefused)
        try await channel.send(QueueBind(queue: open, exchange: source), expecting: .ok)
        try await channel.send(QueueBind(queue: closed, exchange: source), expecting: refused)
        try await channel.send(QueueUnbind(queue: closed, exchange: source), expecting: refused)
        try await channel.send(ExchangeBind(destination: open, source: source), expecting: .ok)
        try await channel.send(ExchangeBind(destination: closed, source: source), expecting: refused)
        try await channel.send(ExchangeUnbind(destination: closed, source: source), expecting: refused)
    }

    @Test(
        "Without the read right nothing is fetched, consumed, purged, or bound to an exchange",
        .proves("permissions.read", ["rabbitmq/permissions/read"], needs: [.secondUser]))
    func read() async throws {
        let owner = try await Probe.openChannel()
        let (open, closed, destination) = (unique("rd"), unique("other"), unique("wrt"))
        for name in [open, closed] {
            try await owner.send(ExchangeDeclare(exchange: name, type: "fanout"), expecting: .ok)
            try await owner.send(QueueDeclare(queue: name), expecting: .ok)
            owner.publish("kept", to: "", name)
        }
        try await owner.send(QueueDeclare(queue: destination), expecting: .ok)
        try await owner.barrier(behind: closed)
        let channel = try await openChannel()
        #expect(try await channel.get(open)?.text == "kept")
        try await channel.send(QueuePurge(queue: open), expecting: .ok)
        try await channel.send(QueueBind(queue: destination, exchange: open), expecting: .ok)
        let refused = Outcomes.channelClose(.accessRefused)
        try await channel.send(BasicGet(queue: closed), expecting: refused)
        try await channel.send(BasicConsume(queue: closed), expecting: refused)
        try await channel.send(QueuePurge(queue: closed), expecting: refused)
        try await channel.send(QueueBind(queue: destination, exchange: closed), expecting: refused)
        #expect(try await owner.drain(closed) == ["kept"])
    }

    @Test(
        "Actions of a queue or an exchange on behalf of its declarer need that user's rights",
        .proves("permissions.on-behalf", ["rabbitmq/permissions/on-behalf"], needs: [.secondUser]))
    func onBehalf() async throws {
        let channel = try await openChannel()
        let refused = Outcomes.channelClose(.accessRefused)
        for (name, other, outcome) in [
            (unique("cfg-rd"), unique("wrt"), Outcomes.ok), (unique("cfg-rd"), unique("other"), refused),
            (unique("cfg"), unique("wrt"), refused),
        ] {
            try await channel.send(
                QueueDeclare(
                    queue: name, exclusive: true, arguments: ["x-dead-letter-exchange": .longString(other.octets)]),
                expecting: outcome)
            try await channel.send(
                ExchangeDeclare(
                    exchange: name, type: "fanout", arguments: ["alternate-exchange": .longString(other.octets)]),
                expecting: outcome)
        }
    }

    @Test(
        "For a queue that the broker names, the right to such a name is what it takes",
        .proves("permissions.server-named", ["rabbitmq/permissions/server-named"], needs: [.secondUser]))
    func serverNamed() async throws {
        let channel = try await openChannel(Rights(configure: "^amq\\.gen-", write: "wrt", read: "rd"))
        try await channel.send(QueueDeclare(exclusive: true), expecting: .ok)
        try await channel.send(
            QueueDeclare(queue: unique("mine"), exclusive: true), expecting: .channelClose(.accessRefused))
    }

    @Test(
        "Dead letters to the nameless exchange need the right to write to amq.default",
        .proves("permissions.dead-letters-to-the-default", ["rabbitmq/permissions/on-behalf"], needs: [.secondUser]))
    func deadLettersToTheDefault() async throws {
        for (write, outcome) in [("^amq\\.default$", Outcomes.ok), ("wrt", .channelClose(.accessRefused))] {
            let channel = try await openChannel(Rights(write: write))
            try await channel.send(
                QueueDeclare(queue: unique("queue"), exclusive: true, arguments: ["x-dead-letter-exchange": ""]),
                expecting: outcome)
        }
    }

    @Test(
        "A right is asked for by name, however many names were asked about before",
        .proves(
            "permissions.many-names", ["rabbitmq/permissions/configure", "rabbitmq/permissions/write"],
            needs: [.secondUser]))
    func manyNames() async throws {
        let channel = try await openChannel()
        let refused = Outcomes.channelClose(.accessRefused)
        for round in 1...2 {
            for number in 1...300 { channel.send(QueueDelete(queue: unique("cfg-\(number)"), noWait: true)) }
            try await channel.send(QueueDelete(queue: unique("other-\(round)")), expecting: refused)
        }
        // Each right has an answer of its own under one name.
        let names = [unique("cfg"), unique("wrt-rd"), unique("cfg-wrt-rd")]
        for name in names {
            try await channel.send(
                QueueDelete(queue: name), expecting: name.hasPrefix("cfg") ? .ok : .channelClose(.accessRefused))
            try await channel.send(
                QueuePurge(queue: name),
                expecting: name == names[0] ? .channelClose(.accessRefused) : .channelClose(.notFound))
            channel.publish("nowhere", to: name)
            expect(
                try await channel.outcome(cause: BasicPublish.id),
                name == names[0] ? .channelClose(.accessRefused) : .channelClose(.notFound))
        }
    }

    @Test(
        "Binding and unbinding, of queues and of exchanges, needs the read right to the source",
        .proves("permissions.read-of-sources", ["rabbitmq/permissions/read"], needs: [.secondUser]))
    func readOfSources() async throws {
        let owner = try await Probe.openChannel()
        let (open, closed, destination) = (unique("rd"), unique("other"), unique("wrt"))
        for name in [open, closed, destination] {
            try await owner.send(ExchangeDeclare(exchange: name, type: "fanout"), expecting: .ok)
        }
        try await owner.send(QueueDeclare(queue: destination), expecting: .ok)
        let channel = try await openChannel()
        for (source, outcome) in [(open, Outcomes.ok), (closed, Outcomes.channelClose(.accessRefused))] {
            try await channel.send(QueueBind(queue: destination, exchange: source), expecting: outcome)
            try await channel.send(QueueUnbind(queue: destination, exchange: source), expecting: outcome)
            try await channel.send(ExchangeBind(destination: destination, source: source), expecting: outcome)
            try await channel.send(ExchangeUnbind(destination: destination, source: source), expecting: outcome)
        }
    }

    @Test(
        "A right is a regular expression that a part of a name has to match; the empty one matches nothing",
        .proves("permissions.patterns", ["rabbitmq/permissions/pattern"], needs: [.secondUser]))
    func patterns() async throws {
        let word = unique("word").text
        for (pattern, theirs, others) in [
            ("^\(word)$|shared$", ["\(word)", "\(word)-shared"], ["\(word)s", "shared-\(word)"]),
            ("^(\(word)|other)-[ab]?$", ["\(word)-", "\(word)-a"], ["x\(word)-a", "\(word)-ab"]),
            ("\(word)\\.x", ["a \(word).x1"], ["\(word)-x"]),
            ("^\(word)([.][a-c]+){2}$", ["\(word).ab.c"], ["\(word).a", "\(word).a.b.c", "\(word).a.d"]),
            ("(?i)^\(word)-UP", ["\(word)-up", "\(word)-Up2"], ["\(word)"]),
            ("^(?!\(word)-secret)", ["\(word)"], ["\(word)-secret"]),
            ("", [], ["\(word)"]),
        ] as [(String, [String], [String])] {
            let channel = try await openChannel(Rights(configure: pattern, write: "", read: ""))
            for (names, outcome) in [(theirs, Outcomes.ok), (others, .channelClose(.accessRefused))] {
                for name in names {
                    try await channel.send(QueueDelete(queue: ShortString(truncating: name)), expecting: outcome)
                }
            }
        }
    }
}
