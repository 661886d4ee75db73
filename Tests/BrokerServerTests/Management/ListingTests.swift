import AMQPClient
import BrokerCore
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import BrokerServer

/// The listing API's answer to a request, without a stream. A path that begins with no slash is one of the API.
func get(
    _ path: String, from broker: Broker, user: String = "guest:guest", method: String = "GET",
    isLoopback: Bool = true
) throws -> HTTPResponse {
    var reader = HTTPRequestReader()
    let credentials = Base64.encode(Array(user.utf8))
    let path = path.hasPrefix("/") ? path : "/api/\(path)"
    reader.append(
        Array("\(method) \(path) HTTP/1.1\r\nHost: h\r\nAuthorization: Basic \(credentials)\r\n\r\n".utf8))
    let (request, api) = (try #require(try reader.next()), broker.listingAPI)
    guard let login = api.login(request, isLoopback: isLoopback) else { return api.answer(request, by: nil) }
    switch login.check {
    case .known(let isRight): return api.answer(request, by: isRight ? login.user : nil)
    case .costly(let check): return api.answer(request, by: check() ? login.user : nil)
    }
}

@Suite(.watched) struct ListingTests {
    private func list(_ path: String, from broker: Broker) throws -> [JSON] {
        let response = try get(path, from: broker)
        #expect(response.status == 200, "\(path)")
        return try #require(response.body?.elements)
    }

    private struct Populated {
        var broker: Broker
        var connection: Connection
        var channel: Channel
        /// Held, for a consumer that nobody holds is cancelled.
        var consumer: AMQPClient.Consumer
    }

    /// Two queues, two exchanges, two bindings, a consumer with one of the queue's three messages.
    private func populated() async throws -> Populated {
        var configuration = BrokerConfiguration.patient
        configuration.virtualHosts.append("empty")
        let broker = Broker(configuration)
        let connection = try await broker.open()
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue("hello")
        _ = try await channel.declareQueue("task/queue", durable: true, arguments: ["x-max-length": 10])
        let logs = try await channel.declareExchange("logs", type: .fanout)
        _ = try await channel.declareExchange("topics", type: .topic, durable: true)
        try await queue.bind(to: logs)
        try await channel.bindExchange("logs", to: "topics", routingKey: "a.*", arguments: ["x": 1])
        try await channel.qos(prefetchCount: 1)
        for number in 0..<3 { try await queue.publish(Message("\(number)")) }
        let consumer = try await channel.consume("hello", tag: "tag")
        return Populated(broker: broker, connection: connection, channel: channel, consumer: consumer)
    }

    @Test func queues() async throws {
        let populated = try await populated()
        let (broker, connection) = (populated.broker, populated.connection)
        let queues = try list("queues", from: broker)
        #expect(queues.map { $0["name"] } == ["hello", "task/queue"])
        let hello = try #require(queues.first)
        for (name, value): (String, JSON) in [
            ("messages", 3), ("messages_ready", 2), ("messages_unacknowledged", 1), ("consumers", 1),
            ("durable", false),
            ("exclusive", false), ("owner_pid_details", nil), ("state", "running"), ("message_bytes_ready", 2),
        ] { #expect(hello[name] == value, "\(name)") }
        #expect(queues.last?["arguments"] == ["x-max-length": 10])
        let one = try get("queues/%2F/task%2Fqueue", from: broker)
        #expect(one.body?["durable"] == true)
        #expect(one.body?["consumer_details"] == [])
        #expect(try get("queues/%2F/hello", from: broker).body?["consumer_details"]?.elements?.count == 1)
        #expect(try list("queues/empty", from: broker) == [])
        for missing in ["queues/none", "queues/%2F/none", "queues/empty/hello", "queues/%2F/hello/x", "none", ""] {
            #expect(try get(missing, from: broker) == .notFound, "\(missing)")
        }
        withExtendedLifetime(populated) {}
        try await connection.close()
    }

    @Test func exchangesAndBindings() async throws {
        let populated = try await populated()
        let (broker, connection) = (populated.broker, populated.connection)
        #expect(
            try list("exchanges/%2F", from: broker).map { $0["name"] } == [
                "", "amq.direct", "amq.fanout", "amq.headers", "amq.match", "amq.rabbitmq.trace", "amq.topic", "logs",
                "topics",
            ])
        #expect(try get("exchanges/%2F/amq.default", from: broker).body?["type"] == "direct")
        let bindings = try list("bindings", from: broker)
        #expect(
            bindings.map { [$0["source"], $0["destination"], $0["destination_type"], $0["routing_key"]] } == [
                ["", "hello", "queue", "hello"], ["", "task/queue", "queue", "task/queue"],
                ["logs", "hello", "queue", ""], ["topics", "logs", "exchange", "a.*"],
            ])
        #expect(bindings.last?["arguments"] == ["x": 1])
        #expect(try list("queues/%2F/hello/bindings", from: broker) == [bindings[0], bindings[2]])
        #expect(try list("exchanges/%2F/topics/bindings/source", from: broker) == [bindings[3]])
        #expect(try list("exchanges/%2F/logs/bindings/destination", from: broker) == [bindings[3]])
        #expect(try get("exchanges/%2F/logs/bindings", from: broker).status == 404)
        withExtendedLifetime(populated) {}
        try await connection.close()
    }

    @Test func consumersConnectionsAndChannels() async throws {
        let populated = try await populated()
        let (broker, connection, channel) = (populated.broker, populated.connection, populated.channel)
        let second = try await broker.open()
        let consumer = try #require(try list("consumers", from: broker).first)
        #expect(consumer["consumer_tag"] == "tag")
        #expect(consumer.value(at: "queue.name") == "hello")
        #expect(consumer["ack_required"] == true)
        #expect(consumer["prefetch_count"] == 1)
        #expect(consumer["active"] == true)
        let connections = try list("connections", from: broker)
        // Clients in memory have no address, and still names of their own.
        #expect(connections.map { $0["name"] } == ["memory 1", "memory 2"])
        #expect(connections.first?["state"] == "running")
        #expect(connections.first?["user"] == "guest")
        #expect(connections.first?["channels"] == 1)
        let channels = try list("channels", from: broker)
        #expect(channels.map { $0["name"] } == ["memory 1 (1)"])
        #expect(channels.first?["messages_unacknowledged"] == 1)
        #expect(try list("connections/memory%201/channels", from: broker) == channels)
        #expect(try get("connections/memory%202", from: broker).status == 200)
        #expect(try get("connections/memory%203", from: broker).status == 404)
        withExtendedLifetime(populated.consumer) {}
        try await channel.close()
        #expect(try list("channels", from: broker) == [])
        try await connection.close()
        try await second.close()
    }

    @Test func overviewAndTheRest() async throws {
        let populated = try await populated()
        let (broker, connection) = (populated.broker, populated.connection)
        let overview = try #require(try get("overview", from: broker).body)
        #expect(overview.value(at: "queue_totals.messages") == 3)
        #expect(overview.value(at: "object_totals.queues") == 2)
        #expect(overview.value(at: "object_totals.connections") == 1)
        #expect(try get("whoami", from: broker).body?["name"] == "guest")
        #expect(try list("vhosts", from: broker).map { $0["name"] } == ["/", "empty"])
        #expect(try list("permissions", from: broker).count == 2)
        // Not a trace of passwords.
        let users = try get("users", from: broker).body?.text ?? ""
        #expect(users.contains("guest") && !users.contains("password"))
        withExtendedLifetime(populated) {}
        try await connection.close()
    }

    @Test func whoMayAsk() throws {
        let broker = Broker.patient
        #expect(try get("queues", from: broker).status == 200)
        for wrong in ["guest:x", "guest:", "guest", "nobody:guest", ":", "", "guest:guest:"] {
            let response = try get("queues", from: broker, user: wrong)
            #expect(response.status == 401, "\(wrong)")
            #expect(response.headers.contains { $0.name == "www-authenticate" })
        }
        // guest, from elsewhere.
        #expect(try get("queues", from: broker, isLoopback: false).status == 401)
        // Who may not ask doesn't learn what there is.
        #expect(try get("none", from: broker, user: "x:y").status == 401)
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            #expect(try get("queues", from: broker, method: method).status == 405)
        }
        #expect(try get("queues", from: broker, method: "HEAD").status == 200)
    }

    @Test func columnsOrderAndPages() async throws {
        let populated = try await populated()
        let (broker, connection) = (populated.broker, populated.connection)
        #expect(
            try list("queues?columns=name,messages", from: broker) == [
                ["name": "hello", "messages": 3], ["name": "task/queue", "messages": 0],
            ])
        #expect(
            try list("queues?columns=name&sort=messages", from: broker) == [["name": "task/queue"], ["name": "hello"]])
        #expect(
            try list("queues?columns=name&sort=name&sort_reverse=true", from: broker) == [
                ["name": "task/queue"], ["name": "hello"],
            ])
        #expect(try list("consumers?columns=queue.name", from: broker) == [["queue": ["name": "hello"]]])
        // One that is wanted as a whole, a part of it too, and very many that aren't there.
        let others = (0..<1000).map { "x\($0)" }.joined(separator: ",")
        #expect(
            try list("consumers?columns=\(others),queue.name,queue", from: broker) == [
                ["queue": ["name": "hello", "vhost": "/"]]
            ])
        #expect(try list("consumers?columns=\(others),.,.name", from: broker) == [[:]])
        let page = try #require(try get("exchanges/%2F?page=2&page_size=4&columns=name", from: broker).body)
        #expect(page["items"]?.elements?.count == 4)
        #expect(page["page_count"] == 3)
        #expect(page["total_count"] == 9)
        let named = try #require(try get("exchanges/%2F?page=1&name=TOPIC", from: broker).body)
        #expect(named["items"]?.elements?.map { $0["name"] } == ["amq.topic", "topics"])
        for wrong in ["page=0", "page=x", "page=-1", "page=1&page_size=501", "page=1&page_size=0", "page=99"] {
            #expect(try get("exchanges?\(wrong)", from: broker).status == 400, "\(wrong)")
        }
        withExtendedLifetime(populated) {}
        try await connection.close()
    }

    /// As RabbitMQ shows them to a user with the tag `management`.
    @Test func aUserSeesOnlyWhatThatUserMay() async throws {
        var configuration = BrokerConfiguration.patient
        configuration.virtualHosts = ["/", "mine", "theirs"]
        configuration.tracedVirtualHosts = ["mine"]
        var user = BrokerConfiguration.User.user("user", password: "pw")
        user.permissions = ["mine": try Permissions(configure: "^a", write: "", read: ".*")]
        configuration.users.append(user)
        let broker = Broker(configuration)
        let connection = try await broker.open(virtualHost: "theirs")
        let channel = try await connection.openChannel()
        _ = try await channel.declareQueue("hidden")
        let other = try await broker.open(virtualHost: "mine")
        let seen = try await other.openChannel()
        _ = try await seen.declareQueue("seen")
        func names(_ path: String) throws -> [JSON?] {
            let answer = try get(path, from: broker, user: "user:pw")
            #expect(answer.status == 200, "\(path)")
            return try #require(answer.body?.elements).map { $0["name"] }
        }
        #expect(try names("queues") == ["seen"])
        #expect(try names("queues/mine") == ["seen"])
        #expect(try names("vhosts") == ["mine"])
        #expect(try names("connections") == [] && names("channels") == [] && names("consumers") == [])
        let all = try list("vhosts", from: broker)
        #expect(all.map { $0["name"] } == ["/", "mine", "theirs"])
        #expect(all.map { $0["tracing"] } == [false, true, false])
        #expect(try get("whoami", from: broker, user: "user:pw").body == ["name": "user", "tags": ["management"]])
        #expect(try get("overview", from: broker, user: "user:pw").body?["object_totals"]?["queues"] == 1)
        for (path, reason) in [
            ("queues/theirs", "User not authorised to access virtual host"),
            ("queues/theirs/hidden", "User not authorised to access virtual host"),
            ("exchanges/theirs", "User not authorised to access virtual host"),
            ("vhosts/theirs", "Not administrator user"), ("users", "Not administrator user"),
            ("users/user", "Not administrator user"), ("permissions", "Not administrator user"),
            ("nodes", "Not monitor user"),
        ] as [(String, JSON)] {
            let answer = try get(path, from: broker, user: "user:pw")
            #expect(answer.status == 401 && answer.body?["reason"] == reason, "\(path)")
        }
        #expect(try get("queues/none", from: broker, user: "user:pw") == .notFound)
        #expect(
            try list("permissions", from: broker).filter { $0["user"] == "user" } == [
                ["user": "user", "vhost": "mine", "configure": "^a", "write": "", "read": ".*"]
            ])
        #expect(try list("permissions", from: broker).filter { $0["user"] == "guest" }.count == 3)
        for connection in [connection, other] { try await connection.close() }
    }

    @Test func aNameThatNobodyHasIsCheckedLikeOneThatSomebodyHas() throws {
        let checks = Mutex(0)
        var configuration = BrokerConfiguration.patient
        configuration.users.append(
            BrokerConfiguration.User(name: "slow", isCostlyToCheck: true) { _ in
                checks.withLock { $0 += 1 }
                return true
            })
        let broker = Broker(configuration)
        #expect(try get("whoami", from: broker, user: "slow:x").status == 200)
        #expect(try get("whoami", from: broker, user: "nobody:x").status == 401)
        #expect(checks.withLock { $0 } == 2)
    }
}
