import Synchronization
import TestSupport
import Testing

@testable import AMQPClient

/// A client and a broker, in memory and in virtual time.
@Suite(.watched) struct ClientTests {
    private final class Log: Sendable {
        private let lines = Mutex<[String]>([])
        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
        func count(_ line: String) -> Int { all.count { $0 == line } }
    }

    @Test func itComesBackAndALateAcknowledgementReachesNothing() async throws {
        let world = World()
        let client = world.client()
        let log = Log()
        let late = Mutex<Delivery?>(nil)
        let run = Task {
            try await client.run { session in
                let queue = try await session.channel.declareQueue("jobs", durable: true)
                if session.number == 1 { try await queue.publish(Message("work")) }
                for try await job in try await queue.consume() {
                    log.add("\(session.number) \(job.text) \(job.deliveryTag) \(job.redelivered)")
                    guard let old = late.withLock({ $0 }) else {
                        late.withLock { $0 = job }
                        continue
                    }
                    let error = await failure { try await old.ack() }
                    #expect(error?.kind == .connectionLost)
                    try await job.ack()
                    return "done"
                }
                return "left"
            }
        }
        try await until { late.withLock { $0 } != nil }
        world.cut()
        try await world.pass { log.all.count == 2 }
        #expect(try await run.value == "done")
        #expect(log.all == ["1 work 1 false", "2 work 1 true"])
    }

    @Test func aClosureThatTheLossDidNotReachIsRunAgain() async throws {
        let world = World()
        let log = Log()
        let client = world.client()
        let run = Task {
            try await client.run { session in
                log.add("begin")
                if session.number == 2 { return }
                // It knows nothing of the connection, and returns when its task is cancelled.
                await untilCancelled()
            }
        }
        try await until { log.count("begin") == 1 }
        world.cut()
        try await world.pass { log.count("begin") == 2 }
        try await run.value
    }

    @Test func itTriesAgainUntilTheBrokerIsThere() async throws {
        let world = World()
        world.setAway(true)
        let client = world.client()
        let states = client.states
        let run = Task { try await client.run { _ in "here" } }
        try await world.pass { world.attempts >= 4 }
        world.setAway(false)
        let watched = Task {
            var seen: [ClientState] = []
            for try await state in states {
                seen.append(state)
                if case .ended = state { break }
            }
            return seen
        }
        let before = world.attempts
        try await world.pass { world.attempts > before }
        #expect(try await run.value == "here")
        let seen = try await watched.value
        #expect(seen.first == .connecting(host: "localhost:5672", attempt: 1))
        guard case .waiting(let wait, let error)? = seen.dropFirst().first else {
            Issue.record("\(seen)")
            return
        }
        #expect((.milliseconds(500)...(.seconds(1))).contains(wait))
        #expect(error.text == "away")
        #expect(seen.suffix(2) == [.connected(host: "localhost:5672"), .ended(nil)])
    }

    @Test func whatNoAttemptMendsEndsItAtOnce() async throws {
        let world = World()
        let wrongPassword = await failure { try await world.client { $0.password = "wrong" }.run { _ in } }
        #expect(wrongPassword?.kind == .loginRefused)
        #expect(world.attempts == 1)
        let noSuchHost = await failure { try await world.client { $0.virtualHost = "nowhere" }.run { _ in } }
        #expect(noSuchHost?.code == .notAllowed)
        #expect(world.attempts == 2)
        let differs = await failure {
            try await world.client().run { session in
                try await session.channel.declareQueue("q")
                try await session.channel.declareQueue("q", durable: true)
            }
        }
        #expect(differs?.code == .preconditionFailed)
        #expect(world.attempts == 3)
        #expect(await failure { try await Client(hosts: ["http://a"]).run { _ in } }?.kind == .badURI)
        #expect(await failure { try await Client(hosts: []).run { _ in } }?.kind == .badArgument)
    }

    @Test func anExclusiveQueueThatIsStillLockedIsAskedForAgain() async throws {
        let world = World()
        let holder = try await Connection.open(patientlyOver: world.broker.connect())
        try await holder.openChannel().declareQueue("mine", exclusive: true)
        let client = world.client()
        let log = Log()
        let run = Task {
            try await client.run { session in
                log.add("begin")
                try await session.channel.declareQueue("mine", exclusive: true)
            }
        }
        try await world.pass { log.all.count == 3 }
        try await holder.close()
        try await world.pass { client.isEnded }
        try await run.value
    }

    @Test func aCancelledRunFinishesWhatIsInHandAndGivesBackTheRest() async throws {
        let world = World()
        let client = world.client()
        let log = Log()
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let run = Task {
            try await client.run { session in
                let queue = try await session.channel.declareQueue("jobs")
                for number in 1...3 { try await queue.publish(Message("\(number)")) }
                for try await job in try await queue.consume() {
                    log.add(job.text)
                    for await _ in gate { break }
                    // The task of the closure is not cancelled.
                    try Task.checkCancellation()
                    #expect(session.isStopping)
                    try await job.ack()
                }
                return "stopped"
            }
        }
        try await until { log.all == ["1"] }
        run.cancel()
        open.yield()
        #expect(try await run.value == "stopped")
        #expect(log.all == ["1"])
        let connection = try await Connection.open(patientlyOver: world.broker.connect())
        let queue = try await connection.openChannel().declareQueue("jobs")
        #expect(queue.messageCount == 2)
        try await connection.close()
    }

    @Test func whatTakesLongerThanTheGraceIsCancelled() async throws {
        let world = World()
        let client = world.client(grace: .seconds(5))
        let log = Log()
        let run = Task {
            try await client.run { session in
                let queue = try await session.channel.declareQueue("jobs")
                try await queue.publish(Message("1"))
                for try await job in try await queue.consume() {
                    log.add(job.text)
                    do {
                        try await Task.sleep(for: .seconds(100_000))
                    } catch {
                        log.add("cancelled")
                        throw error
                    }
                }
            }
        }
        try await until { log.all == ["1"] }
        let begin = world.time.now
        run.cancel()
        try await world.pass { log.all.count == 2 }
        #expect(world.time.now - begin >= 5_000)
        await #expect(throws: CancellationError.self) { try await run.value }
        #expect(log.all == ["1", "cancelled"])
    }

    @Test func aRunThatIsNotConnectedIsCancelledAtOnce() async throws {
        let world = World()
        world.setAway(true)
        let client = world.client()
        let run = Task { try await client.run { _ in } }
        try await until { world.attempts == 1 }
        run.cancel()
        let error = await failure { try await run.value }
        #expect(error?.kind == .cancelled)
        #expect(world.attempts == 1)
    }
}

extension Client {
    fileprivate var isEnded: Bool { state == .ended(nil) }
}
