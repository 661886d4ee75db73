import AMQPTransport
import Synchronization
import TestSupport
import Testing

@testable import AMQPClient
@testable import Cuts

/// How soon a client is back after a loss, and what is left of it when it has ended.
@Suite(.watched) struct ReturnTests {
    private let world = World()

    /// Lets time go from one appointment to the next until `condition` holds.
    private func pass(_ time: ManualTime, until condition: () -> Bool) async throws {
        try await until {
            if condition() { return true }
            if let wait = time.nextWait { time.advance(by: wait) }
            return false
        }
    }

    /// The broker is there again: the first attempt after that begins a session, and there is nothing more that it waits for.
    /// (What it may take is 100 ms. It takes no time of the clock's at all, only the machine's.)
    @Test(arguments: [1, 2, 5]) func itIsBackAtTheFirstAttempt(failedAttempts: Int) async throws {
        let sessions = Mutex(0)
        // The broker's appointments are its own affair.
        let time = ManualTime()
        let client = world.client(retry: .exponential(from: .seconds(1), upTo: .seconds(2))) { $0.time = time }
        let run = Task {
            try await client.run { session in
                sessions.withLock { $0 = session.number }
                if session.number == 1 { await untilCancelled() }
            }
        }
        defer { run.cancel() }
        try await until { sessions.withLock { $0 } == 1 }
        let attempts = world.attempts + failedAttempts + 1
        world.refuse(next: failedAttempts)
        world.cut()
        try await pass(time) { world.attempts == attempts }
        // A client that puts off anything has an appointment for it.
        try await until { sessions.withLock { $0 } == 2 || time.nextWait != nil }
        try #require(sessions.withLock { $0 } == 2, "it waits for another \(time.nextWait ?? -1) ms")
        try await run.value
    }

    /// What there was, without holding it.
    private final class Seen: Sendable {
        private struct State: Sendable {
            weak var client: Client?
            var connections: [Link] = []
        }

        private struct Link: Sendable { weak var connection: Connection? }

        private let state = Mutex(State())

        func add(_ client: Client) { state.withLock { $0.client = client } }
        func add(_ connection: Connection) { state.withLock { $0.connections.append(Link(connection: connection)) } }
        var connectionCount: Int { state.withLock { $0.connections.count } }
        var isAnythingLeft: Bool {
            state.withLock { state in state.client != nil || state.connections.contains { $0.connection != nil } }
        }
    }

    /// Consumes over three connections, of which two are lost, and publishes; then stops.
    private func live(_ time: ManualTime, _ seen: Seen) async throws {
        let client = world.client(retry: .exponential(from: .seconds(1), upTo: .seconds(2))) {
            $0.time = time
            $0.confirmTimeout = .seconds(1_000)
        }
        seen.add(client)
        let publisher = client.publisher(whileDown: .wait(upTo: .seconds(1_000)))
        let run = Task {
            try await client.run { session in
                seen.add(session.connection)
                let queue = try await session.channel.declareQueue("jobs", durable: true)
                for try await job in try await queue.consume() { try await job.ack() }
            }
        }
        defer { run.cancel() }
        for number in 1...3 {
            try await pass(time) { seen.connectionCount == number }
            if number < 3 { world.cut() }
        }
        try await publisher.publish(Message("x"), key: "jobs", mandatory: true)
        await publisher.close()
        run.cancel()
        try await run.value
    }

    /// No task holds on to a connection, and no appointment is left on its clock.
    @Test func nothingIsLeftOfAClientThatHasEnded() async throws {
        let time = ManualTime()
        let seen = Seen()
        try await live(time, seen)
        #expect(seen.connectionCount == 3)
        try await until { !seen.isAnythingLeft }
        #expect(time.nextDue == nil)
    }

    /// Connections are cut in each way, in each direction, during the login and at work.
    @Test func thereAreCutsOfEachKind() {
        let plan = CutPlan(seed: 1, cuts: 0)
        let places = (0..<2_000).map { _ in plan.next() }
        #expect(Set(places.map { "\($0.kind) \($0.direction)" }).count == CutKind.allCases.count * 2)
        let pieces = Set(places.map(\.piece))
        #expect(pieces.isSuperset(of: 0..<158))
        #expect(Set(places.map(\.part)).count == 256)
    }
}
