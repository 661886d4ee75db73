import AMQPWire
import Testing

@testable import BrokerCore

@Suite("Permissions")
struct PermissionTests {
    private func rig(_ permissions: [String: Permissions]?) -> Rig {
        Rig { configuration in
            configuration.users[0].permissions = permissions
            configuration.virtualHosts = ["/", "other"]
        }
    }

    /// Asks with clients whose user may configure what begins with c, write to w, and read from r or cr.
    private struct Probe {
        let rig: Rig

        init() throws {
            let rights = try Permissions(configure: "^c", write: "^w", read: "^(r|cr)")
            rig = Rig { $0.users[0].permissions = ["/": rights] }
            let host = try #require(rig.core.virtualHosts["/"])
            for name in ["c", "w", "r", "zz"] as [ShortString] {
                _ = host.declareQueue(name, .init(), try QueueArguments([:], label: "", in: nil))
            }
            for name in ["wx", "rx", "zx"] as [ShortString] {
                try host.declareExchange(name, .init(type: "fanout"))
            }
        }

        /// A client that sends the method is closed with that text; nil: is not.
        func expect(_ method: some MethodFields, _ text: String?, line: Int = #line) throws {
            let client = try rig.open()
            client.send(method)
            #expect(client.takeClose()?.text == text, "\(method), line \(line)")
            client.disconnect()
        }

        static func refused(_ kind: String, _ name: String) -> String {
            "ACCESS_REFUSED - access to \(kind) '\(name)' in vhost '/' refused for user 'guest'"
        }
    }

    @Test(
        "Who has the tag impersonator publishes under any name, and no administrator does",
        arguments: [("impersonator", true), ("administrator", false)])
    func impersonator(tag: String, may: Bool) throws {
        let rig = Rig { $0.users[0].tags = [tag] }
        let client = try rig.open()
        client.publish("x", to: "nowhere", properties: BasicProperties(userID: "other"))
        #expect(client.takeClose()?.code == (may ? nil : .preconditionFailed))
    }

    // Every method was tried on RabbitMQ 3.10.8 too: these are its words.

    @Test("To declare and to delete needs the right to configure, and rights to what the arguments name")
    func declarations() throws {
        let probe = try Probe()
        try probe.expect(QueueDeclare(queue: "zz"), Probe.refused("queue", "zz"))
        try probe.expect(QueueDeclare(queue: "zz", passive: true), nil)
        try probe.expect(QueueDeclare(queue: "c"), nil)
        try probe.expect(
            QueueDeclare(queue: "amq.foo"), "ACCESS_REFUSED - queue name 'amq.foo' contains reserved prefix 'amq.*'")
        try probe.expect(QueueDeclare(queue: "amq.rabbitmq.reply-to"), nil)
        try probe.expect(
            QueueDeclare(queue: "c1", arguments: ["x-dead-letter-exchange": "zx"]), Probe.refused("queue", "c1"))
        try probe.expect(
            QueueDeclare(queue: "cr1", arguments: ["x-dead-letter-exchange": "zx"]), Probe.refused("exchange", "zx"))
        try probe.expect(
            QueueDeclare(queue: "cr1", arguments: ["x-dead-letter-exchange": ""]),
            Probe.refused("exchange", "amq.default"))
        try probe.expect(QueueDeclare(queue: "cr1", arguments: ["x-dead-letter-exchange": "wx"]), nil)
        try probe.expect(ExchangeDeclare(exchange: "zx", type: "fanout"), Probe.refused("exchange", "zx"))
        try probe.expect(ExchangeDeclare(exchange: "amq.foo", type: "fanout"), Probe.refused("exchange", "amq.foo"))
        try probe.expect(ExchangeDeclare(exchange: "zx", passive: true), nil)
        try probe.expect(
            ExchangeDeclare(exchange: "c1", type: "fanout", arguments: ["alternate-exchange": "wx"]),
            Probe.refused("exchange", "c1"))
        try probe.expect(
            ExchangeDeclare(exchange: "cr2", type: "fanout", arguments: ["alternate-exchange": "zx"]),
            Probe.refused("exchange", "zx"))
        try probe.expect(ExchangeDeclare(exchange: "cr2", type: "fanout", arguments: ["alternate-exchange": "wx"]), nil)
        try probe.expect(ExchangeDelete(exchange: "zmissing"), Probe.refused("exchange", "zmissing"))
        try probe.expect(
            ExchangeDelete(exchange: "amq.direct"),
            "ACCESS_REFUSED - deletion of system exchange 'amq.direct' in vhost '/' not allowed")
        try probe.expect(QueueDelete(queue: "zmissing"), Probe.refused("queue", "zmissing"))
    }

    @Test("To get, to consume and to purge needs the right to read")
    func reading() throws {
        let probe = try Probe()
        try probe.expect(QueuePurge(queue: "zz"), Probe.refused("queue", "zz"))
        try probe.expect(QueuePurge(queue: "r"), nil)
        try probe.expect(BasicGet(queue: "zmissing"), Probe.refused("queue", "zmissing"))
        try probe.expect(BasicGet(queue: "rmissing"), "NOT_FOUND - no queue 'rmissing' in vhost '/'")
        try probe.expect(BasicConsume(queue: "zz"), Probe.refused("queue", "zz"))
        try probe.expect(BasicConsume(queue: "amq.rabbitmq.reply-to", noAck: true), nil)
    }

    @Test("To bind needs the right to write to where messages go, and to read from where they come from")
    func bindings() throws {
        let probe = try Probe()
        try probe.expect(QueueBind(queue: "w", exchange: "rx"), nil)
        try probe.expect(QueueBind(queue: "zz", exchange: "zx"), Probe.refused("queue", "zz"))
        try probe.expect(QueueBind(queue: "zz", exchange: ""), Probe.refused("queue", "zz"))
        try probe.expect(
            QueueBind(queue: "w", exchange: ""), "ACCESS_REFUSED - operation not permitted on the default exchange")
        try probe.expect(QueueBind(queue: "w", exchange: "zx"), Probe.refused("exchange", "zx"))
        try probe.expect(QueueUnbind(queue: "zmissing", exchange: "zx"), Probe.refused("queue", "zmissing"))
        try probe.expect(ExchangeBind(destination: "wx", source: "rx"), nil)
        try probe.expect(ExchangeBind(destination: "zx", source: "rx"), Probe.refused("exchange", "zx"))
        try probe.expect(ExchangeBind(destination: "wx", source: "zx"), Probe.refused("exchange", "zx"))
        try probe.expect(ExchangeBind(destination: "", source: "rx"), Probe.refused("exchange", "amq.default"))
        try probe.expect(ExchangeUnbind(destination: "zx", source: "rx"), Probe.refused("exchange", "zx"))
    }

    @Test("Publishing needs the right to write, whatever was published before")
    func publishing() throws {
        let rig = rig(["/": try Permissions(configure: "", write: "^wx$", read: "")])
        let host = try #require(rig.core.virtualHosts["/"])
        for name in ["wx", "wx2"] as [ShortString] { try host.declareExchange(name, .init(type: "fanout")) }
        let client = try rig.open()
        for _ in 0..<2 { client.publish("x", to: "k", exchange: "wx") }
        #expect(client.takeClose() == nil)
        client.publish("x", to: "k", exchange: "wx2")
        #expect(
            client.takeClose()?.text
                == "ACCESS_REFUSED - access to exchange 'wx2' in vhost '/' refused for user 'guest'")
        let other = try rig.open()
        other.publish("x", to: "wx")
        #expect(
            other.takeClose()?.text
                == "ACCESS_REFUSED - access to exchange 'amq.default' in vhost '/' refused for user 'guest'")
    }

    @Test("A virtual host without permissions can't be opened, and one that isn't there is not found first")
    func virtualHosts() throws {
        let rig = rig(["other": .all])
        for (name, text) in [
            ("/", "NOT_ALLOWED - access to vhost '/' refused for user 'guest'"),
            ("nope", "NOT_ALLOWED - vhost nope not found"), ("other", nil),
        ] as [(ShortString, String?)] {
            let client = rig.connect()
            client.send(octets: ProtocolHeader.amqp091)
            client.send(ConnectionStartOk(mechanism: "PLAIN", response: Array("\0guest\0guest".utf8)), channel: 0)
            client.send(ConnectionTuneOk(channelMax: 1, frameMax: 131_072, heartbeat: 0), channel: 0)
            client.send(ConnectionOpen(virtualHost: name), channel: 0)
            let close = client.takeClose()
            #expect(close?.text == text)
            #expect(close == nil || close?.code == .notAllowed)
        }
    }

    @Test(
        "Expressions match anywhere in a name, nothing matches nothing, and RabbitMQ's letters mean the same here",
        arguments: [
            ("", "a", false), ("^$", "a", false), ("a", "bab", true), ("^a$", "bab", false), ("(?i)ZZ", "xzz", true),
            (#"\d+"#, "a1", true), (#"^amq\.gen.*"#, "amq.gen-x", true), ("^(a|b)-", "b-x", true), (".*", "", true),
            ("^..$", "é", false), ("^.$", "\u{65}\u{301}", false),
        ])
    func patterns(_ pattern: String, _ name: String, _ isGranted: Bool) throws {
        let permissions = try Permissions(configure: pattern, write: "", read: "")
        let rights = try AccessRights(user: "u", virtualHost: "/", permissions)
        // Twice: what was found out is remembered.
        for _ in 0..<2 {
            let answer = Result {
                try rights.check(.configure, toQueue: try ShortString(name))
            }
            #expect(((try? answer.get()) != nil) == isGranted)
        }
    }

    @Test(
        "Expressions mean what they mean in PCRE",
        arguments: [
            ("^(?!amq\\.)", "amq.x", false), ("^(?!amq\\.)", "orders", true), ("^(?=.*x)a", "abx", true),
            ("^a{2,3}$", "a", false), ("^a{2,3}$", "aaa", true), ("^a{2,3}$", "aaaa", false), ("^a{2,}$", "aaaa", true),
            ("^a{2}b?$", "aa", true), ("a{,2}", "a{,2}", true), ("^[^a-c]+$", "xyz", true), ("^[^a-c]+$", "xbz", false),
            ("^[]x]$", "]", true), ("^[a-]$", "-", true), ("^[\\w.-]+$", "a_1.b-c", true), ("^\\W$", "-", true),
            ("^(?i:a)b$", "Ab", true), ("^(?i:a)b$", "AB", false), ("^[a-z]+(?i)[a-z]$", "aB", true),
            ("\\bx\\b", "a x", true), ("\\bx\\b", "ax", false), ("^\\x41\\x{42}$", "AB", true), ("^(a|)$", "", true),
            ("^(a*)*$", "aab", false), ("^(a*?b|c+)+$", "aabcc", true), ("^.$", "\n", false), ("^a$", "a\n", true),
            ("^a\\z", "a\n", false),
        ])
    func notation(_ pattern: String, _ name: String, _ isMatched: Bool) throws {
        #expect(try NamePattern(pattern).matches(name) == isMatched)
    }

    @Test(
        "What is no expression, or can't be matched in bounded time, is refused with the reason",
        arguments: [
            ("[", "a '[' is not closed"), ("(unclosed", "a '(' is not closed"), ("*", "a '*' repeats nothing"),
            ("a)", "a ')' closes nothing"), ("(a)\\1", "'\\1' is not supported"), ("a{3,2}", "a repeat counts"),
            ("(?<=a)b", "of groups that begin"), ("a++", "a repeat of a repeat"),
            ("((a{999}){999}){999}", "it is too long"),
            (String(repeating: "(", count: 100), "its groups are nested too deep"), ("\\", "a '\\' escapes nothing"),
            ("[b-a]", "a range in brackets"), ("[[:alpha:]]", "names of classes"), ("(?=(?=a))", "a look ahead within"),
        ])
    func malformed(_ pattern: String, _ reason: String) {
        let error = #expect(throws: Permissions.Malformed.self) {
            try Permissions(configure: ".*", write: pattern, read: ".*")
        }
        #expect(error?.pattern == pattern)
        #expect(error?.reason.hasPrefix(reason) == true)
    }

    @Test(
        "No name makes an expression go over it again and again",
        arguments: ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*)*x$"])
    func noBacktracking(_ pattern: String) throws {
        // With backtracking this would take more steps than there have been nanoseconds since the world began.
        #expect(try !NamePattern(pattern).matches(String(repeating: "a", count: 254) + "!"))
    }

    @Test("Ever new names don't pile up")
    func manyNames() throws {
        let rights = try AccessRights(
            user: "u", virtualHost: "/", Permissions(configure: "^a", write: "", read: ""))
        for number in 0..<2000 { try rights.check(.configure, toQueue: try ShortString("a\(number)")) }
        #expect(throws: BrokerError.self) { try rights.check(.configure, toQueue: "b") }
    }
}
