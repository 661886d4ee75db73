import BrokerCore
import Synchronization
import TestSupport
import Testing

@testable import BrokerServer

/// What a broker makes of files as RabbitMQ's releases write them, and of users who are there already.
@Suite(.watched) struct DefinitionsImportTests {
    private final class Log: Sendable {
        private let texts = Mutex<[String]>([])

        func add(_ text: String) { texts.withLock { $0.append(text) } }
        var all: [String] { texts.withLock { $0 } }
    }

    /// A broker, and what it warns of.
    private final class Rig: Sendable {
        let broker: Broker

        init(_ configure: (inout BrokerConfiguration) -> Void = { _ in }) {
            var configuration = BrokerConfiguration.patient
            configuration.logLevel = .warning
            configure(&configuration)
            let log = Log()
            broker = Broker(configuration, log: { event in log.add(event.text) })
            self.log = log
        }

        private let log: Log
        var warnings: [String] { log.all }

        func define(_ text: String) throws { try broker.define(DefinitionsFile(Array(text.utf8))) }

        func seen(_ host: String? = "/") throws -> BrokerSnapshot {
            try #require(broker.snapshot(of: [.queues, .exchanges, .bindings], in: host))
        }

        func queues(_ host: String = "/") throws -> [String] {
            try seen(host).queues.map { "\($0.name) \($0.type)" }.sorted()
        }

        func bindings() throws -> [String] {
            try seen().bindings.filter { !$0.source.isEmpty }
                .map { "\($0.source) \($0.routingKey) \($0.destination)" }.sorted()
        }

        func user(_ name: String) throws -> BrokerConfiguration.User {
            try #require(seen(nil).users.first { $0.name == name })
        }
    }

    @Test("What a broker in use exports is taken, without what nobody can make again", arguments: RealExports.all)
    func realExports(release: String, text: String) throws {
        let rig = Rig()
        try rig.define(text)
        #expect(
            try rig.queues() == ["billing classic", "log stream", "majority quorum", "transient classic"], "\(release)")
        #expect(
            try rig.bindings() == ["events  log", "events t transient", "orders orders.# billing"], "\(release)")
        #expect(
            try rig.seen().exchanges.map(\.name).filter { !$0.isEmpty && !$0.hasPrefix("amq.") }.sorted()
                == ["events", "orders"])
        #expect(try rig.seen(nil).virtualHosts == ["/", "other"])
        #expect(try rig.seen().queues.first { $0.name == "billing" }?.policy?.name == "limits")
        for (name, password) in [("guest", "guest"), ("anna", "secret"), ("ben", "secret")] {
            #expect(try rig.user(name).accepts(Array(password.utf8)), "\(name)")
        }
        // RabbitMQ's log of 4.3 is an exchange beside.
        let count = release == "4.3.6" ? 8 : 7
        let leftOut = rig.warnings.filter { $0.hasSuffix("and it is left out") }
        #expect(leftOut.count == count && leftOut.count == rig.warnings.count, "\(rig.warnings)")
        #expect(leftOut.contains { $0.hasSuffix("there is no queue 'mine' in vhost '/', and it is left out") })
        #expect(leftOut.contains { $0.hasSuffix("there is no exchange 'inside' in vhost '/', and it is left out") })
        // What is there already may be bound.
        try rig.define(text)
        #expect(try rig.bindings().count == 3)
    }

    @Test("Of a thousand bindings that are left out not each is told")
    func manyAreLeftOut() throws {
        let rig = Rig()
        let bindings = (0..<1000).map {
            #"{"vhost":"/","source":"amq.fanout","destination":"amq.gen-\#($0)","destination_type":"queue","#
                + #""routing_key":""}"#
        }
        try rig.define("{\"bindings\":[\(bindings.joined(separator: ","))]}")
        #expect(rig.warnings.count == 11)
        #expect(rig.warnings.last == "definitions: 990 more are left out for reasons like these")
    }

    @Test("An exchange of a plugin's type is left out, with the road where there is one")
    func types() throws {
        let rig = Rig()
        try rig.define(
            """
            {"exchanges":[{"vhost":"/","name":"recent","type":"x-recent-history"},
            {"vhost":"/","name":"later","type":"x-delayed-message"},{"vhost":"/","name":"plain","type":"direct"}],
            "queues":[{"vhost":"/","name":"q"}],"bindings":[
            {"vhost":"/","source":"recent","destination":"q","destination_type":"queue","routing_key":"a"},
            {"vhost":"/","source":"plain","destination":"q","destination_type":"queue","routing_key":"b"}]}
            """)
        #expect(try rig.bindings() == ["plain b q"])
        #expect(rig.warnings.count == 3, "\(rig.warnings)")
        #expect(rig.warnings[0].contains("exchanges[0]: there is no exchange type 'x-recent-history' here"))
        #expect(rig.warnings[1].contains("(a queue with a message TTL that dead-letters"))
        #expect(rig.warnings[2].contains("bindings[0]: there is no exchange 'recent'"))
    }

    private static let types = """
        {"exchanges":[{"vhost":"/","name":"any","type":"x-local-random"},
        {"vhost":"/","name":"mod","type":"x-modulus-hash"},{"vhost":"/","name":"hash","type":"x-consistent-hash"}],
        "queues":[{"vhost":"/","name":"q"},{"vhost":"/","name":"major","arguments":{"x-queue-type":"quorum"}}],
        "bindings":[
        """

    private func binding(_ source: String, _ key: String, to destination: String, _ kind: String = "queue") -> String {
        #"{"vhost":"/","source":"\#(source)","destination":"\#(destination)","destination_type":"\#(kind)","#
            + #""routing_key":"\#(key)"}"#
    }

    @Test("Exchanges are of the types that the release has")
    func typesOfTheRelease() throws {
        let bindings = [("any", ""), ("mod", ""), ("hash", "1")].map { binding($0.0, $0.1, to: "q") }
        let known: [Dialect: [String]] = [
            .v3_10: ["hash 1 q"], .v4_0: ["any  q", "hash 1 q"], .v4_3: ["any  q", "hash 1 q", "mod  q"],
        ]
        for dialect in Dialect.allCases {
            let rig = Rig { $0.dialect = dialect }
            try rig.define(Self.types + bindings.joined(separator: ",") + "]}")
            #expect(try rig.bindings() == known[dialect], "\(dialect)")
            let leftOut = try 3 - #require(known[dialect]).count
            // Each with its binding.
            #expect(rig.warnings.count == 2 * leftOut, "\(rig.warnings)")
            let reason = "exchanges[1]: there is no exchange type 'x-modulus-hash' in dialect \(dialect.name)"
            #expect(rig.warnings.contains { $0.contains("\(reason): --dialect 4.3 has it") } == (leftOut > 0))
            let again = Rig { $0.dialect = dialect }
            try again.define(DefinitionsExport(broker: rig.seen(nil)).json.indentedText)
            #expect(try again.bindings() == known[dialect], "\(dialect)")
            #expect(again.warnings == [])
        }
    }

    @Test("A binding that its exchange's type refuses is wrong, and nothing of the file is made")
    func bindingsOfTheType() throws {
        for (binding, reason) in [
            (binding("any", "k", to: "q"), "Non empty binding 'k' key not permitted"),
            (binding("any", "", to: "major"), "Queue type rabbit_quorum_queue not valid for this exchange type"),
            (binding("any", "", to: "hash", "exchange"), "Destination not found"),
        ] {
            let rig = Rig { $0.dialect = .v4_0 }
            do throws(DefinitionsFile.Malformed) {
                try rig.broker.define(DefinitionsFile(Array((Self.types + binding + "]}").utf8)))
                Issue.record("taken: \(reason)")
            } catch { #expect("\(error)" == "bindings[0]: \(reason)") }
            #expect(try rig.queues() == [])
        }
    }

    @Test("Policies for mirrors, plugins and other releases are taken, and stand in the way of others as there")
    func policies() throws {
        let rig = Rig()
        let keys = [
            #""ha-mode":"all""#, #""queue-master-locator":"min-masters","ha-mode":"exactly""#,
            #""federation-upstream-set":"all""#, #""shards-per-node":2,"routing-key":"1""#,
            #""consumer-timeout":5000"#, #""delayed-retry-min":5"#, #""target-group-size":3"#,
        ]
        let policies = keys.enumerated().map {
            #"{"vhost":"/","name":"p\#($0)","pattern":"^q\#($0)","priority":1,"definition":{\#($1)}}"#
        }
        try rig.define(
            """
            {"policies":[{"vhost":"/","name":"low","pattern":"^q","definition":{"max-length-bytes":1}},\
            \(policies.joined(separator: ","))],"queues":[{"vhost":"/","name":"q0"},{"vhost":"/","name":"q1"},
            {"vhost":"/","name":"q2"},{"vhost":"/","name":"q3"},{"vhost":"/","name":"q4"},{"vhost":"/","name":"q5"},
            {"vhost":"/","name":"q6"},{"vhost":"/","name":"q7"},
            {"vhost":"/","name":"q0-quorum","arguments":{"x-queue-type":"quorum"}}]}
            """)
        #expect(
            try rig.seen().queues.map { "\($0.name) \($0.policy?.name ?? "")" }.sorted() == [
                "q0 p0", "q0-quorum low", "q1 p1", "q2 p2", "q3 p3", "q4 p4", "q5 p5", "q6 low", "q7 low",
            ])
        #expect(rig.warnings.contains { $0.contains("policies[1].definition.ha-mode has no effect") })
    }

    @Test("A queue that does not say its type is of the virtual host's default type, as the release has it")
    func defaultType() throws {
        let text = """
            {"vhosts":[{"name":"new","metadata":{"default_queue_type":"quorum"}}],"queues":[{"vhost":"new","name":"bare"},
            {"vhost":"new","name":"beside","type":"classic"},
            {"vhost":"new","name":"said","arguments":{"x-queue-type":"classic"}},
            {"vhost":"new","name":"auto","auto_delete":true},{"vhost":"new","name":"transient","durable":false},
            {"vhost":"new","name":"log","type":"stream"},{"vhost":"/","name":"bare"}]}
            """
        for dialect in Dialect.allCases {
            let rig = Rig { $0.dialect = dialect }
            try rig.define(text)
            let type = dialect == .v3_10 ? "classic" : "quorum"
            #expect(
                try rig.queues("new") == [
                    "auto classic", "bare \(type)", "beside \(type)", "log stream", "said classic",
                    "transient classic",
                ], "\(dialect)")
            #expect(try rig.queues() == ["bare classic"])
        }
        let everywhere = Rig { ($0.dialect, $0.defaultQueueType) = (.v4_0, "quorum") }
        try everywhere.define(text)
        #expect(try everywhere.queues() == ["bare quorum"])
        // What can't be of that type is wrong, as there.
        let wrong = Rig { $0.dialect = .v4_3 }
        #expect(throws: DefinitionsFile.Malformed.self) {
            try wrong.define(
                """
                {"vhosts":[{"name":"v","default_queue_type":"quorum"}],
                "queues":[{"vhost":"v","name":"q","arguments":{"x-max-priority":3}}]}
                """)
        }
        #expect(try wrong.seen(nil).virtualHosts == ["/"])
    }

    @Test("A hash without an algorithm's name is told by its length")
    func hashes() throws {
        let rig = Rig()
        // Both are of "pw", and RabbitMQ takes the first unless the file is of a release before 3.6, which wrote the second.
        try rig.define(
            """
            {"users":[{"name":"new","password_hash":"YWJjZCUocPu+lAjLXU4Se7RFyins8lJaz+A5gv/b19IpfqUF","tags":""},
            {"name":"old","password_hash":"YWJjZODzy6NRiTHUYpNJdsHFvNQ=","tags":""}]}
            """)
        for name in ["new", "old"] {
            #expect(try rig.user(name).accepts(Array("pw".utf8)), "\(name)")
            #expect(try !rig.user(name).accepts(Array("PW".utf8)), "\(name)")
        }
    }

    @Test("A user who is there gets the file's password and tags, and keeps permissions that it does not mention")
    func users() throws {
        let rig = Rig()
        try rig.define(
            """
            {"vhosts":[{"name":"v"}],"users":[{"name":"anna","password":"old","tags":""},{"name":"ben","password":"b"}],
            "permissions":[{"user":"anna","vhost":"/","configure":"^a","write":"","read":""},
            {"user":"anna","vhost":"v","configure":"^b","write":"","read":""}]}
            """)
        try rig.define(
            """
            {"users":[{"name":"anna","password":"new","tags":"management"},{"name":"guest","password":"guest"}],
            "permissions":[{"user":"anna","vhost":"v","configure":"^c","write":"","read":""},
            {"user":"ben","vhost":"/","configure":"^d","write":"","read":""},
            {"user":"nobody","vhost":"/","configure":"","write":"","read":""}]}
            """)
        let (anna, ben, guest) = (try rig.user("anna"), try rig.user("ben"), try rig.user("guest"))
        #expect(anna.accepts(Array("new".utf8)) && !anna.accepts(Array("old".utf8)) && anna.tags == ["management"])
        #expect(anna.permissions?.mapValues(\.configure) == ["/": "^a", "v": "^c"])
        #expect(ben.permissions?.mapValues(\.configure) == ["/": "^d"] && ben.accepts(Array("b".utf8)))
        // Who may do everything still may.
        #expect(guest.permissions == nil)
        #expect(
            rig.warnings == [
                "definitions: permissions: user 'nobody' is not among the file's users, and gets none"
            ])
        try rig.define(#"{"permissions":[{"user":"guest","vhost":"v","configure":"","write":"","read":""}]}"#)
        #expect(try rig.user("guest").permissions?.mapValues(\.configure) == ["/": ".*", "v": ""])
    }

    @Test("A request looks at the broker once at most")
    func looks() throws {
        let rig = Rig()
        try rig.define(#"{"queues":[{"vhost":"/","name":"q"}]}"#)
        let looks = Log()
        var source = rig.broker.listingAPI.source
        let look = source.look
        source.look = { parts, host in
            looks.add("one more")
            return look(parts, host)
        }
        let guest = try rig.user("guest")
        for (method, path, body) in [
            ("GET", "queues", ""), ("GET", "overview", ""), ("GET", "definitions", ""),
            ("PUT", "policies/%2F/p", #"{"pattern":"a","definition":{"max-length":1}}"#),
            ("PUT", "policies/%2F/p", #"{"pattern":"b","definition":{"max-length":1}}"#),
            ("DELETE", "policies/%2F/p", ""), ("DELETE", "queues/%2F/q/contents", ""),
            ("POST", "definitions", "{}"), ("DELETE", "queues/%2F/q", ""),
        ] {
            var reader = HTTPRequestReader()
            reader.append(
                Array(
                    ("\(method) /api/\(path) HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                        + body).utf8))
            let before = looks.all.count
            let answer = ListingAPI(source: source).answer(try #require(try reader.next()), by: guest)
            #expect(
                (200...204).contains(answer.status) && looks.all.count <= before + 1, "\(method) \(path): \(answer)")
        }
    }
}
