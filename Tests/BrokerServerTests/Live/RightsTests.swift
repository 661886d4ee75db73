import AMQPClient
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
