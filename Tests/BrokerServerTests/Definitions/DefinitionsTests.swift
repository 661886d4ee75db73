import AMQPClient
import BrokerCore
import TestSupport
import Testing

@testable import BrokerServer

/// Files as RabbitMQ exports them, and what a broker makes of them.
@Suite(.watched) struct DefinitionsTests {
    /// In the shape of `rabbitmqctl export_definitions` of 3.10.8: no `internal`, empty limits as a list. alice's password is
    /// `secret-a`, bob's `secret-b`; both were hashed by RabbitMQ.
    static let of310 = """
        {"bindings":[{"arguments":{"f":1.5,"l":[1,"a"],"n":1,"x-match":"all"},"destination":"work","destination_type":"queue",
        "routing_key":"","source":"heads","vhost":"shop"},{"arguments":{},"destination":"d","destination_type":"exchange",
        "routing_key":"d.*","source":"in","vhost":"shop"}],
        "exchanges":[{"arguments":{},"auto_delete":false,"durable":true,"name":"heads","type":"headers","vhost":"shop"},
        {"arguments":{"alternate-exchange":"heads"},"auto_delete":false,"durable":true,"name":"in","type":"topic","vhost":"shop"},
        {"arguments":{},"auto_delete":false,"durable":true,"name":"d","type":"direct","vhost":"shop"}],
        "global_parameters":[{"name":"mything","value":[["a",1]]}],
        "parameters":[{"component":"operator_policy","name":"op","value":{"apply-to":"queues","definition":[["max-length",5]],
        "pattern":"^work$","priority":0},"vhost":"shop"}],
        "permissions":[{"configure":"^shop\\\\.","read":".*","user":"alice","vhost":"shop","write":".*"}],
        "policies":[{"apply-to":"queues","definition":{"dead-letter-exchange":"in","max-length":2},"name":"limits",
        "pattern":"^work$","priority":7,"vhost":"shop"},
        {"apply-to":"all","definition":{"ha-mode":"all"},"name":"ha","pattern":"","priority":0,"vhost":"shop"}],
        "queues":[{"arguments":{"x-delivery-limit":5,"x-queue-type":"quorum"},"auto_delete":false,"durable":true,
        "name":"orders","type":"quorum","vhost":"shop"},{"arguments":{"x-max-length":10},"auto_delete":false,"durable":true,
        "name":"work","type":"classic","vhost":"shop"}],
        "rabbit_version":"3.10.8","rabbitmq_version":"3.10.8",
        "topic_permissions":[{"exchange":"amq.topic","read":"^b","user":"alice","vhost":"shop","write":"^a"}],
        "users":[{"hashing_algorithm":"rabbit_password_hashing_sha256","limits":{},"name":"bob",
        "password_hash":"maXJfIsmqH2Yw6jC5/Aq3WD8p0KWe5uLjuwNYMC9sZRz6Rmp","tags":["administrator"]},
        {"hashing_algorithm":"rabbit_password_hashing_sha256","limits":{},"name":"alice",
        "password_hash":"QDaDLU1R/9899zcdcosdMzs6uBBaQM/Wz6ii6jrLum1iwmFp","tags":["management"]}],
        "vhosts":[{"limits":[],"metadata":{"description":"","tags":""},"name":"shop"},
        {"limits":[],"metadata":{"description":"","tags":[],"default_queue_type":"quorum"},"name":"new"}]}
        """

    private func file(_ text: String) throws -> DefinitionsFile { try DefinitionsFile(Array(text.utf8)) }

    private func broker(_ text: String = DefinitionsTests.of310) throws -> Broker {
        let broker = Broker.patient
        try broker.define(file(text))
        return broker
    }

    private func send(
        _ method: String, _ path: String, _ body: String = "", to broker: Broker, user: String = "guest:guest"
    ) throws -> HTTPResponse {
        var reader = HTTPRequestReader()
        let credentials = Base64.encode(Array(user.utf8))
        reader.append(
            Array(
                ("\(method) /api/\(path) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic \(credentials)\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)").utf8))
        let (request, api) = (try #require(try reader.next()), broker.listingAPI)
        guard case .known(let isRight)? = api.login(request, isLoopback: true)?.check else {
            return api.answer(request, by: nil)
        }
        return api.answer(request, by: isRight ? api.login(request, isLoopback: true)?.user : nil)
    }

    @Test func whatAFileHas() throws {
        let broker = try broker()
        let all = try #require(broker.snapshot(of: [.queues, .exchanges, .bindings], in: nil))
        #expect(all.virtualHosts == ["/", "new", "shop"])
        #expect(all.defaultQueueTypes == ["new": "quorum"])
        #expect(
            all.queues.map { "\($0.name) \($0.type) \($0.policy?.name ?? "")" } == [
                "orders quorum ", "work classic limits",
            ])
        #expect(
            all.bindings.filter { !$0.source.isEmpty }.map { "\($0.source) \($0.routingKey) \($0.destination)" } == [
                "heads  work", "in d.* d",
            ])
        #expect(all.exchanges.first { $0.name == "in" }?.arguments["alternate-exchange"] == "heads")
        let users = Dictionary(uniqueKeysWithValues: all.users.map { ($0.name, $0) })
        #expect(users.keys.sorted() == ["alice", "bob", "guest"])
        #expect(users["alice"]?.accepts(Array("secret-a".utf8)) == true)
        #expect(users["bob"]?.accepts(Array("secret-b".utf8)) == true)
        #expect(users["alice"]?.accepts(Array("secret-b".utf8)) == false)
        #expect(users["alice"]?.permissions?["shop"]?.configure == "^shop\\.")
        #expect(users["alice"]?.isAdministrator == false && users["bob"]?.isAdministrator == true)
        // An administrator without permissions may open nothing, as in RabbitMQ.
        #expect(users["bob"]?.mayOpen("shop") == false)
    }

    @Test func whatIsLeftOutIsSaid() throws {
        let warnings = try file(Self.of310).warnings
        for part in [
            "policies[1].definition.ha-mode", "parameters[0], 'op': there are no operator policies",
            "topic_permissions",
            "global_parameters[0], 'mything'",
        ] { #expect(warnings.contains { $0.contains(part) }, "\(part): \(warnings)") }
        #expect(warnings.count == 4)
        #expect(try file(#"{"bogus":[1]}"#).warnings == ["'bogus' means nothing here, and is left out"])
        #expect(
            try file(Self.of310).summary
                == "2 virtual hosts, 2 users, 2 policies, 3 exchanges, 2 queues, 2 bindings")
    }

    /// Each with the place, and with nothing taken.
    @Test(arguments: [
        ("{\"queues\":\n  [1,]}", "line 2, column 6: not JSON"), ("[]", "it is not an object"),
        ("{\"queues\":1}", "queues: it is not a list"),
        ("{\"queues\":[{\"vhost\":\"/\"}]}", "queues[0].name: it is missing"),
        (
            "{\"queues\":[{\"vhost\":\"/\",\"name\":\"ok\"},{\"vhost\":\"/\",\"name\":\"q\",\"arguments\":{\"x-max-length\":\"a\"}}]}",
            "queues[1].arguments.x-max-length: invalid arg 'x-max-length' for queue 'q' in vhost '/': "
                + "\"expected integer, got longstr\""
        ),
        ("{\"queues\":[{\"vhost\":\"no\",\"name\":\"q\"}]}", "queues[0].vhost: there is no virtual host 'no'"),
        (
            "{\"queues\":[{\"vhost\":\"/\",\"name\":\"q\",\"durable\":false,\"arguments\":{\"x-queue-type\":\"quorum\"}}]}",
            "queues[0]: invalid property 'non-durable'"
        ),
        (
            "{\"queues\":[{\"vhost\":\"/\",\"name\":\"q\"},{\"vhost\":\"/\",\"name\":\"q\"}]}",
            "queues[1]: the file has it twice: 'q'"
        ),
        (
            "{\"exchanges\":[{\"vhost\":\"/\",\"name\":\"e\",\"type\":\"nope\"}]}",
            "exchanges[0].type: unknown exchange type 'nope'"
        ),
        (
            "{\"policies\":[{\"vhost\":\"/\",\"name\":\"p\",\"pattern\":\"a\",\"definition\":{\"nope\":1}}]}",
            "policies[0].definition.nope: [{<<\"nope\">>,1}] are not recognised policy settings"
        ),
        (
            "{\"policies\":[{\"vhost\":\"/\",\"name\":\"p\",\"pattern\":\"(\",\"definition\":{\"max-length\":1}}]}",
            "policies[0].pattern: pattern should be regular expression"
        ),
        ("{\"users\":[{\"name\":\"u\",\"password_hash\":\"x\"}]}", "users[0].password_hash: it is not"),
        (
            "{\"users\":[{\"name\":\"u\",\"password_hash\":\"x\",\"hashing_algorithm\":\"nope\"}]}",
            "users[0].hashing_algorithm: there is no 'nope'"
        ),
        (
            "{\"permissions\":[{\"user\":\"u\",\"vhost\":\"/\",\"configure\":\"(\",\"write\":\"\",\"read\":\"\"}]}",
            "permissions[0]: the expression '('"
        ),
        (
            "{\"vhosts\":[{\"name\":\"v\",\"default_queue_type\":\"cow\"}]}",
            "vhosts[0].default_queue_type: there is no queue type"
        ),
    ])
    func wrongFiles(text: String, reason: String) throws {
        let broker = Broker.patient
        do throws(DefinitionsFile.Malformed) {
            try broker.define(DefinitionsFile(Array(text.utf8)))
            Issue.record("taken")
        } catch { #expect("\(error)".hasPrefix(reason), "\(error)") }
        #expect(broker.snapshot(of: [.queues], in: nil)?.queues.isEmpty == true)
    }

    @Test func whatIsExportedIsTakenAgain() throws {
        let first = try send("GET", "definitions", to: broker()).body
        let second = try send("GET", "definitions", to: broker(#require(first?.indentedText))).body
        // guest's has a new salt each time.
        func comparable(_ json: JSON?) -> [String] {
            (json?.indentedText.split(separator: "\n") ?? []).map(String.init).filter {
                !$0.contains("\"name\":\"guest\"")
            }
        }
        #expect(comparable(first) == comparable(second))
        #expect(comparable(first).count > 25)
        #expect(first?["users"]?.elements?.first { $0["name"] == "alice" }?["tags"] == ["management"])
        let one = try send("GET", "definitions/shop", to: broker()).body
        #expect(one?["queues"]?.elements?.count == 2 && one?["users"] == nil)
        #expect(one?["queues"]?.elements?.first?["vhost"] == nil)
        let other = Broker.patient
        #expect(try send("POST", "definitions/%2F", #require(one).text, to: other).status == 204)
        #expect(other.snapshot(of: [.queues], in: "/")?.queues.map(\.name) == ["orders", "work"])
    }

    @Test func policiesThroughTheAPI() throws {
        let broker = try broker()
        let path = "policies/shop/p"
        let body = #"{"pattern":"^w","definition":{"max-length":1},"priority":9,"apply-to":"queues"}"#
        #expect(try send("PUT", path, body, to: broker).status == 201)
        #expect(try send("PUT", path, body, to: broker).status == 204)
        #expect(
            try send("GET", path, to: broker).body
                == [
                    "vhost": "shop", "name": "p", "pattern": "^w", "apply-to": "queues",
                    "definition": ["max-length": 1], "priority": 9,
                ])
        #expect(
            try send("GET", "policies/shop", to: broker).body?.elements?.map { $0["name"] } == ["ha", "limits", "p"])
        #expect(try send("GET", "queues/shop/work", to: broker).body?["policy"] == "p")
        #expect(try send("DELETE", path, to: broker).status == 204)
        #expect(try send("DELETE", path, to: broker).status == 404)
        #expect(try send("GET", path, to: broker).status == 404)
        for (path, body, status, reason): (String, String, Int, JSON) in [
            (
                path, #"{"pattern":"a","definition":{"nope":1}}"#, 400,
                "Validation failed\n\n[{<<\"nope\">>,1}] are not recognised policy settings\n"
            ),
            (path, #"{"definition":{"max-length":1}}"#, 400, "[{key_missing,pattern}]"),
            (path, "", 400, "[{key_missing,pattern},{key_missing,definition}]"), (path, "{x", 400, "not_json"),
            ("policies/nope/p", #"{"pattern":"a","definition":{"max-length":1}}"#, 404, "vhost_not_found"),
        ] {
            let answer = try send("PUT", path, body, to: broker)
            #expect(answer.status == status && answer.body?["reason"] == reason, "\(body): \(answer)")
        }
    }

    @Test func rights() throws {
        let broker = try broker()
        let (alice, bob) = ("alice:secret-a", "bob:secret-b")
        for (method, path, user, status) in [
            ("GET", "definitions", alice, 401), ("POST", "definitions", alice, 401),
            ("PUT", "policies/shop/p", alice, 401),
            ("GET", "policies/shop", alice, 200), ("DELETE", "policies/shop/limits", alice, 401),
            // Neither is hers to delete, though she may read from them.
            ("DELETE", "queues/shop/work", alice, 401), ("DELETE", "queues/shop/work/contents", alice, 204),
            ("DELETE", "queues/%2F/work", alice, 404), ("GET", "definitions", bob, 200),
            ("DELETE", "queues/shop/work?if-empty=true", "guest:guest", 204),
            ("DELETE", "queues/shop/work", "guest:guest", 404),
            ("DELETE", "queues/shop/orders/contents", "guest:guest", 204),
            ("POST", "queues/shop/work", "guest:guest", 405), ("DELETE", "definitions", "guest:guest", 405),
        ] { #expect(try send(method, path, to: broker, user: user).status == status, "\(method) \(path) \(user)") }
        try broker.define(file(#"{"users":[{"name":"carol","password":"c","tags":""}]}"#))
        #expect(try send("GET", "queues", to: broker, user: "carol:c").body?["reason"] == "Not management user")
    }

    @Test func importedPolicyActs() async throws {
        let broker = try broker()
        broker.add(.user("guest", password: "guest", loopbackOnly: true))
        #expect(try send("POST", "definitions", #"{"vhosts":[{"name":"shop"}]}"#, to: broker).status == 204)
        #expect(broker.snapshot(of: [.queues], in: "shop")?.queues.last?.policy?.name == "limits")
    }

    @Test func passwordsOfEachAlgorithm() throws {
        for (scheme, hash): (RabbitMQPassword.Scheme, String) in [
            (.sha256, "AAECAygv0e1JvWmb/yuFkkS4o6/ym7l2VIDl94ohKiVGBwMk"),
            (.sha512, "AAECA8E8qImwAohm2g9WqocOEsJQ6Q7SrRSRHK6hksny7uc+EvAjwG3+nOoYWG6Cefh+jrPW7+if4xBGwl07HeWQl0w="),
            (.md5, "AAECA9drPwJybJWdQ4E2lw0vaUU="),
        ] {
            let password = try #require(RabbitMQPassword(hash, scheme))
            #expect(password.matches(Array("secret".utf8)) && !password.matches(Array("Secret".utf8)))
        }
        #expect(hex(SHA512.digest(Array("abc".utf8))).hasPrefix("ddaf35a193617abacc417349ae204131"))
        let long = [UInt8](repeating: 0x61, count: 112)
        #expect(
            hex(SHA512.digest(long)) == "c01d080efd492776a1c43bd23dd99d0a2e626d481e16782e75d54c2503b5dc32"
                + "bd05f0f1ba33e568b88fd2d970929b719ecbb152f58f130a407c8830604b70ca")
        #expect(hex(MD5.digest(Array("abc".utf8))) == "900150983cd24fb0d6963f7d28e17f72")
        #expect(
            hex(
                MD5.digest(
                    Array("12345678901234567890123456789012345678901234567890123456789012345678901234567890".utf8)))
                == "57edf4a22be3c955ac49da2e2107b67a")
        let (hash, _) = RabbitMQPassword.exported(Array("p".utf8))
        #expect(RabbitMQPassword(hash, .sha256)?.matches(Array("p".utf8)) == true)
        #expect(RabbitMQPassword(hash, .sha256)?.matches(Array("q".utf8)) == false)
        #expect(RabbitMQPassword(hash, .sha512) == nil && RabbitMQPassword("", .md5) == nil)
    }

    private func hex(_ octets: [UInt8]) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Two names that look alike are two names; a member that stands there twice counts as it stands there last.
    @Test func namesAreOctetsAndTheLastMemberCounts() throws {
        let broker = try broker(
            """
            {"queues":[{"vhost":"/","name":"e\\u0301","arguments":{"a":1,"x-max-length":3,"a":[2]}},
            {"vhost":"/","name":"\\u00e9"}]}
            """)
        let queues = try #require(broker.snapshot(of: [.queues], in: nil)).queues
        #expect(queues.map { $0.name.utf8.count }.sorted() == [2, 3])
        #expect(queues.contains { $0.arguments == ["a": [.int64(2)], "x-max-length": .int64(3)] })
        #expect(throws: DefinitionsFile.Malformed(place: "queues[1]", reason: "the file has it twice: 'q'")) {
            try file(#"{"queues":[{"vhost":"/","name":"q"},{"vhost":"/","name":"q"}]}"#)
        }
    }

    @Test func whatIsWrongDeepWithinHasItsPlace() throws {
        let name = String(repeating: "n", count: 256)
        let text = #"{"queues":[{"vhost":"/","name":"q","arguments":{"a":[1,{"b":{"\#(name)":1}}]}}]}"#
        #expect(
            throws: DefinitionsFile.Malformed(
                place: "queues[0].arguments.a[1].b", reason: "a name in it has more than 255 octets")
        ) { try file(text) }
    }
}
