import AMQPClient
import BrokerTesting
import Synchronization
import TestSupport
import Testing

/// What is published to a broker that takes nothing (`connection.blocked`): whoever gives a time waits so long.
@Suite(.watched) struct BlockedTests {
    private let broker = TestBroker()

    /// What becomes of a call, asked for without waiting.
    private final class Told: Sendable {
        private let state = Mutex<Result<Void, any Error>?>(nil)

        init(_ body: @escaping @Sendable () async throws -> Void) {
            Task {
                let result: Result<Void, any Error>
                do { result = .success(try await body()) } catch { result = .failure(error) }
                state.withLock { $0 = result }
            }
        }

        var isOver: Bool { state.withLock { $0 != nil } }
        var error: AMQPError? {
            if case .failure(let error)? = state.withLock({ $0 }) { error as? AMQPError } else { nil }
        }
    }

    private func outcome(_ body: @escaping @Sendable () async throws -> Void) async throws -> AMQPError? {
        let told = Told(body)
        try await broker.advance(by: .seconds(1), limit: .seconds(60)) { told.isOver }
        return told.error
    }

    /// Returns once all clients have heard it.
    private func block() async {
        broker.fail(.blocked())
        await broker.advance(by: .zero)
    }

    private func expectLate(_ error: AMQPError?) {
        #expect(error?.kind == .timedOut)
        #expect(error?.text.contains("not sent") == true)
        #expect(error?.text.contains("low on memory") == true)
        #expect(error?.nextStep.contains("unblocked") == true)
    }

    private func channel() async throws -> Channel {
        let channel = try await broker.connect { $0.confirmTimeout = .seconds(20) }.openChannel()
        try await channel.declareQueue("q")
        return channel
    }

    @Test func aCallersQuestion() async throws {
        let channel = try await channel()
        let caller = try await channel.caller()
        await block()
        let error = try await outcome { _ = try await caller.call(Message("?"), to: "q", timeout: .seconds(5)) }
        expectLate(error)
        #expect(error?.text.contains("5000 ms") == true)
        #expect(broker.elapsed >= .seconds(5))
    }

    @Test func aClientsQuestion() async throws {
        let queue = try await channel().queue("q")
        let server = Task { try await queue.serve { question in Message("\(question.text)!") } }
        let client = Client(hosts: [broker.uri])
        #expect(try await client.call(Message("1"), to: "q", timeout: .seconds(1_000)).text == "1!")
        await block()
        expectLate(try await outcome { _ = try await client.call(Message("2"), to: "q", timeout: .seconds(5)) })
        await client.close()
        server.cancel()
        try await server.value
    }

    @Test func aConfirmedPublish() async throws {
        let channel = try await channel()
        await block()
        expectLate(try await outcome { try await channel.publishAndConfirm(Message("x"), routingKey: "q") })
        #expect(broker.elapsed >= .seconds(20))
        expectLate(try await outcome { _ = try await channel.publishForConfirm(Message("x"), routingKey: "q") })
        let publisher = try await channel.confirmedPublisher(limit: 1)
        let error = try await outcome { try await publisher.publish(Message("mine"), routingKey: "q") }
        expectLate(error)
        #expect(error?.publish?.message == Message("mine"))
        #expect(publisher.unconfirmedCount == 0)
        // Nothing was kept back to be sent after all.
        broker.mend()
        try await publisher.publish(Message("later"), routingKey: "q")
        try await publisher.waitForAll()
        #expect(broker.recorded.published.map(\.text) == ["later"])
    }

    @Test func aConfirmedPublishGoesOnInItsTime() async throws {
        let channel = try await channel()
        await block()
        let told = Told { try await channel.publishAndConfirm(Message("x"), routingKey: "q") }
        await broker.advance(by: .seconds(10))
        #expect(!told.isOver)
        broker.mend()
        try await broker.wait { told.isOver }
        #expect(told.error == nil)
        #expect(broker.queue("q")?.ready == 1)
    }

    @Test func aPublisherWaitsAsLongAsItIsTold() async throws {
        _ = try await channel()
        let publisher = Client(hosts: [broker.uri]).publisher(whileDown: .wait(upTo: .seconds(30)))
        try await publisher.publish(Message("1"), key: "q")
        await block()
        let begin = broker.elapsed
        let error = try await outcome { try await publisher.publish(Message("2"), key: "q") }
        expectLate(error)
        #expect(error?.publish?.message == Message("2"))
        #expect(broker.elapsed - begin >= .seconds(30))
        #expect(publisher.outstandingCount == 0)
        broker.mend()
        try await publisher.publish(Message("3"), key: "q")
        await publisher.close()
        #expect(broker.recorded.published.map(\.text) == ["1", "3"])
    }

    @Test func orDoesNotWait() async throws {
        _ = try await channel()
        let publisher = Client(hosts: [broker.uri]).publisher(whileDown: .fail)
        try await publisher.publish(Message("1"), key: "q")
        await block()
        let told = Told { try await publisher.publish(Message("2"), key: "q") }
        try await broker.wait(limit: .seconds(60)) { told.isOver }
        #expect(told.error?.kind == .blocked)
        #expect(told.error?.text.contains("low on memory") == true)
        await publisher.close()
    }

    /// They wait their turn, and none is forgotten.
    @Test func whatWaitsIsSentInItsOrder() async throws {
        let channel = try await channel()
        await block()
        var told: [Told] = []
        for number in 0..<20 {
            told.append(Told { try await channel.publish(Message("\(number)"), routingKey: "q") })
            await broker.advance(by: .seconds(1))
        }
        #expect(broker.recorded.published.isEmpty)
        broker.mend()
        try await broker.wait { broker.queue("q")?.ready == 20 && told.allSatisfy(\.isOver) }
        #expect(told.allSatisfy { $0.error == nil })
    }
}
