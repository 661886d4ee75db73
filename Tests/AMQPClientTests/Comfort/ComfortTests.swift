import AMQPTransport
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import AMQPClient

extension JSONEncoder: MessageEncoder {}
extension JSONDecoder: MessageDecoder {}

/// What is there to write less.
@Suite(.watched) struct ComfortTests {
    private struct Order: Codable, Equatable {
        var id: Int
        var name: String
    }
    private struct Broken: Error {}

    @Test func valuesTravel() async throws {
        let order = Order(id: 7, name: "chair")
        let message = try Message(order, by: JSONEncoder(), persistent: true)
        #expect(message.properties.contentType == "application/json")
        #expect(message.properties.isPersistent)
        #expect(try message.decode(Order.self, by: JSONDecoder()) == order)
        #expect(throws: (any Error).self) { try Message("no JSON").decode(Order.self, by: JSONDecoder()) }
    }

    @Test func featuresAreArguments() {
        #expect(QueueFeature.quorum(deliveryLimit: 5).arguments == ["x-queue-type": "quorum", "x-delivery-limit": 5])
        #expect(
            QueueFeature.stream(maxOctets: 5_000_000_000, maxAge: .seconds(3600)).arguments == [
                "x-queue-type": "stream", "x-max-length-bytes": 5_000_000_000, "x-max-age": "3600s",
            ])
        #expect(
            QueueFeature.deadLetter(to: "", key: "dead").arguments == [
                "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead",
            ])
        #expect(
            QueueFeature.limit(messages: 10, overflow: .rejectPublish).arguments == [
                "x-max-length": 10, "x-overflow": "reject-publish",
            ])
        #expect(QueueFeature.messageTTL(.milliseconds(1500)).arguments == ["x-message-ttl": 1500])
    }

    @Test func aQueueWithFeatures() async throws {
        let connection = try await TestBroker.connect()
        try await connection.withChannel { channel in
            let dead = try await channel.declareQueue(exclusive: true)
            let queue = try await channel.declareQueue(
                exclusive: true, with: .limit(messages: 1), .deadLetter(to: "", key: dead.name))
            try await queue.publish(Message("first"))
            try await queue.publish(Message("second"))
            let delivery = try await dead.consume(noAck: true).first { _ in true }
            #expect(delivery?.text == "first")
        }
        try await connection.close()
    }

    // MARK: Questions and answers

    @Test func eachAnswerReachesItsQuestion() async throws {
        let connection = try await TestBroker.connect()
        let name = TestBroker.name()
        let serving = try await connection.openChannel()
        let queue = try await serving.declareQueue(name, exclusive: true)
        let server = Task {
            try await queue.serve(concurrency: 3) { question in Message("\(question.text)!") }
        }
        let caller = try await connection.openChannel().caller()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 {
                group.addTask {
                    let answer = try await caller.call(Message("\(number)"), to: name, timeout: .patience)
                    #expect(answer.text == "\(number)!")
                }
            }
            try await group.waitForAll()
        }
        server.cancel()
        try await server.value
        try await connection.close()
        #expect(await failure { _ = try await caller.call(Message("x"), to: name) }?.kind == .closedByClient)
    }

    @Test func aQuestionThatNobodyCouldAnswerComesBack() async throws {
        let connection = try await TestBroker.connect()
        let caller = try await connection.openChannel().caller()
        let error = await failure {
            _ = try await caller.call(Message("x"), to: TestBroker.name(), timeout: .patience)
        }
        #expect(error?.code == .noRoute)
        try await connection.close()
    }

    @Test func noAnswerInTime() async throws {
        let time = ManualTime()
        let connection = try await TestBroker.connect {
            $0.time = time
            $0.heartbeat = 0
        }
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue(exclusive: true)
        let caller = try await channel.caller()
        let asking = Task { try await caller.call(Message("x"), to: queue.name, timeout: .seconds(5)) }
        // It is asked once the question has arrived; the clock of the answer runs by then.
        try await until { try await queue.get(noAck: true) != nil }
        time.advance(by: 5_000)
        let error = await failure { _ = try await asking.value }
        #expect(error?.kind == .timedOut)
        #expect(error?.nextStep.contains("somebody answers") == true)
        try await connection.close()
    }
}
