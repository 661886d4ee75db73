import AMQPClient
import AMQPTransport
import BrokerCore
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import BrokerServer

/// The page that shows a running broker, and the pictures that it is sent.
@Suite(.watched) struct LiveTests {
    private static let names = LivePage.files.keys.sorted()

    @Test(arguments: names)
    func aFileOfThePageIsServedToWhoLogsInAlone(name: String) throws {
        let broker = Broker()
        let answer = try get("/\(name)", from: broker)
        #expect(answer.status == 200)
        let type = try #require(answer.plain?.type)
        let kind = name == "" ? "text/html" : name.hasSuffix(".js") ? "text/javascript" : ""
        #expect(type.hasSuffix("; charset=utf-8") && type.hasPrefix(kind))
        let policy = try #require(answer.headers.first { $0.name == "content-security-policy" }?.value)
        #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self';"))
        #expect(!policy.contains("unsafe") && !policy.contains("*") && policy.contains("frame-ancestors 'none'"))
        #expect(try get("/\(name)", from: broker, method: "POST").status == 405)
        let refused = try get("/\(name)", from: broker, user: "guest:wrong")
        #expect(refused.status == 401 && refused.headers.contains { $0.name == "www-authenticate" })
    }

    @Test func nothingElseIsServed() throws {
        for path in ["/README.md", "/live.js/x", "/..%2FREADME.md", "/%2E%2E/README.md", "/index.html"] {
            #expect(try get(path, from: Broker()).status == 404, "\(path)")
        }
    }

    /// Names come from clients. They become text nodes, and nothing is fetched from elsewhere.
    @Test func thePageIsSmallAndMakesNoMarkupOfNames() throws {
        let folder = SourceFile.repository.appending(path: "Sources/LivePage")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(Set(files.map(\.lastPathComponent)) == Set(LivePage.files.values.map(\.0)))
        let texts = try files.map { try String(contentsOf: $0, encoding: .utf8) }
        #expect(texts.reduce(0) { $0 + $1.utf8.count } < 60_000)
        let page = texts.joined().replacing("http://www.w3.org/", with: "")
        for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "https:", "http:"] {
            #expect(!page.contains(word), "\(word)")
        }
        #expect(!page.contains(" style=") && !page.contains("onclick="), "what the policy forbids")
    }

    @Test func whoWatchesSeesWhatIsDeclaredAndHowItMoves() async throws {
        let scene = LiveScene()
        let watcher = scene.watch()
        try await scene.until { watcher.text.hasPrefix("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n") }
        let first = try await scene.next(of: watcher)
        #expect(first["queues"] == [] && first["vhost"] == "/")
        let connection = try await scene.broker.open()
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue("<b>jobs</b>")
        try await scene.until { watcher.picture?.value(at: "counts.queues") == 1 }
        for number in 0..<3 { try await queue.publish(Message("\(number)")) }
        try await scene.until {
            let picture = watcher.picture
            let (queue, publisher) = (picture?["queues"]?.elements?.first, picture?["publishers"]?.elements?.first)
            return queue?["ready"] == 3 && queue?["entered"] == 3 && publisher?["exchange"] == ""
                && publisher?["published"] == 3
        }
        try await channel.qos(prefetchCount: 2)
        let consumer = try await channel.consume("<b>jobs</b>", tag: "taker")
        try await scene.until {
            let picture = watcher.picture
            let (queue, taker) = (picture?["queues"]?.elements?.first, picture?["consumers"]?.elements?.first)
            return queue?["unacked"] == 2 && queue?["ready"] == 1 && taker?["prefetch"] == 2
                && taker?["delivered"] == 2 && taker?["unacked"] == 2
        }
        withExtendedLifetime(consumer) {}
        try await connection.close()
        try await scene.until { watcher.picture?.value(at: "counts.consumers") == 0 && watcher.queue?["ready"] == 3 }
    }

    /// Twice, so that the page sees that nothing moves any more; then only a sign of life.
    @Test func whatDoesNotChangeIsNotSentAgain() async throws {
        let scene = LiveScene()
        let watcher = scene.watch()
        try await scene.until { watcher.pictures.count == 2 }
        let seen = watcher.text.utf8.count
        try await scene.until { watcher.text.hasSuffix("\n\n:\n\n") }
        #expect(watcher.pictures.count == 2 && watcher.text.utf8.count == seen + 3)
    }

    @Test func whoDoesNotReadIsDroppedAndNobodyWaits() async throws {
        let scene = LiveScene()
        let (reader, sleeper) = (scene.watch(), scene.watch())
        try await scene.until { !reader.pictures.isEmpty && !sleeper.pictures.isEmpty }
        sleeper.stream.setReading(false)
        let begun = scene.time.now
        let channel = try await scene.broker.open().openChannel()
        var declared = 0
        try await scene.until {
            declared += 1
            let seen = reader.pictures.count
            _ = try await channel.declareQueue("\(declared)")
            // Each change comes to who reads, whoever does not.
            try await scene.until { reader.pictures.count > seen }
            return scene.server.watchers.count == 1
        }
        #expect(scene.time.now - begun >= Watchers.patience, "not at once")
        try await scene.until { sleeper.hasEnded }
        #expect(sleeper.pictures.count < 4, "no more than one picture was kept for it")
    }

    @Test func noMoreWatchThanMay() async throws {
        let scene = LiveScene()
        let watchers = (0..<Watchers.most).map { _ in scene.watch() }
        try await scene.until { watchers.allSatisfy { !$0.pictures.isEmpty } }
        let late = scene.watch()
        try await scene.until { late.hasEnded }
        #expect(late.text.hasPrefix("HTTP/1.1 503"))
        #expect(late.text.contains("16 watch the page already, which is as many as may, 16 of them as 'guest': close"))
        watchers[0].stream.close()
        try await scene.until { scene.server.watchers.count < Watchers.most }
        let next = scene.watch()
        try await scene.until { !next.pictures.isEmpty }
    }

    /// Where one user has all places, another gets as many of them, one by one, and nobody more.
    @Test func nobodyKeepsOthersFromWatching() async throws {
        var configuration = BrokerConfiguration.patient
        for name in ["b", "c"] {
            var user = BrokerConfiguration.User.user(name, password: "pw")
            (user.tags, user.permissions) = (["management"], ["/": .all])
            configuration.users.append(user)
        }
        let scene = LiveScene(configuration)
        let greedy = (0..<Watchers.most).map { _ in scene.watch() }
        try await scene.until { greedy.allSatisfy { !$0.pictures.isEmpty } }
        var others: [Watching] = []
        for number in 1...(Watchers.most / 2) {
            others.append(scene.watch(user: "b:pw"))
            try await scene.until {
                others.allSatisfy { !$0.pictures.isEmpty } && greedy.count(where: \.hasEnded) == number
            }
        }
        // The last that came had to go.
        #expect(greedy.prefix(Watchers.most / 2).allSatisfy { !$0.hasEnded })
        for user in ["b:pw", "guest:guest"] {
            let surplus = scene.watch(user: user)
            try await scene.until { surplus.hasEnded }
            #expect(surplus.text.hasPrefix("HTTP/1.1 503") && surplus.text.contains("8 of them as"))
        }
        let third = scene.watch(user: "c:pw")
        try await scene.until { !third.pictures.isEmpty && (others + greedy).count(where: \.hasEnded) == 9 }
        #expect(scene.server.watchers.count == Watchers.most)
    }

    @Test func aWatcherSeesOnlyWhatItsUserMay() async throws {
        var configuration = BrokerConfiguration.patient
        configuration.virtualHosts = ["/", "mine"]
        var user = BrokerConfiguration.User.user("user", password: "pw")
        user.permissions = ["mine": try Permissions(configure: "", write: "", read: "^a")]
        configuration.users.append(user)
        let scene = LiveScene(configuration)
        let channel = try await scene.broker.open(virtualHost: "mine").openChannel()
        _ = try await channel.declareQueue("seen")
        _ = try await scene.broker.open().openChannel().declareQueue("hidden")
        let refused = scene.watch("?vhost=%2F", user: "user:pw")
        try await scene.until { refused.text.hasPrefix("HTTP/1.1 401") }
        let watcher = scene.watch(user: "user:pw")
        try await scene.until { !watcher.pictures.isEmpty }
        #expect(watcher.picture?["vhost"] == "mine" && watcher.picture?["vhosts"] == ["mine"])
        #expect(watcher.queue?["name"] == "seen" && watcher.picture?["connections"] == [])
        let anonymous = scene.watch(user: "user:wrong")
        try await scene.until { anonymous.text.hasPrefix("HTTP/1.1 401") && anonymous.hasEnded }
    }

    @Test func theWayOfAMessageIsToldWhereItIsTraced() async throws {
        var configuration = BrokerConfiguration.patient
        configuration.tracedVirtualHosts = ["/"]
        let scene = LiveScene(configuration)
        let watcher = scene.watch()
        let channel = try await scene.broker.open().openChannel()
        let queue = try await channel.declareQueue("hello")
        try await queue.publish(Message("x"))
        _ = try await channel.get("hello", noAck: true)
        try await scene.until { watcher.picture?["steps"]?.elements?.count == 2 }
        let steps = try #require(watcher.picture?["steps"]?.elements)
        #expect(steps.map { $0["delivery"] } == [false, true] && steps.map { $0["n"] } == [1, 2])
        #expect(steps.map { $0["queues"] } == [["hello"], ["hello"]])
        for _ in 0..<100 { try await queue.publish(Message("x")) }
        try await scene.until { watcher.picture?["steps"]?.elements?.last?["n"] == 102 }
        #expect(watcher.picture?["steps"]?.elements?.count == 64, "as many as are kept")
    }
    /// A thousand bindings whose arguments fill a frame each would be more than there is memory, once more for each watcher.
    @Test func whatAClientPutsIntoArgumentsIsCut() async throws {
        let scene = LiveScene()
        let channel = try await scene.broker.open().openChannel()
        let long = String(repeating: "é", count: 20_000)
        let queue = try await channel.declareQueue(
            "q", arguments: ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "k"])
        try await queue.bind(to: channel.exchange("amq.headers"), arguments: ["x-match": "any", "a": .string(long)])
        let many = (0..<900).map { FieldTable.Field(ShortString(truncating: "n\($0)"), "v") }
        try await queue.bind(to: channel.exchange("amq.headers"), arguments: FieldTable(many))
        let watcher = scene.watch()
        try await scene.until { watcher.picture?.value(at: "counts.bindings") == 3 }
        let keys = try #require(watcher.picture?["bindings"]?.elements).compactMap { $0["key"]?.string }
        #expect(keys.contains { $0.hasPrefix("any: a=ééé") && $0.hasSuffix("é…") })
        #expect(keys.contains { $0.hasPrefix("all: n0=v, n1=v") && $0.hasSuffix("…") })
        #expect(keys.allSatisfy { $0.count <= LivePicture.mostLetters } && watcher.queue?["deadKey"] == "k")
        #expect((watcher.pictures.last?.utf8.count ?? .max) < 8000)
    }

    /// RabbitMQ's copies of messages come from an exchange, to which who may read it can bind. Who may not is told nothing here
    /// either, administrator or not.
    @Test func theWayOfAMessageIsToldToWhoMayReadTracesAlone() async throws {
        var configuration = BrokerConfiguration.patient
        configuration.tracedVirtualHosts = ["/"]
        for (name, read) in [("all", ".*"), ("some", "^mine"), ("boss", "^mine")] {
            var user = BrokerConfiguration.User.user(name, password: "pw")
            user.permissions = ["/": try Permissions(configure: "", write: "", read: read)]
            if name == "boss" { user.tags = ["administrator"] }
            configuration.users.append(user)
        }
        let scene = LiveScene(configuration)
        let queue = try await scene.broker.open().openChannel().declareQueue("hello")
        try await queue.publish(Message("x"))
        let watchers = ["guest:guest", "all:pw", "some:pw", "boss:pw"].map { scene.watch(user: $0) }
        try await scene.until { watchers[...1].allSatisfy { $0.picture?["steps"]?.elements?.count == 1 } }
        try await scene.until { watchers.allSatisfy { $0.picture?.value(at: "counts.queues") == 1 } }
        #expect(watchers.map { $0.picture?["steps"]?.elements?.count } == [1, 1, 0, 0])
    }

    @Test func whoMayNoLongerManageIsDropped() async throws {
        var configuration = BrokerConfiguration.patient
        var user = BrokerConfiguration.User.user("user", password: "pw")
        user.tags = ["management"]
        configuration.users.append(user)
        let scene = LiveScene(configuration)
        let (watcher, other) = (scene.watch(user: "user:pw"), scene.watch())
        try await scene.until { !watcher.pictures.isEmpty && !other.pictures.isEmpty }
        user.tags = []
        scene.broker.add(user)
        try await scene.until { watcher.hasEnded }
        #expect(!other.hasEnded)
    }

    @Test func ofVeryManyVirtualHostsSomeAreNamed() async throws {
        var configuration = BrokerConfiguration.patient
        configuration.virtualHosts = ["/", "zz"] + (0..<LivePicture.most).map { "host \($0)" }
        let scene = LiveScene(configuration)
        let watcher = scene.watch("?vhost=zz")
        try await scene.until { watcher.picture?["vhost"] == "zz" }
        let hosts = try #require(watcher.picture?["vhosts"]?.elements)
        #expect(hosts.count == LivePicture.most + 1 && hosts.contains("zz") && hosts.contains("/"))
    }
}

/// A listing port whose time a test moves on.
struct LiveScene {
    let time = ManualTime()
    let broker: Broker
    let server: ManagementServer

    init(_ configuration: BrokerConfiguration = .patient) {
        broker = Broker(configuration)
        server = ManagementServer(broker.listingAPI, time: time)
    }

    func watch(_ query: String = "", user: String = "guest:guest") -> Watching {
        let (client, stream) = MemoryStream.pair()
        let watcher = Watching(client)
        client.start(watcher)
        server.accept(stream)
        let credentials = Base64.encode(Array(user.utf8))
        let request = "GET /events\(query) HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic \(credentials)\r\n\r\n"
        client.send(Array(request.utf8).span.bytes)
        return watcher
    }

    /// Waits, and lets time pass between one look and the next. While a look goes on time stands still: a look that seems
    /// to take long puts off the next, further than any test waits. Two things wait for their time between looks, the next
    /// look and the sweep of sessions; during a look it is the sweep alone.
    func until(isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool) async throws {
        try await TestSupport.until {
            if try await condition() { return true }
            if time.waitingCount == 2 || server.watchers.count == 0 { time.advance(by: Watchers.interval) }
            return false
        }
    }

    func next(isolation: isolated (any Actor)? = #isolation, of watcher: Watching) async throws -> JSON {
        let seen = watcher.pictures.count
        try await until { watcher.pictures.count > seen }
        return try #require(watcher.picture)
    }
}

/// Someone who watches the live page, and what has come.
final class Watching: ByteStreamReceiver {
    let stream: MemoryStream
    private let state = Mutex((octets: [UInt8](), hasEnded: false))

    init(_ stream: MemoryStream) { self.stream = stream }

    var text: String { state.withLock { String(decoding: $0.octets, as: UTF8.self) } }
    var hasEnded: Bool { state.withLock { $0.hasEnded } }
    var pictures: [Substring] { text.split(separator: "\n").filter { $0.hasPrefix("data: ") } }
    /// The last that is complete.
    var picture: JSON? {
        pictures.last.flatMap { try? JSON(Array($0.dropFirst(6).utf8)) }?["picture"]
    }
    /// Its first queue.
    var queue: JSON? { picture?["queues"]?.elements?.first }

    func streamReceived(_ bytes: RawSpan) {
        let octets = bytes.withUnsafeBytes { Array($0) }
        state.withLock { $0.octets += octets }
    }
    func streamDrained() {}
    func streamEnded(_ end: StreamEnd) { state.withLock { $0.hasEnded = true } }
}
