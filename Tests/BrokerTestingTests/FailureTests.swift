import AMQPClient
import BrokerTesting
import TestSupport
import Testing

/// What can be made to go wrong.
@Suite(.watched) struct FailureTests {
    private let broker = TestBroker()

    @Test func aPublishIsNacked() async throws {
        let channel = try await broker.connect().openChannel()
        try await channel.declareQueue("q")
        broker.fail(.nack(times: 2))
        for _ in 0..<2 {
            let error = await failure { try await channel.publishAndConfirm(Message("lost"), routingKey: "q") }
            #expect(error?.kind == .nacked)
        }
        try await channel.publishAndConfirm(Message("kept"), routingKey: "q")
        #expect(broker.queue("q")?.ready == 1)
        #expect(broker.recorded.published.map(\.text) == ["lost", "lost", "kept"])
        #expect(broker.recorded.nacked.map(\.text) == ["lost", "lost"])
        #expect(broker.recorded.returned == [])
    }

    /// Confirms for many at once, and only one of them is nacked.
    @Test func oneOfManyIsNacked() async throws {
        let channel = try await broker.connect().openChannel()
        try await channel.declareQueue("q")
        broker.fail(.nack(key: "no such queue"))
        var confirms: [(text: String, confirm: PendingConfirm)] = []
        for number in 0..<100 {
            let key = number == 50 ? "no such queue" : "q"
            confirms.append(
                ("\(number)", try await channel.publishForConfirm(Message("\(number)"), routingKey: key)))
        }
        for (text, confirm) in confirms where text != "50" { try await confirm.wait() }
        #expect(await failure { try await confirms[50].confirm.wait() }?.kind == .nacked)
        #expect(broker.queue("q")?.ready == 99)
    }

    @Test func withoutConfirmsNobodyHearsOfIt() async throws {
        let channel = try await broker.connect().openChannel()
        try await channel.declareQueue("q")
        broker.fail(.nack())
        try await channel.publish(Message("lost"), routingKey: "q", mandatory: true)
        try await channel.publish(Message("kept"), routingKey: "q")
        try await broker.wait { broker.queue("q")?.ready == 1 }
        #expect(channel.isOpen)
        #expect(try await channel.queue("q").get()?.text == "kept")
    }

    @Test func aDeclareIsRefused() async throws {
        let connection = try await broker.connect { $0.channelMax = 1 }
        let channel = try await connection.openChannel()
        broker.fail(.refuse(.declareQueue, of: "mine", with: .resourceLocked, text: "RESOURCE_LOCKED - not now"))
        try await channel.declareQueue("other")
        let error = await failure { try await channel.declareQueue("mine") }
        #expect(error?.code == .resourceLocked)
        #expect(error?.text == "RESOURCE_LOCKED - not now")
        #expect(error?.scope == .channel)
        #expect(error?.method == MethodID(50, 10))
        #expect(!channel.isOpen)
        #expect(broker.queue("mine") == nil)
        // The number of the channel is free again, on both sides.
        let next = try await connection.openChannel()
        #expect(next.number == 1)
        try await next.declareQueue("mine")
        #expect(broker.queues.keys.sorted() == ["mine", "other"])
    }

    @Test func everyCallCanBeRefused() async throws {
        let connection = try await broker.connect()
        _ = try await connection.withChannel { try await $0.declareQueue("q") }
        let calls: [(TestBroker.Failure.Call, @Sendable (Channel) async throws -> Void)] = [
            (.declareQueue, { try await $0.declareQueue("x") }),
            (.declareExchange, { try await $0.declareExchange("x") }),
            (.bind, { try await $0.bindQueue("q", to: "amq.fanout") }),
            (.consume, { _ = try await $0.consume("q") }),
            (.publish, { try await $0.publishAndConfirm(Message("x"), routingKey: "q") }),
        ]
        for (call, make) in calls {
            broker.fail(.refuse(call, with: .accessRefused))
            let channel = try await connection.openChannel()
            #expect(await failure { try await make(channel) }?.code == .accessRefused, "\(call)")
        }
        broker.fail(.refuse(.declareQueue, with: .internalError))
        let channel = try await connection.openChannel()
        #expect(await failure { try await channel.declareQueue("x") }?.code == .internalError)
        #expect(connection.closeReason?.code == .internalError)
        try await broker.wait { broker.connectionCount == 0 }
    }

    @Test func connectionsAreLostAtAMoment() async throws {
        try await broker.connect().openChannel().declareQueue("q", durable: true)
        for (moment, ready) in [(TestBroker.Failure.Moment.publish, 0), (.confirm, 1)] {
            broker.fail(.cut(before: moment))
            let channel = try await broker.connect().openChannel()
            let error = await failure { try await channel.publishAndConfirm(Message("x"), routingKey: "q") }
            #expect(error?.kind == .connectionLost, "\(moment)")
            #expect(broker.queue("q")?.ready == ready, "\(moment)")
        }
        for moment in [TestBroker.Failure.Moment.delivery, .acknowledgement] {
            broker.fail(.cut(before: moment))
            let channel = try await broker.connect().openChannel()
            let error = await failure {
                for try await delivery in try await channel.consume("q") { try await delivery.ack() }
            }
            #expect(error?.kind == .connectionLost, "\(moment)")
            try await broker.wait { broker.queue("q")?.ready == 1 }
        }
        #expect(broker.recorded.delivered.map(\.redelivered) == [true])
        #expect(broker.recorded.acknowledged == [])
    }

    @Test func publishersAreHeldBack() async throws {
        let early = try await broker.connect()
        broker.fail(.blocked("the test says so"))
        let late = try await broker.connect { $0.publishWaitsWhileBlocked = false }
        try await broker.wait { early.blockedReason != nil && late.blockedReason == "the test says so" }
        let channel = try await early.openChannel()
        try await channel.declareQueue("q")
        let publishing = Task { try await channel.publishAndConfirm(Message("x"), routingKey: "q") }
        let other = try await late.openChannel()
        #expect(await failure { try await other.publish(Message("x"), routingKey: "q") }?.kind == .blocked)
        #expect(broker.queue("q")?.ready == 0)
        broker.mend()
        try await publishing.value
        #expect(broker.queue("q")?.ready == 1)
        #expect(early.blockedReason == nil)
    }

    @Test func aBrokerMayBeSlowToConfirm() async throws {
        let channel = try await broker.connect { $0.confirmTimeout = .seconds(20) }.openChannel()
        try await channel.declareQueue("q")
        broker.fail(.noConfirms)
        let confirm = try await channel.publishForConfirm(Message("1"), routingKey: "q")
        await broker.advance(by: .seconds(19))
        #expect(broker.queue("q")?.ready == 1)
        #expect(channel.unconfirmedCount == 1)
        broker.mend()
        try await confirm.wait()
        broker.fail(.noConfirms)
        let late = try await channel.publishForConfirm(Message("2"), routingKey: "q")
        broker.fail(.nack())
        #expect(await failure { try await channel.publishAndConfirm(Message("3"), routingKey: "q") }?.kind == .nacked)
        await broker.advance(by: .seconds(20))
        #expect(await failure { try await late.wait() }?.kind == .timedOut)
        broker.mend()
        try await channel.publishAndConfirm(Message("4"), routingKey: "q")
        #expect(broker.queue("q")?.ready == 3)
    }

    @Test func whatHasNotFailedYetCanBeTakenBack() async throws {
        let channel = try await broker.connect().openChannel()
        broker.fail(.refuse(.declareQueue, with: .accessRefused))
        broker.mend()
        try await channel.declareQueue("q")
    }
}
