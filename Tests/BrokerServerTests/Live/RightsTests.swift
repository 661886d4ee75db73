import AMQPClient
import AMQPTransport
import BrokerCore
import TestSupport
import Testing

@testable import BrokerServer

/// Who may ask the listing port for what.
@Suite(.watched) struct RightsTests {
    /// A browser would send such a request with the password that it knows, whoever made the page.
    @Test func aPageOfAnotherSiteChangesNothing() throws {
        let broker = Broker.patient
        func status(_ origin: String?, _ method: String = "POST") throws -> Int {
            var reader = HTTPRequestReader()
            let (body, credentials) = (#"{"vhosts":[{"name":"x"}]}"#, Base64.encode(Array("guest:guest".utf8)))
            reader.append(
                Array(
                    ("\(method) /api/definitions HTTP/1.1\r\nHost: localhost:15672\r\nAuthorization: Basic \(credentials)\r\n"
                        + (origin.map { "Origin: \($0)\r\n" } ?? "")
                        + (method == "POST" ? "Content-Length: \(body.utf8.count)\r\n\r\n\(body)" : "\r\n")).utf8))
            let (request, api) = (try #require(try reader.next()), broker.listingAPI)
            return api.answer(request, by: api.login(request, isLoopback: true)?.user).status
        }
        for origin in ["http://example.com", "null", "http://localhost", "http://localhost:15672.example.com"] {
            #expect(try status(origin) == 401, "\(origin)")
            #expect(try status(origin, "GET") == 200)
        }
        #expect(broker.snapshot(of: [], in: nil)?.virtualHosts == ["/"])
        #expect(try status("http://LOCALHOST:15672") == 204)
        #expect(try status(nil) == 204)
    }

    private static let ours = [
        "localhost", "LOCALHOST:15672", "localhost.", "127.0.0.1:1", "127.0.0.1", "127.255.255.254:80", "[::1]:15672",
        "[::1]", "broker.example:8080", "Broker.Example", "localhost:",
    ]
    private static let theirs = [
        "evil.example", "evil.example:15672", "localhost.evil.example", "127.0.0.1.evil.example",
        "127.0.0.1@evil.example",
        "128.0.0.1", "127.0.0.256", "127.0.0", "127.1", "127.0.0.1:15672:1", "::1", "[::1", "[::1]x", "[::2]", "",
        ":15672", "localhost:x", "localhost localhost", "xlocalhost", "broker.example.evil.example",
    ]

    @Test(arguments: ours) func thePortIsAskedByItsOwnName(host: String) {
        #expect(HostNames(["broker.example"]).accept(host))
    }

    @Test(arguments: theirs) func thePortIsAskedByAnotherName(host: String) {
        #expect(!HostNames(["broker.example"]).accept(host))
    }

    /// A page whose name leads here (DNS rebinding) reads nothing, whatever it asks for and whoever it says it is.
    @Test func aPageWhoseNameLeadsHereReadsNothing() async throws {
        let scene = LiveScene()
        let login = "Authorization: Basic \(Base64.encode(Array("guest:guest".utf8)))\r\n"
        let long = "POST /api/definitions HTTP/1.1\r\nContent-Length: 1000000\r\n"
        let paths = ["/api/queues", "/events", "/", "/metrics", "/peek/%2F/q"]
        for line in paths.map({ "GET \($0) HTTP/1.1\r\n" }) + [long] {
            for credentials in ["", login] {
                let (client, stream) = MemoryStream.pair()
                let page = Watching(client)
                client.start(page)
                scene.server.accept(stream)
                let place = "evil.example:15672"
                let request = "\(line)Host: \(place)\r\nOrigin: http://\(place)\r\n\(credentials)\r\n"
                client.send(Array(request.utf8).span.bytes)
                try await scene.until { page.hasEnded }
                #expect(page.text.hasPrefix("HTTP/1.1 421 Misdirected Request\r\n"), "\(line)")
                #expect(page.text.contains("not to 'evil.example:15672'"))
            }
        }
    }

    /// As with RabbitMQ's tag `monitoring`.
    @Test func whoMonitorsSeesTheNodeAndAllConnections() async throws {
        var configuration = BrokerConfiguration.patient
        for tag in ["management", "monitoring"] {
            var user = BrokerConfiguration.User.user(tag, password: "pw")
            (user.tags, user.permissions) = ([tag], ["/": .all])
            configuration.users.append(user)
        }
        let broker = Broker(configuration)
        let connection = try await broker.open()
        #expect(try get("nodes", from: broker, user: "management:pw").status == 401)
        #expect(try get("nodes", from: broker, user: "monitoring:pw").status == 200)
        #expect(try get("connections", from: broker, user: "management:pw").body?.elements?.count == 0)
        #expect(try get("connections", from: broker, user: "monitoring:pw").body?.elements?.count == 1)
        #expect(try get("users", from: broker, user: "monitoring:pw").status == 401)
        try await connection.close()
    }
}
