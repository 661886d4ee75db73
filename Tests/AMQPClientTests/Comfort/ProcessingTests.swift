import AMQPTransport
import Synchronization
import TestSupport
import Testing

@testable import AMQPClient

/// What becomes of deliveries that are worked on.
@Suite(.watched) struct ProcessingTests {
    private struct Broken: Error {}

    @Test func severalAtATimeAndEachAcknowledged() async throws {
        let connection = try await TestBroker.connect()
        try await connection.withChannel { channel in
            let queue = try await channel.declareQueue(exclusive: true)
            for number in 0..<20 { try await queue.publish(Message("\(number)")) }
            let counts = Mutex((now: 0, most: 0, done: 0))
            let work = Task {
                try await queue.process(concurrency: 4) { _ in
                    counts.withLock { counts in
                        counts.now += 1
                        counts.most = max(counts.most, counts.now)
                    }
                    // All four places are taken before the first is left.
                    try await until { counts.withLock { $0.most } == 4 }
                    counts.withLock { counts in
                        counts.now -= 1
                        counts.done += 1
                    }
                }
            }
            try await until { counts.withLock { $0.done } == 20 }
            work.cancel()
            try await work.value
            #expect(counts.withLock { $0.most } == 4)
            #expect(try await channel.declareQueue(queue.name, passive: true).messageCount == 0)
        }
        try await connection.close()
    }

    @Test func whatFailsIsTriedOnceMore() async throws {
        let connection = try await TestBroker.connect()
        try await connection.withChannel { channel in
            let dead = try await channel.declareQueue(exclusive: true)
            let queue = try await channel.declareQueue(exclusive: true, with: .deadLetter(to: "", key: dead.name))
            try await queue.publish(Message("bad"))
            let seen = Mutex<[Bool]>([])
            let work = Task {
                try await queue.process { job in
                    seen.withLock { $0.append(job.redelivered) }
                    throw Broken()
                }
            }
            let other = try await connection.openChannel()
            #expect(try await other.consume(dead.name, noAck: true).first { _ in true }?.text == "bad")
            work.cancel()
            try await work.value
            #expect(seen.withLock { $0 } == [false, true])
        }
        try await connection.close()
    }

    /// RabbitMQ 4.3 counts a basic.reject toward a quorum queue's delivery limit, and a basic.nack not.
    @Test(arguments: [true, false]) func onlyAFailureIsRejected(isCancelled: Bool) async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        let isAtWork = Mutex(false)
        let work = Task {
            try await channel.queue("q").process { _ in
                isAtWork.withLock { $0 = true }
                if isCancelled { await untilCancelled() }
                throw Broken()
            }
        }
        _ = try await peer.expect(BasicQos.self)
        peer.send(BasicQosOk(), channel: 1)
        _ = try await peer.expect(BasicConsume.self)
        peer.send {
            $0.method(BasicConsumeOk(consumerTag: "c"), channel: 1)
            $0.deliver("c", 1, "job")
        }
        try await until { isAtWork.withLock { $0 } }
        if isCancelled {
            work.cancel()
            #expect(try await peer.expect(BasicNack.self) == BasicNack(deliveryTag: 1, requeue: true))
        } else {
            #expect(try await peer.expect(BasicReject.self) == BasicReject(deliveryTag: 1, requeue: true))
            work.cancel()
        }
        _ = try await peer.expect(BasicCancel.self)
        try await work.value
    }

    /// From where the arguments say, and past what fails: RabbitMQ 3.10 closes the connection over a reject.
    @Test func aStreamIsReadOn() async throws {
        let connection = try await TestBroker.connect()
        try await connection.withChannel { channel in
            let stream = try await channel.declareQueue(TestBroker.name(), durable: true, with: .stream())
            for text in ["a", "b", "c"] { try await channel.publishAndConfirm(Message(text), routingKey: stream.name) }
            let seen = Mutex<[String]>([])
            let work = Task {
                try await stream.process(concurrency: 1, arguments: ["x-stream-offset": "first"]) { event in
                    seen.withLock { $0.append(event.text) }
                    throw Broken()
                }
            }
            try await until { seen.withLock { $0.count } == 3 }
            work.cancel()
            try await work.value
            #expect(seen.withLock { $0 } == ["a", "b", "c"])
            try await stream.delete()
        }
        try await connection.close()
    }

    @Test func orEndsTheProcessing() async throws {
        let connection = try await TestBroker.connect()
        try await connection.withChannel { channel in
            let queue = try await channel.declareQueue(exclusive: true)
            try await queue.publish(Message("bad"))
            await #expect(throws: Broken.self) { try await queue.process(failure: .stop) { _ in throw Broken() } }
            #expect(try await queue.get()?.redelivered == true)
        }
        try await connection.close()
    }

    // MARK: Work that is cancelled

    /// Whatever it makes of its cancellation, and whatever the policy says of errors.
    @Test(arguments: [true, false]) func whatIsCancelledGoesBack(saysSo: Bool) async throws {
        let connection = try await TestBroker.connect()
        try await connection.withChannel { channel in
            let dead = try await channel.declareQueue(exclusive: true)
            let queue = try await channel.declareQueue(exclusive: true, with: .deadLetter(to: "", key: dead.name))
            try await queue.publish(Message("job"))
            let isAtWork = Mutex(false)
            let work = Task {
                try await queue.process(failure: .reject) { _ in
                    isAtWork.withLock { $0 = true }
                    await untilCancelled()
                    if saysSo { throw CancellationError() } else { throw Broken() }
                }
            }
            try await until { isAtWork.withLock { $0 } }
            work.cancel()
            try await work.value
            #expect(try await comeBack(1, to: queue, or: dead) == ["job"])
        }
        try await connection.close()
    }

    /// The work on one delivery ends that on the others.
    @Test func whatAnotherEndsGoesBack() async throws {
        let connection = try await TestBroker.connect()
        try await connection.withChannel { channel in
            let dead = try await channel.declareQueue(exclusive: true)
            let queue = try await channel.declareQueue(exclusive: true, with: .deadLetter(to: "", key: dead.name))
            for body in ["long", "bad"] { try await queue.publish(Message(body)) }
            let policy = FailurePolicy { delivery, _ in delivery.text == "bad" ? .stop : .reject }
            let isAtWork = Mutex(false)
            await #expect(throws: Broken.self) {
                try await queue.process(concurrency: 2, failure: policy) { job in
                    if job.text == "bad" {
                        try await until { isAtWork.withLock { $0 } }
                    } else {
                        isAtWork.withLock { $0 = true }
                        await untilCancelled()
                    }
                    throw Broken()
                }
            }
            #expect(try await comeBack(2, to: queue, or: dead) == ["bad", "long"])
        }
        try await connection.close()
    }

    /// What is in the queue again, once there are so many, or one has gone where it should not.
    private func comeBack(_ count: Int, to queue: Queue, or dead: Queue) async throws -> Set<String> {
        var back: Set<String> = []
        while back.count < count {
            if let delivery = try await queue.get() {
                #expect(delivery.redelivered)
                back.insert(delivery.text)
            } else if try await dead.get() != nil {
                break
            }
        }
        return back
    }

    /// The one decision: cancelled, and what it came to.
    @Test func theDecision() async throws {
        let connection = try await TestBroker.connect()
        try await connection.withChannel { channel in
            let queue = try await channel.declareQueue(exclusive: true)
            try await queue.publish(Message("job"))
            let delivery = try #require(try await queue.get())
            let policies: [(FailurePolicy, FailurePolicy.Verdict)] = [
                (.reject, .reject), (.requeueOnce, .requeue), (.stop, .stop), (FailurePolicy { _, _ in .ack }, .ack),
            ]
            for (policy, verdict) in policies {
                for isCancelled in [true, false] {
                    func decision(_ outcome: FailurePolicy.Outcome) -> FailurePolicy.Verdict {
                        policy.verdict(on: delivery, outcome, isCancelled: isCancelled)
                    }
                    #expect(decision(.returned) == .ack)
                    #expect(decision(.notBegun) == .requeue)
                    #expect(decision(.threw(Broken())) == (isCancelled ? .requeue : verdict))
                    #expect(decision(.threw(CancellationError())) == (isCancelled ? .requeue : verdict))
                }
            }
        }
        try await connection.close()
    }

    /// What ends the processing is said also when the connection is gone by then.
    @Test func itStopsWithItsErrorWhenNothingCanBeSent() async throws {
        let connection = try await TestBroker.connect()
        let queue = try await connection.openChannel().declareQueue(exclusive: true)
        try await queue.publish(Message("bad"))
        await #expect(throws: Broken.self) {
            try await queue.process(failure: .stop) { _ in
                connection.stream.abort()
                await connection.waitUntilClosed()
                throw Broken()
            }
        }
    }
}
