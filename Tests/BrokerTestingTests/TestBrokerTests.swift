import AMQPClient
import BrokerTesting
import TestSupport
import Testing

@Suite(.watched) struct TestBrokerTests {
    private let broker = TestBroker()

    // MARK: Time

    @Test func queuesAndMessagesExpire() async throws {
        let channel = try await broker.connect().openChannel()
        try await channel.declareQueue("dead")
        let queue = try await channel.declareQueue(
            "short", with: .messageTTL(.seconds(10)), .deadLetter(to: "", key: "dead"), .expires(after: .seconds(60)))
        try await channel.publishAndConfirm(Message("x"), routingKey: "short")
        await broker.advance(by: .milliseconds(9_999))
        #expect(broker.queue("short")?.ready == 1)
        await broker.advance(by: .milliseconds(1))
        #expect(broker.queue("dead") == .init(ready: 1, unacknowledged: 0, consumers: 0))
        await broker.advance(by: .seconds(50))
        #expect(broker.queue(queue.name) == nil)
        #expect(broker.elapsed == .seconds(60))
    }

    /// Time passes, and no heartbeat is missed.
    @Test func anIdleConnectionLives() async throws {
        let connection = try await broker.connect { $0.heartbeat = 1 }
        await broker.advance(by: .seconds(600))
        #expect(connection.isOpen)
        #expect(broker.connectionCount == 1)
    }

    @Test func theClientsTimeoutsGoByTheSameClock() async throws {
        let connection = try await broker.connect()
        let queue = try await connection.openChannel().declareQueue("q")
        let caller = try await connection.openChannel().caller()
        let asking = Task { try await caller.call(Message("x"), to: queue.name, timeout: .seconds(5)) }
        try await broker.wait { broker.queue("q")?.ready == 1 }
        await broker.advance(by: .seconds(5))
        #expect(await failure { _ = try await asking.value }?.kind == .timedOut)
    }

    @Test func aConditionThatNeverHoldsIsToldOf() async throws {
        try await broker.connect().openChannel().declareQueue("q", durable: true)
        await #expect {
            try await broker.advance(by: .seconds(1), limit: .milliseconds(1)) { false }
        } throws: {
            "\($0)".hasPrefix("The condition at BrokerTestingTests/TestBrokerTests.swift:")
                && "\($0)".contains("queues: q: 0 ready, 0 unacknowledged, 0 consumers")
        }
        await #expect(throws: TestBroker.Overdue.self) { try await broker.wait(limit: .milliseconds(1)) { false } }
    }

    // MARK: Losing connections

    @Test func oneIsCutAndNotTheOther() async throws {
        let (one, other) = (try await broker.connect(), try await broker.connect())
        broker.cut(one)
        await one.waitUntilClosed()
        #expect(one.closeReason?.kind == .connectionLost)
        #expect(other.isOpen)
        try await broker.wait { broker.connectionCount == 1 }
        // Over already, and another broker's.
        broker.cut(one)
        TestBroker().cut(other)
        #expect(try await other.openChannel().isOpen)
    }

    @Test func halfOpenIsNoticedByHeartbeats() async throws {
        let connection = try await broker.connect { $0.heartbeat = 10 }
        try await connection.openChannel().declareQueue("mine", exclusive: true)
        broker.cut(connection, .halfOpen)
        await broker.advance(by: .seconds(15))
        #expect(connection.isOpen)
        #expect(broker.queue("mine") != nil)
        await broker.advance(by: .seconds(15))
        #expect(connection.closeReason?.kind == .connectionLost)
        #expect(broker.queue("mine") == nil)
    }

    @Test func whatIsDurableOutlivesAStop() async throws {
        let connection = try await broker.connect()
        let channel = try await connection.openChannel()
        for (name, isDurable) in [("durable", true), ("transient", false)] {
            try await channel.declareQueue(name, durable: isDurable)
            try await channel.publishAndConfirm(Message("kept", persistent: true), routingKey: name)
            try await channel.publishAndConfirm(Message("lost"), routingKey: name)
        }
        await broker.stop()
        #expect(connection.closeReason?.code == .connectionForced)
        let error = await failure { _ = try await broker.connect() }
        #expect(error?.kind == .unreachable)
        #expect(error?.text.contains("Connection refused") == true)
        #expect(broker.queues == [:])
        broker.start()
        #expect(broker.queues == ["durable": .init(ready: 1, unacknowledged: 0, consumers: 0)])
        #expect(try await broker.connect().openChannel().queue("durable").get()?.text == "kept")
        // Not confirmed means not kept for certain; what was confirmed is.
        broker.kill()
        broker.start()
        #expect(broker.queue("durable")?.ready == 1)
    }

    @Test func itEndsWithItsLastReference() async throws {
        var broker: TestBroker? = TestBroker()
        let uri = try #require(broker?.uri)
        let connection = try await Connection.open(patiently: uri)
        broker = nil
        await connection.waitUntilClosed()
        #expect(await failure { _ = try await Connection.open(uri) }?.kind == .unreachable)
    }

    // MARK: Releases

    /// However often a service is stopped: for RabbitMQ 4.3, what nobody has worked on has not failed.
    @Test(arguments: TestBroker.Release.allCases) func whatIsGivenBackUnworked(release: TestBroker.Release) async throws
    {
        let broker = TestBroker(release: release)
        let channel = try await broker.connect().openChannel()
        let queue = try await channel.declareQueue("q", durable: true, with: .quorum(deliveryLimit: 5))
        try await channel.publishAndConfirm(Message("x"), routingKey: "q")
        for _ in 0..<3 {
            do {
                let consumer = try await queue.consume()
                try await broker.wait { broker.queue("q")?.unacknowledged == 1 }
                withExtendedLifetime(consumer) {}
            }
            try await broker.wait { broker.queue("q") == .init(ready: 1) }
        }
        let count = try await queue.get()?.properties.headers?["x-delivery-count"]?.integer
        #expect(count ?? 0 == (release == .v4_3 ? 0 : 3))
    }

    // MARK: Who may come in

    @Test func usersAndVirtualHosts() async throws {
        let broker = TestBroker(users: ["shop/a": "p@ss", "zoo": "z"], virtualHosts: ["/", "other"])
        let connection = try await broker.connect { $0.virtualHost = "other" }
        try await connection.openChannel().declareQueue("q")
        #expect(broker.queues(in: "other").keys.sorted() == ["q"])
        #expect(broker.queues == [:])
        #expect(await failure { _ = try await broker.connect { $0.password = "z" } }?.kind == .loginRefused)
        #expect(await failure { _ = try await broker.connect { $0.virtualHost = "no" } }?.code == .notAllowed)
        try await broker.wait { broker.connectionCount == 1 }
    }

    @Test func twoDoNotMeet() async throws {
        let other = TestBroker()
        try await broker.connect().openChannel().declareQueue("q", durable: true)
        #expect(other.queues == [:])
        await other.advance(by: .seconds(1))
        #expect(broker.elapsed == .zero)
    }
}
