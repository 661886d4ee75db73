import AMQPWire
import TestSupport
import Testing

@testable import BrokerCore

/// What policies do to queues and exchanges, as RabbitMQ's do (looked at on 3.10.8, 4.0.5 and 4.3.6).
@Suite("Policies", .ownThread)
struct PolicyTests {
    private let rig = Rig()

    private func set(
        _ definition: FieldTable, as name: String = "p", target: Policy.Target = .all, priority: Int64 = 0
    ) throws {
        let policy = try Policy(
            name, in: "/", pattern: "^q", target: target, priority: priority, definition: definition)
        rig.step(.change([.define(.policy(policy))]))
    }

    private func clear(_ name: String = "p") { rig.step(.change([.clearPolicy(name, virtualHost: "/")])) }

    private func declare(_ client: RigClient, _ name: ShortString, _ kind: String = "classic", _ more: FieldTable = [:])
    {
        client.send(
            QueueDeclare(
                queue: name, durable: true, arguments: FieldTable([.init("x-queue-type", .string(kind))] + more.fields))
        )
    }

    private func fill(_ client: RigClient, _ name: ShortString, _ count: Int) {
        client.publish((0..<count).map { "\($0)" }, to: name)
    }

    private func counts() -> [String: Int] {
        Dictionary(uniqueKeysWithValues: rig.core.listQueues().map { ($0.name, $0.readyCount) })
    }

    private func policies() -> [String: String?] {
        Dictionary(uniqueKeysWithValues: rig.core.listQueues().map { ($0.name, $0.policy?.name) })
    }

    @Test("Of two numbers the lower counts, and a policy acts on what is there", arguments: ["classic", "quorum"])
    func lower(kind: String) throws {
        let client = try rig.open()
        declare(client, "q1", kind, ["x-max-length": 3])
        declare(client, "q2", kind, ["x-max-length": 9])
        declare(client, "q3", kind)
        try set(["max-length": 5])
        for name: ShortString in ["q1", "q2", "q3"] { fill(client, name, 12) }
        #expect(counts() == ["q1": 3, "q2": 5, "q3": 5])
        try set(["max-length": 2])
        #expect(counts() == ["q1": 2, "q2": 2, "q3": 2])
        clear()
        for name: ShortString in ["q1", "q2", "q3"] { fill(client, name, 12) }
        #expect(counts() == ["q1": 3, "q2": 9, "q3": 14])
        // It is said of a queue that is declared later too.
        try set(["max-length": 1])
        declare(client, "q4", kind)
        fill(client, "q4", 3)
        #expect(counts()["q4"] == 1)
    }

    @Test(
        "A shorter limit drops many messages in slices, with others' turns between them",
        arguments: ["classic", "quorum"])
    func slices(kind: String) throws {
        let client = try rig.open()
        declare(client, "q", kind)
        fill(client, "q", 5000)
        let policy = try Policy("p", in: "/", pattern: "q", definition: ["max-length": 1])
        let effects = rig.core.step(.change([.define(.policy(policy))]), now: rig.now)
        #expect(effects.hasMoreToDo)
        rig.step(.time)
        #expect(counts() == ["q": 1])
    }

    @Test("What a queue says itself counts more than a policy, except a quorum queue's overflow")
    func argumentsWin() throws {
        let client = try rig.open()
        for name: ShortString in ["own", "theirs"] { client.send(QueueDeclare(queue: name)) }
        declare(
            client, "q1", "classic",
            ["x-max-length": 1, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "own"])
        declare(client, "q2", "classic", ["x-max-length": 1, "x-dead-letter-exchange": ""])
        declare(client, "q3", "classic", ["x-max-length": 1])
        try set(["dead-letter-exchange": "", "dead-letter-routing-key": "theirs"])
        for name: ShortString in ["q1", "q2", "q3"] { fill(client, name, 3) }
        #expect(counts() == ["own": 2, "theirs": 4, "q1": 1, "q2": 1, "q3": 1])
        clear()
        declare(client, "qc", "classic", ["x-max-length": 2, "x-overflow": "drop-head"])
        declare(client, "qq", "quorum", ["x-max-length": 2, "x-overflow": "drop-head"])
        try set(["overflow": "reject-publish"])
        for name: ShortString in ["qc", "qq"] {
            fill(client, name, 4)
            _ = client.take()
            client.send(BasicGet(queue: name, noAck: true))
            #expect(client.take().first?.body == (name == "qc" ? "2" : "0"), "\(name)")
        }
    }

    @Test("A time to live is for messages to come, an expiry for the queue at once", arguments: ["classic", "quorum"])
    func times(kind: String) throws {
        let client = try rig.open()
        declare(client, "q", kind)
        fill(client, "q", 3)
        try set(["message-ttl": 300])
        rig.advance(by: 1000)
        #expect(counts() == ["q": 3])
        try set(["expires": 500])
        rig.advance(by: 499)
        #expect(counts() == ["q": 3])
        rig.advance(by: 1)
        #expect(counts() == [:])
        declare(client, "q", kind)
        clear()
        rig.advance(by: 100_000)
        #expect(counts() == ["q": 0])
    }

    @Test("One policy acts: the highest priority, and of equals the first name")
    func priorities() throws {
        let client = try rig.open()
        declare(client, "q")
        try set(["max-length": 1], as: "b")
        try set(["max-length": 2], as: "a")
        try set(["max-length": 3], as: "low", priority: -1)
        #expect(policies() == ["q": "a"])
        try set(["max-length": 4], as: "high", priority: 1)
        #expect(policies() == ["q": "high"])
        clear("high")
        #expect(policies() == ["q": "a"])
        fill(client, "q", 9)
        #expect(counts() == ["q": 2])
    }

    @Test("A policy is for what it says, and for no type that has no use for a part of it")
    func targets() throws {
        let client = try rig.open()
        for kind in ["classic", "quorum", "stream"] { declare(client, ShortString(truncating: "q.\(kind)"), kind) }
        func reached(_ definition: FieldTable, _ target: Policy.Target) throws -> [String] {
            try set(definition, target: target)
            return policies().compactMap { $0.value == nil ? nil : String($0.key.dropFirst(2)) }.sorted()
        }
        let octets: FieldTable = ["max-length-bytes": 1000]
        #expect(try reached(octets, .all) == ["classic", "quorum", "stream"])
        #expect(try reached(octets, .queues) == ["classic", "quorum", "stream"])
        #expect(try reached(octets, .classicQueues) == ["classic"])
        #expect(try reached(octets, .quorumQueues) == ["quorum"])
        #expect(try reached(octets, .streams) == ["stream"])
        #expect(try reached(octets, .exchanges) == [])
        #expect(try reached(["max-age": "1D", "max-length-bytes": 9], .all) == ["stream"])
        #expect(try reached(["delivery-limit": 3], .all) == ["quorum"])
        #expect(try reached(["queue-mode": "lazy"], .all) == ["classic"])
        #expect(try reached(["max-length": 3], .all) == ["classic", "quorum"])
    }

    @Test(
        "An alternate exchange comes from a policy, unless the exchange has its own; a channel does not remember otherwise"
    )
    func alternates() throws {
        let client = try rig.open()
        for name: ShortString in ["lost", "own"] {
            client.send(QueueDeclare(queue: name))
            client.send(ExchangeDeclare(exchange: name, type: "fanout"))
            client.send(QueueBind(queue: name, exchange: name))
        }
        client.send(ExchangeDeclare(exchange: "qx", type: "direct"))
        client.send(ExchangeDeclare(exchange: "qy", type: "direct", arguments: ["alternate-exchange": "own"]))
        client.publish("1", to: "nowhere", exchange: "qx")
        try set(["alternate-exchange": "lost"], target: .exchanges)
        for exchange: ShortString in ["qx", "qy"] { client.publish("2", to: "nowhere", exchange: exchange) }
        #expect(counts() == ["lost": 1, "own": 1])
        #expect(rig.core.listExchanges().first { $0.name == "qx" }?.policy?.name == "p")
        clear()
        client.publish("3", to: "nowhere", exchange: "qx")
        #expect(counts() == ["lost": 1, "own": 1])
    }

    @Test("A delivery limit may be a policy's, the lower of both, and one below 0 is none")
    func deliveryLimits() throws {
        let none = try QueueArguments(["x-queue-type": "quorum"], label: "", in: .v4_0)
        let five = try QueueArguments(["x-queue-type": "quorum", "x-delivery-limit": 5], label: "", in: .v4_0)
        #expect(none.combined(with: ["delivery-limit": 3]).deliveryLimit?.integer == 3)
        #expect(five.combined(with: ["delivery-limit": 3]).deliveryLimit?.integer == 3)
        #expect(five.combined(with: ["delivery-limit": 9]).deliveryLimit?.integer == 5)
        #expect(five.combined(with: ["delivery-limit": -1]).deliveryLimit?.integer == 5)
    }

    @Test(
        "What RabbitMQ refuses is refused in its words",
        arguments: [
            (["nope": 1, "nix": "a"], "[{<<\"nope\">>,1},{<<\"nix\">>,<<\"a\">>}] are not recognised policy settings"),
            (["nope": 1, "max-length": -1], "-1 is not a valid maximum length"),
            (["max-length": "x"], "<<\"x\">> is not a valid maximum length"), ([:], "no policy provided"),
            (["expires": 0], "0 is not a valid queue expiry"), (["message-ttl": -1], "-1 is not a valid message TTL"),
            (["overflow": "nope"], "<<\"nope\">> is not a valid overflow value"),
            (["dead-letter-exchange": 1], "1 is not a valid dead letter exchange name"),
            (["queue-mode": "x"], "<<\"x\">> is not a valid queue-mode value"),
            (["max-age": "x"], "<<\"x\">> is not a valid max age"),
            (["max-length-bytes": "1"], "<<\"1\">> is not a valid maximum length in bytes"),
        ] as [(FieldTable, String)])
    func refusals(definition: FieldTable, reason: String) {
        do throws(PolicyRefusal) {
            _ = try Policy("p", in: "/", pattern: "", definition: definition)
            Issue.record("taken")
        } catch { #expect(error.reason == reason) }
    }

    @Test("A pattern that can't be matched in bounded time is refused, and none of the others takes long")
    func patterns() throws {
        #expect(throws: PolicyRefusal.self) { try Policy("p", in: "/", pattern: "(", definition: ["max-length": 1]) }
        #expect(throws: PolicyRefusal.self) {
            try Policy("p", in: "/", pattern: "(a)\\1", definition: ["max-length": 1])
        }
        let evil = try Policy("p", in: "/", pattern: "^(a+)+$", definition: ["max-length": 1])
        #expect(!evil.matches(queue: String(repeating: "a", count: 200) + "!", ofType: "classic", in: .v3_10))
    }

    // MARK: What else an operator changes

    private func refusal(_ change: BrokerChange) -> BrokerChange.Refusal? {
        rig.step(.change([change]))
        return rig.takeRefusals().first
    }

    @Test("An operator purges and deletes queues, with a user's rights")
    func queues() throws {
        let client = try rig.open()
        declare(client, "q")
        declare(client, "s", "stream")
        fill(client, "q", 3)
        var user = BrokerConfiguration.User.user("alice", password: "a")
        user.permissions = ["/": try Permissions(configure: "^$", write: "", read: "q")]
        rig.step(.add([user]))
        func delete(_ name: String, ifEmpty: Bool = false, ifUnused: Bool = false) -> BrokerChange.Refusal? {
            refusal(.delete(queue: name, virtualHost: "/", user: "guest", ifEmpty: ifEmpty, ifUnused: ifUnused))
        }
        #expect(refusal(.delete(queue: "q", virtualHost: "/", user: "alice"))?.kind == .forbidden)
        #expect(refusal(.purge(queue: "s", virtualHost: "/", user: "alice"))?.kind == .forbidden)
        #expect(delete("q", ifEmpty: true)?.reason == "queue 'q' in vhost '/' not empty")
        #expect(refusal(.purge(queue: "q", virtualHost: "/", user: "alice")) == nil)
        #expect(counts() == ["q": 0, "s": 0])
        #expect(
            refusal(.purge(queue: "s", virtualHost: "/", user: "guest"))?.reason
                == "queue.purge not supported by stream queues queue 's' in vhost '/'")
        client.send(BasicConsume(queue: "q"))
        #expect(delete("q", ifUnused: true)?.reason == "queue 'q' in vhost '/' in use")
        _ = client.take()
        #expect(delete("q", ifEmpty: true) == nil)
        #expect(client.take().contains { if case .basicCancel = $0.method { true } else { false } })
        #expect(delete("q")?.kind == .missing)
        #expect(refusal(.purge(queue: "q", virtualHost: "no", user: "guest"))?.kind == .missing)
        #expect(refusal(.clearPolicy("none", virtualHost: "/"))?.kind == .missing)
    }

    @Test("A virtual host has its own default type, for queues that can be of it")
    func defaultType() throws {
        let rig = Rig { $0.defaultQueueType = "quorum" }
        let client = try rig.open()
        client.send(QueueDeclare(queue: "lasting", durable: true))
        client.send(QueueDeclare(queue: "passing"))
        client.send(QueueDeclare(queue: "auto", durable: true, autoDelete: true))
        client.send(QueueDeclare(queue: "said", durable: true, arguments: ["x-queue-type": "classic"]))
        #expect(
            Dictionary(uniqueKeysWithValues: rig.core.listQueues().map { ($0.name, $0.type) }) == [
                "lasting": "quorum", "passing": "classic", "auto": "classic", "said": "classic",
            ])
        _ = client.take()
        client.send(QueueDeclare(queue: "lasting", durable: true))
        client.send(QueueDeclare(queue: "lasting", durable: true, arguments: ["x-queue-type": "quorum"]))
        #expect(client.takeClose() == nil)
        client.send(QueueDeclare(queue: "said", durable: true))
        #expect(
            client.takeClose()?.text
                == "PRECONDITION_FAILED - inequivalent arg 'x-queue-type' for queue 'said' in vhost '/': received 'quorum' "
                + "but current is 'classic'")
    }
}
