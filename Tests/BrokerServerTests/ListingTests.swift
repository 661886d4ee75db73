import Foundation
import AMQPClient
import AMQPTransport
import Synchronization
import TestSupport
import Testing

import BrokerCore
@testable import BrokerServer

@Suite(.watched) struct ListingTests {
    private func get(
        _ path: String, from broker: Broker, user: String = "guest:guest", method: String = "GET",
        isLoopback: Bool = true
    ) throws -> HTTPResponse {
        var reader = HTTPRequestReader()
        let credentials = Base64.encode(Array(user.utf8))
        reader.append(
            Array("\(method) /api/\(path) HTTP/1.1\r\nHost: h\r\nAuthorization: Basic \(credentials)\r\n\r\n".utf8))
        let (request, api) = (try #require(try reader.next()), broker.listingAPI)
        guard let login = api.login(request, isLoopback: isLoopback) else { return api.answer(request, by: nil) }
        switch login.check {
        case .known(let isRight): return api.answer(request, by: isRight ? login.user : nil)
        case .costly(let check): return api.answer(request, by: check() ? login.user : nil)
        }
    }

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
        var configuration = BrokerConfiguration()
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

    // MARK: What it says of itself

    @Test func alarmsShowWhereTheyAreLookedFor() async throws {
        var configuration = BrokerConfiguration()
        configuration.memoryHighWater = 1000
        let broker = Broker(configuration)
        func check(_ name: String) throws -> HTTPResponse { try get("health/checks/\(name)", from: broker) }
        func node() throws -> [JSON?] {
            let node = try get("nodes/broker@localhost", from: broker).body
            return [node?["mem_alarm"], node?["disk_free_alarm"]]
        }
        #expect(try check("alarms") == HTTPResponse(200, ["status": "ok"]))
        #expect(try node() == [false, false])
        let connection = try await broker.open()
        let queue = try await connection.openChannel().declareQueue("full")
        try await queue.publish(Message(String(repeating: "x", count: 2000)))
        try await connection.close()
        broker.step(.diskIsLow(true))
        #expect(try node() == [true, true])
        let failed = try check("local-alarms")
        #expect(failed.status == 503 && failed.body?["reason"] == "There are alarms in effect on the node")
        #expect(failed.body?["alarms"]?.elements?.map { $0["resource"] } == ["memory", "disk space"])
        #expect(try check("alarms").body?["reason"] == "There are alarms in effect in the cluster")
        let metrics = try metrics(of: broker)
        for line in [
            "rabbitmq_alarms_memory_used_watermark 1", "rabbitmq_alarms_free_disk_space_watermark 1",
            "rabbitmq_resident_memory_limit_bytes 1000", "rabbitmq_queues 1", "rabbitmq_queue_messages_ready 1",
            "rabbitmq_queue_messages_ready_bytes 2000", "rabbitmq_connections 0",
        ] { #expect(metrics.contains(line), "\(line)") }
        broker.step(.diskIsLow(false))
        #expect(try node() == [true, false])
    }

    private func metrics(of broker: Broker) throws -> [String] {
        var reader = HTTPRequestReader()
        reader.append(Array("GET /metrics HTTP/1.1\r\nHost: h\r\nAuthorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n\r\n".utf8))
        let response = broker.listingAPI.answer(try #require(try reader.next()), isLoopback: true)
        #expect(response.status == 200 && response.plain?.type == "text/plain; version=0.0.4")
        return response.plain?.text.components(separatedBy: "\n") ?? []
    }

    /// As RabbitMQ 3.10.8 answers.
    @Test func otherChecks() throws {
        let broker = Broker()
        defer { broker.shutDown() }
        let port = try broker.listen(port: 0)
        for good in [
            "virtual-hosts", "node-is-quorum-critical", "node-is-mirror-sync-critical", "port-listener/\(port)",
            "protocol-listener/amqp091", "protocol-listener/amqp", "protocol-listener/http",
        ] { #expect(try get("health/checks/\(good)", from: broker).status == 200, "\(good)") }
        let missing = try get("health/checks/port-listener/1", from: broker)
        #expect(missing.status == 503 && missing.body?["missing"] == 1 && missing.body?["ports"] == [JSON(port)])
        #expect(try get("health/checks/port-listener/x", from: broker) == .failure(400, "bad_request", "Invalid port"))
        #expect(try get("health/checks/protocol-listener/mqtt", from: broker).body?["protocols"] == ["amqp", "http"])
        #expect(try get("health/checks/nope", from: broker) == .notFound)
        #expect(try get("aliveness-test/%2F", from: broker).body == ["status": "ok"])
        #expect(try get("aliveness-test/nope", from: broker) == .notFound)
        #expect(
            try get("overview", from: broker).body?["exchange_types"]?.elements?.map { $0["name"] } == [
                "direct", "fanout", "headers", "topic", "x-consistent-hash",
            ])
    }

    // MARK: Over a stream

    /// As RabbitMQ shows them to a user with the tag `management`.
    @Test func aUserSeesOnlyWhatThatUserMay() async throws {
        var configuration = BrokerConfiguration()
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

    @Test func requestsOneBehindTheOtherOverTCP() async throws {
        let broker = Broker.patient
        let port = try broker.listenForManagement(port: 0)
        let stream = try await TCPStream.connect(host: "localhost", port: port, timeoutMilliseconds: 20_000)
        let heard = Heard()
        stream.start(heard)
        let request = "GET /api/whoami HTTP/1.1\r\nHost: h\r\nAuthorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n"
        // Many at once, the last of which asks to be the last.
        let text = String(repeating: request + "\r\n", count: 500) + request + "Connection: close\r\n\r\n" + request
        stream.send(Array(text.utf8).span.bytes)
        let answer = await heard.untilEnd()
        #expect(answer.components(separatedBy: "HTTP/1.1 200 OK").count - 1 == 501)
        broker.shutDown()
    }

    @Test func garbageGetsOneRefusalAndTheEnd() async throws {
        let broker = Broker.patient
        let port = try broker.listenForManagement(port: 0)
        for garbage in ["\u{0}\r\n\r\n", "AMQP\u{0}\u{0}\u{9}\u{1}\r\n\r\n", String(repeating: "x", count: 100_000)] {
            let stream = try await TCPStream.connect(host: "localhost", port: port, timeoutMilliseconds: 20_000)
            let heard = Heard()
            stream.start(heard)
            stream.send(Array(garbage.utf8).span.bytes)
            #expect(await heard.untilEnd().hasPrefix("HTTP/1.1 4"))
        }
        broker.shutDown()
    }

    @Test func whoTakesTooLongIsDropped() async throws {
        let time = ManualTime()
        let server = ManagementServer(Broker().listingAPI, time: time)
        let (client, stream) = MemoryStream.pair()
        let heard = Heard()
        client.start(heard)
        server.accept(stream)
        // A head that never ends, a little at a time.
        client.send(Array("GET / HTTP/1.1\r\n".utf8).span.bytes)
        time.advance(by: ManagementServer.patience / 2)
        client.send(Array("X: y\r\n".utf8).span.bytes)
        time.advance(by: ManagementServer.patience)
        #expect(await heard.untilEnd() == "")
    }

    @Test func theClientThatDidNothingForLongestMakesRoomForAnother() async throws {
        let time = ManualTime()
        let server = ManagementServer(Broker.patient.listingAPI, time: time)
        let heard = (0..<3).map { _ in Heard() }
        var clients: [MemoryStream] = []
        func connect(_ receiver: Heard?) -> MemoryStream {
            let (client, stream) = MemoryStream.pair()
            if let receiver { client.start(receiver) }
            server.accept(stream)
            clients.append(client)
            return client
        }
        let slow = connect(heard[0])
        slow.send(Array("GET / HTTP/1.1\r\n".utf8).span.bytes)
        time.advance(by: 10)
        for _ in 1..<ManagementServer.mostSessions { _ = connect(nil) }
        // A little more of a request is no use.
        slow.send(Array("X: y\r\n".utf8).span.bytes)
        let late = connect(heard[1])
        #expect(await heard[0].untilEnd() == "")
        late.send(Array("GET /api/whoami HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".utf8).span.bytes)
        #expect(await heard[1].untilEnd().hasPrefix("HTTP/1.1 401"))
        for client in clients { client.close() }
    }

    @Test func requestsOfAClientThatLeavesAreForgotten() async throws {
        let begun = Mutex(0)
        let gate = DispatchSemaphore(value: 0)
        var configuration = BrokerConfiguration()
        configuration.users = [
            BrokerConfiguration.User(name: "slow", isCostlyToCheck: true) { _ in
                begun.withLock { $0 += 1 }
                gate.wait()
                return true
            }
        ]
        let (broker, checker) = (Broker(configuration), LoginChecker())
        let server = ManagementServer(broker.listingAPI, time: ManualTime(), checker)
        defer { broker.shutDown() }
        // Both that may be checked at a time, and one that waits for them.
        var clients: [MemoryStream] = []
        let credentials = Base64.encode(Array("slow:x".utf8))
        let request = "GET /api/whoami HTTP/1.1\r\nHost: h\r\nAuthorization: Basic \(credentials)"
        for index in 0..<3 {
            let (client, stream) = MemoryStream.pair()
            client.start(Heard())
            server.accept(TestSource(stream, source: "\(index)"))
            client.send(Array(String(repeating: request + "\r\n\r\n", count: 500).utf8).span.bytes)
            clients.append(client)
        }
        try await until { begun.withLock { $0 } == 2 && checker.waitingCount == 1 }
        for client in clients { client.close() }
        try await until { checker.waitingCount == 0 }
        for _ in 0..<2 { gate.signal() }
        try await until { checker.runningCount == 0 }
        #expect(begun.withLock { $0 } == 2)
    }

    @Test func aNameThatNobodyHasIsCheckedLikeOneThatSomebodyHas() throws {
        let checks = Mutex(0)
        var configuration = BrokerConfiguration()
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

/// A stream that says that it comes from somewhere else.
private final class TestSource: ByteStream {
    let source: String
    private let stream: MemoryStream

    init(_ stream: MemoryStream, source: String) { (self.stream, self.source) = (stream, source) }

    var name: String { stream.name }
    var isLoopback: Bool { true }
    var unsent: Int { stream.unsent }
    func start(_ receiver: any ByteStreamReceiver) { stream.start(receiver) }
    func send(_ bytes: RawSpan) -> Int { stream.send(bytes) }
    func setReading(_ on: Bool) { stream.setReading(on) }
    func close() { stream.close() }
    func abort() { stream.abort() }
}

private func until(_ condition: () -> Bool) async throws {
    while !condition() {
        try Task.checkCancellation()
        await Task.yield()
    }
}

/// What a client hears until the stream ends.
private final class Heard: ByteStreamReceiver {
    private struct State: Sendable {
        var octets: [UInt8] = []
        var isOver = false
        var waiter: CheckedContinuation<Void, Never>?
    }
    private let state = Mutex(State())

    func untilEnd() async -> String {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiter = continuation }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
        return state.withLock { String(decoding: $0.octets, as: UTF8.self) }
    }

    func streamReceived(_ bytes: RawSpan) {
        let octets = bytes.withUnsafeBytes { Array($0) }
        state.withLock { $0.octets += octets }
    }
    func streamDrained() {}
    func streamEnded(_ end: StreamEnd) {
        let waiter = state.withLock { state in
            state.isOver = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }
}
