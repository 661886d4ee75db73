import AMQPClient
import BrokerTesting
import TestSupport
import Testing

/// A service with recovery, tested as an application would test it.
@Suite(.watched) struct MailerTests {
    private struct NoPaper: Error {}

    private let broker = TestBroker()

    private func mailer(hosts: [String]? = nil, fails: String? = nil) -> Mailer {
        Mailer(hosts: hosts ?? [broker.uri]) { order in
            if order == fails { throw NoPaper() }
        }
    }

    private func order(_ texts: String..., at broker: TestBroker? = nil) async throws {
        let connection = try await (broker ?? self.broker).connect()
        let channel = try await connection.openChannel()
        for text in texts { try await channel.publishAndConfirm(Message(text, persistent: true), routingKey: "orders") }
        try await connection.close()
    }

    private func isListening(_ broker: TestBroker) -> Bool { broker.queue("orders")?.consumers == 1 }

    @Test func everyOrderIsMailed() async throws {
        let run = Task { try await mailer().run() }
        try await broker.wait { isListening(broker) }
        try await order("chair", "table")
        try await broker.wait { broker.queue("mailed")?.ready == 2 && broker.recorded.acknowledged.count == 2 }
        run.cancel()
        try await run.value
        #expect(broker.recorded.acknowledged.map(\.text) == ["chair", "table"])
        try await broker.wait { broker.connectionCount == 0 }
    }

    @Test func itComesBackAfterALoss() async throws {
        let run = Task { try await mailer().run() }
        try await broker.wait { isListening(broker) }
        broker.cutAll()
        try await broker.advance { isListening(broker) }
        try await order("chair")
        try await broker.wait { broker.queue("mailed")?.ready == 1 }
        run.cancel()
        try await run.value
    }

    @Test func orAfterTheBrokerWasStopped() async throws {
        let run = Task { try await mailer().run() }
        try await broker.wait { isListening(broker) }
        await broker.stop()
        await broker.advance(by: .seconds(300))
        broker.start()
        try await broker.advance { isListening(broker) }
        run.cancel()
        try await run.value
    }

    @Test func orFindsAnotherHost() async throws {
        let other = TestBroker(sharingTimeWith: broker)
        let run = Task { try await mailer(hosts: [broker.uri, other.uri]).run() }
        try await broker.wait { isListening(broker) }
        broker.kill()
        try await broker.advance { isListening(other) }
        try await order("chair", at: other)
        try await other.wait { other.queue("mailed")?.ready == 1 }
        run.cancel()
        try await run.value
    }

    @Test func aSilentBrokerIsNoticed() async throws {
        let run = Task { try await mailer().run() }
        try await broker.wait { isListening(broker) }
        broker.cutAll(.halfOpen)
        // The broker notices too, at the same time, and lets go of the consumer that has gone.
        try await broker.advance(by: .seconds(5)) { broker.connectionCount == 1 && isListening(broker) }
        #expect(broker.elapsed >= .seconds(120))
        run.cancel()
        try await run.value
    }

    @Test func whatFailsIsKept() async throws {
        let run = Task { try await mailer(fails: "lamp").run() }
        try await broker.wait { isListening(broker) }
        try await order("lamp")
        try await broker.wait { broker.queue("failed")?.ready == 1 }
        #expect(broker.recorded.rejected.map(\.text) == ["lamp"])
        run.cancel()
        try await run.value
    }

    /// A confirm that is lost is no message that is lost: it is sent again.
    @Test func aLostConfirmMakesTwo() async throws {
        let run = Task { try await mailer().run() }
        try await broker.wait { isListening(broker) }
        try await order("chair")
        try await broker.wait { broker.queue("mailed")?.ready == 1 }
        broker.fail(.cut(before: .confirm))
        // Without a confirm of its own: the next one is the service's.
        let connection = try await broker.connect()
        try await connection.openChannel().publish(Message("table"), routingKey: "orders")
        try await connection.close()
        try await broker.advance { broker.queue("mailed")?.ready == 3 }
        run.cancel()
        try await run.value
    }
}
