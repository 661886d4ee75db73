import AMQPTransport
import Synchronization
import TestSupport
import Testing

@testable import AMQPClient

/// Closures that do not end when they should, or end over something that is not the session's.
@Suite(.watched) struct StoppingTests {
    private let world = World()

    private final class Log: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    /// Something that takes no notice of a cancellation.
    private final class Deaf: Sendable {
        private let isDone = Mutex(false)
        func finish() { isDone.withLock { $0 = true } }
        func work() async throws {
            let work = Task { try await until { self.isDone.withLock { $0 } } }
            try await work.value
        }
    }

    // MARK: Closures that take no notice

    @Test func theNextSessionDoesNotWaitForThemForever() async throws {
        let deaf = Deaf()
        let log = Log()
        let client = world.client(grace: .seconds(5))
        let states = client.states
        let run = Task {
            try await client.run { session in
                log.add("begin \(session.number)")
                if session.number == 2 { return "second" }
                try await deaf.work()
                log.add("end 1")
                return "first"
            }
        }
        try await until { log.all == ["begin 1"] }
        let begin = world.time.now
        world.cut()
        try await world.pass { log.all.count == 2 }
        #expect(log.all == ["begin 1", "begin 2"])
        #expect(world.time.now - begin >= 5_000)
        #expect(try await run.value == "second")
        deaf.finish()
        try await until { log.all.last == "end 1" }
        for try await state in states {
            guard case .waiting(_, let error) = state else { continue }
            #expect(error.kind == .connectionLost)
            #expect(error.text.contains("has not ended within the client's grace"))
            break
        }
    }

    @Test func noStopWaitsForThemForever() async throws {
        let deaf = Deaf()
        let log = Log()
        let client = world.client(grace: .seconds(5))
        let run = Task {
            try await client.run { session in
                let queue = try await session.channel.declareQueue("jobs")
                try await queue.publish(Message("1"))
                for try await job in try await queue.consume() {
                    log.add(job.text)
                    try await deaf.work()
                }
            }
        }
        try await until { log.all == ["1"] }
        let begin = world.time.now
        run.cancel()
        try await world.pass { client.isOver }
        #expect(world.time.now - begin >= 10_000)
        let error = await failure { try await run.value }
        #expect(error?.kind == .timedOut)
        #expect(error?.text.contains("has not ended") == true)
        try await until { world.broker.connectionCount == 0 }
        deaf.finish()
    }

    /// A stop has one time for all, good-bye included.
    @Test func theGoodbyeIsPartOfTheGrace() async throws {
        let time = ManualTime()
        let (ours, theirs) = MemoryStream.pair()
        let peer = RawPeer(theirs)
        var configuration = ConnectionConfiguration.unhurried
        (configuration.time, configuration.heartbeat) = (time, 0)
        let client = Client([configuration], retry: .never, grace: .seconds(5)) { _ in ours }
        let isAtWork = Mutex(false)
        let run = Task {
            try await client.run { session in
                try await session.channel.selectConfirms()
                let consumer = try await session.channel.consume("q")
                try await session.channel.publish(Message("x"))
                isAtWork.withLock { $0 = true }
                await untilCancelled()
                withExtendedLifetime(consumer) {}
            }
        }
        try await peer.handshake()
        try await peer.openChannel()
        _ = try await peer.expect(ConfirmSelect.self)
        peer.send(ConfirmSelectOk(), channel: 1)
        _ = try await peer.expect(BasicConsume.self)
        peer.send(BasicConsumeOk(consumerTag: "c"), channel: 1)
        _ = try await peer.expect(BasicPublish.self)
        try await until { isAtWork.withLock { $0 } }
        let end = time.now + 5_000
        run.cancel()
        _ = try await peer.expect(BasicCancel.self)
        try await until { time.nextDue == end }
        time.advance(by: 5_000)
        // Neither the confirm nor any close is answered.
        while try await peer.method().id != ConnectionClose.id {}
        #expect(await failure { try await run.value }?.kind == .timedOut)
    }

    // MARK: What is in hand may ask

    @Test func theWorkInHandHasItsAnswers() async throws {
        let connection = try await Connection.open(patientlyOver: world.broker.connect())
        let questions = try await connection.openChannel().declareQueue("questions")
        let client = world.client()
        let log = Log()
        let run = Task {
            try await client.run { session in
                let caller = try await session.connection.openChannel().caller()
                let jobs = try await session.channel.declareQueue("jobs")
                try await jobs.publish(Message("1"))
                try await jobs.process(failure: .reject) { _ in
                    log.add(try await caller.call(Message("?"), to: "questions", timeout: .seconds(1_000_000)).text)
                }
            }
        }
        let consumer = try await questions.consume(noAck: true)
        var questioning = consumer.makeAsyncIterator()
        let question = try #require(try await questioning.next(isolation: nil))
        run.cancel()
        try await until { client.state == .stopping }
        // The broker knows that no job is wanted any more.
        let jobs = try await connection.openChannel()
        try await until { try await jobs.declareQueue("jobs").consumerCount == 0 }
        var answer = Message("!")
        answer.properties.correlationID = question.properties.correlationID
        try await jobs.publish(answer, routingKey: try #require(question.properties.replyTo).text)
        try await run.value
        #expect(log.all == ["!"])
        #expect(try await jobs.declareQueue("jobs").messageCount == 0)
        try await connection.close()
    }

    /// Neither of them brings anything that is to be finished, so there is nothing to wait for.
    @Test(arguments: [false, true]) func noGraceForAConsumerWithoutDeliveries(isCaller: Bool) async throws {
        let client = world.client()
        let isReady = Mutex(false)
        let run = Task {
            try await client.run { session in
                let caller = isCaller ? try await session.channel.caller() : nil
                let queue = try await session.channel.declareQueue("q")
                let consumer = isCaller ? nil : try await queue.consume()
                try await consumer?.cancel()
                isReady.withLock { $0 = true }
                await untilCancelled()
                withExtendedLifetime((caller, consumer)) {}
            }
        }
        try await until { isReady.withLock { $0 } }
        run.cancel()
        // The time stands still.
        try await run.value
    }

    // MARK: Errors from elsewhere

    @Test func whatIsNotOfTheSessionIsNoLoss() async throws {
        let asker = world.client()
        let client = world.client()
        let sessions = Mutex(0)
        let run = Task {
            try await client.run { session in
                sessions.withLock { $0 += 1 }
                try await session.channel.declareQueue("nobody answers")
                _ = try await asker.call(Message("?"), to: "nobody answers", timeout: .seconds(5))
            }
        }
        try await world.pass { client.isOver || sessions.withLock { $0 } > 1 }
        #expect(sessions.withLock { $0 } == 1)
        #expect(await failure { try await run.value }?.kind == .timedOut)
        await asker.close()
    }

    /// One broker has ended both, and the session's connection has not heard of it yet.
    @Test func unlessTheSessionIsLostToo() async throws {
        let peers = Mailbox<RawPeer>()
        var configuration = ConnectionConfiguration.unhurried
        (configuration.time, configuration.heartbeat) = (world.time, 0)
        let client = Client([configuration]) { _ in
            let (ours, theirs) = MemoryStream.pair()
            peers.put(RawPeer(theirs))?()
            return ours
        }
        let run = Task {
            try await client.run { session in
                if session.number == 2 { return "again" }
                throw AMQPError(.unknownOutcome, scope: .client, text: "of a publisher")
            }
        }
        let first = try #require(try await peers.next())
        try await first.handshake()
        try await first.openChannel()
        // The question whether it is there.
        _ = try await first.expect(ChannelOpen.self)
        first.reset()
        let clock = Task { try await world.pass { false } }
        defer { clock.cancel() }
        let second = try #require(try await peers.next())
        try await second.handshake()
        try await second.openChannel()
        _ = try await second.expect(ChannelClose.self)
        second.send(ChannelCloseOk(), channel: 1)
        _ = try await second.expect(ConnectionClose.self)
        second.send(ConnectionCloseOk())
        #expect(try await run.value == "again")
    }

    @Test func itsOwnErrorsAreLosses() async throws {
        let client = world.client()
        let sessions = Mutex(0)
        let run = Task {
            try await client.run { session in
                sessions.withLock { $0 += 1 }
                let queue = try await session.channel.declareQueue("gone")
                if session.number == 2 { return }
                let consumer = try await queue.consume()
                _ = try await session.connection.withChannel { try await $0.deleteQueue("gone") }
                for try await _ in consumer {}
            }
        }
        try await world.pass { sessions.withLock { $0 } == 2 }
        try await run.value
    }
}

extension Client {
    fileprivate var isOver: Bool { if case .ended? = state { true } else { false } }
}
