import AMQPClient
import BrokerCore
import TestSupport
import Testing

@testable import BrokerServer

/// A look into a queue takes nothing.
@Suite(.watched) struct PeekTests {
    @Test(arguments: ["classic", "quorum", "stream"])
    func theLastMessagesAreSeenAndStay(kind: String) async throws {
        let broker = Broker.patient
        let connection = try await broker.open()
        let channel = try await connection.openChannel()
        try await channel.selectConfirms()
        let queue = try await channel.declareQueue(
            "a queue/é", durable: true, arguments: ["x-queue-type": .longString(Array(kind.utf8))])
        for number in 1...12 {
            try await queue.publish(Message("message \(number)", properties: BasicProperties(type: "test")))
        }
        try await channel.publish(Message(body: [0, 255, 65, 66]), routingKey: "a queue/é")
        try await channel.publish(Message(String(repeating: "é", count: 100)), routingKey: "a queue/é")
        try await channel.waitForConfirms()
        let path = "/peek/%2F/a%20queue%2F%C3%A9"
        let heads = try #require(try get(path, from: broker).body?.elements)
        #expect(heads.count == 10)
        #expect(heads[0]["head"] == "message 5" && heads[7]["head"] == "message 12")
        #expect(heads[7].value(at: "properties.type") == "test" && heads[7]["payload_bytes"] == 10)
        #expect(heads[7]["routing_key"] == "a queue/é" && heads[7]["is_whole"] == true)
        #expect(heads[8]["head"] == "..AB")
        // 120 octets of 200: sixty letters of two octets.
        #expect(heads[9]["head"] == .string(String(repeating: "é", count: 60)) && heads[9]["is_whole"] == false)
        #expect(try get(path, from: broker).body?.elements == heads)
        let listed = try get("queues/%2F/a%20queue%2F%C3%A9", from: broker).body
        #expect(listed?["messages_ready"] == 14)
        if kind != "stream" {
            let first = try #require(try await channel.get("a queue/é"))
            #expect(first.text == "message 1" && !first.redelivered)
        }
        try await connection.close()
    }

    /// What came back, and the lowest priority, are the last to be handed out.
    @Test func theOrderIsThatInWhichTheyWillLeave() async throws {
        let broker = Broker.patient
        let connection = try await broker.open()
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue("jobs", arguments: ["x-max-priority": 2])
        for (text, priority) in [("low", 0), ("high", 2), ("middle", 1)] {
            try await queue.publish(Message(text, properties: BasicProperties(priority: UInt8(priority))))
        }
        func heads() throws -> [JSON?] {
            try #require(try get("/peek/%2F/jobs", from: broker).body?.elements).map { $0["head"] }
        }
        let taken = try await channel.get("jobs")
        #expect(try heads() == ["middle", "low"])
        try await taken?.nack()
        _ = try await channel.declareQueue("jobs", passive: true)
        #expect(try heads() == ["high", "middle", "low"])
        #expect(try get("/peek/%2F/jobs", from: broker).body?.elements?.first?["redelivered"] == true)
        try await connection.close()
    }

    /// As RabbitMQ's management plugin has it, which fetches in the user's name.
    @Test func whoMayNotReadMayNotLook() async throws {
        var configuration = BrokerConfiguration.patient
        var user = BrokerConfiguration.User.user("user", password: "pw")
        user.permissions = ["/": try Permissions(configure: ".*", write: ".*", read: "^a")]
        configuration.users.append(user)
        let broker = Broker(configuration)
        let connection = try await broker.open()
        let channel = try await connection.openChannel()
        for name in ["a", "b"] { _ = try await channel.declareQueue(name) }
        let own = try await channel.declareQueue("ours", exclusive: true)
        #expect(try get("/peek/%2F/a", from: broker, user: "user:pw").status == 200)
        #expect(try get("/peek/%2F/b", from: broker, user: "user:pw").status == 401)
        #expect(try get("/peek/none/a", from: broker, user: "user:pw").status == 401)
        #expect(try get("/peek/%2F/\(own.name)", from: broker).status == 400)
        for path in ["/peek/%2F/c", "/peek/none/a", "/peek/%2F", "/peek", "/peek/%2F/a/x"] {
            #expect(try get(path, from: broker).status == 404, "\(path)")
        }
        #expect(try get("/peek/%2F/a", from: broker, user: "guest:x").status == 401)
        try await connection.close()
    }

    /// A name that is too long for any queue begins as another one's does, to which other rights belong.
    @Test func aNameThatIsTooLongIsNoQueues() async throws {
        var configuration = BrokerConfiguration.patient
        var user = BrokerConfiguration.User.user("user", password: "pw")
        user.permissions = ["/": try Permissions(configure: "x$", write: "", read: "x$")]
        configuration.users.append(user)
        let broker = Broker(configuration)
        let channel = try await broker.open().openChannel()
        let name = String(repeating: "q", count: 255)
        let queue = try await channel.declareQueue(name)
        try await queue.publish(Message("secret"))
        _ = try await channel.declareQueue(name, passive: true)
        #expect(try get("/peek/%2F/\(name)", from: broker, user: "user:pw").status == 401)
        for user in ["user:pw", "guest:guest"] {
            #expect(try get("/peek/%2F/\(name)x", from: broker, user: user).status == 404)
            for path in ["queues/%2F/\(name)x/contents", "queues/%2F/\(name)x"] {
                #expect(try get(path, from: broker, user: user, method: "DELETE").status == 404)
            }
        }
        #expect(try await channel.declareQueue(name, passive: true).messageCount == 1)
    }
}
