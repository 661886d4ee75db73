import AMQPClient
import AMQPWire
import BrokerServer
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import workbook

/// The same of jobs, payments, streams and orders.
@Suite(.watched) struct InnocentJobsTests {
    private func wrong(_ findings: [Finding]) -> [String] { findings.filter(\.isWrong).map(\.title) }

    private func verdict(_ title: String, in findings: [Finding]) -> Finding.Verdict? {
        findings.first { $0.title == title }?.verdict
    }

    // MARK: Jobs

    @Test func twentyAttemptsAreNotForEver() {
        func givesUp(_ attempts: UInt64) -> Finding.Verdict? {
            var made = MadeUpLog()
            made.declares("jobs")
            made.consumes("jobs")
            for attempt in 1...attempts {
                made.gets(attempt, RetryCheck.bad)
                made.publishes(RetryCheck.bad, key: "jobs.wait")
                made.acks(attempt)
            }
            return verdict("gives up after some attempts", in: RetryJudge(log: made.log, parked: []).findings)
        }
        #expect(givesUp(20) == .notSeen && givesUp(31) == .no)
    }

    /// The same program prints what was given up.
    @Test func whatIsTakenFromTheDeadWasParked() {
        var made = MadeUpLog()
        made.declares("jobs", ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.dead"])
        made.declares("jobs.dead")
        made.consumes("jobs")
        made.consumes("jobs.dead", tag: "d")
        for tag: UInt64 in 1...2 {
            made.gets(tag, RetryCheck.bad)
            made.pass(1000)
            made.rejects(tag)
        }
        made.gets(3, RetryCheck.bad, from: "d")
        made.acks(3)
        let judge = RetryJudge(log: made.log, parked: [])
        #expect(judge.attempts.count == 2 && wrong(judge.findings) == [])
        #expect(verdict("loses no job, not even a bad one", in: judge.findings) == .yes)
    }

    @Test func whatIsTakenFromTheDeadWasPutAside() {
        var made = MadeUpLog()
        made.declares(
            "payments",
            [
                "x-queue-type": "quorum", "x-delivery-limit": 1, "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": "dead",
            ])
        made.declares("dead")
        made.consumes("payments")
        made.consumes("dead", tag: "d")
        for tag: UInt64 in 1...2 {
            made.gets(tag, QuorumCheck.bad)
            made.rejects(tag, requeue: true)
        }
        made.gets(3, QuorumCheck.bad, from: "d")
        made.acks(3)
        let judge = QuorumJudge(log: made.log, queue: "payments", parked: [], isBack: true)
        #expect(verdict("puts aside what fails too often", in: judge.findings) == .yes)
    }

    /// It still runs, and has not connected again yet.
    @Test func aWorkerMayComeBackLate() {
        func comesBack(_ scene: (inout MadeUpLog) -> Void) -> Finding.Verdict? {
            var made = MadeUpLog()
            made.connects()
            made.declares("payments")
            made.consumes("payments")
            made.breaksOff()
            scene(&made)
            let judge = QuorumJudge(log: made.log, queue: "payments", parked: [], isBack: false)
            return verdict("comes back when its connection is lost", in: judge.findings)
        }
        #expect(comesBack { _ in } == .notSeen && comesBack { $0.ends(0) } == .no)
        #expect(
            comesBack { made in
                made.connection = 2
                made.connects()
            } == .no, "connected, and deaf")
    }

    // MARK: Streams, orders

    /// The stream is new, and it begins at its fifth message: it has the number from elsewhere.
    @Test func aReaderMayHaveBeenHereBefore() {
        func hears(from offset: FieldValue) -> Finding.Verdict? {
            var made = MadeUpLog()
            for run in 1...2 {
                (made.run, made.connection) = (run, run)
                made.declares("ticker", ["x-queue-type": "stream"])
                made.consumes("ticker", ["x-stream-offset": offset])
            }
            let judge = StreamJudge(log: made.log, queue: "ticker", words: ["read"])
            return verdict("gets what was published before it came", in: judge.findings)
        }
        #expect(hears(from: .int64(4)) == .notSeen && hears(from: "first") == .no && hears(from: .int64(0)) == .no)
    }

    @Test func anExclusiveConsumerIsAloneToo() {
        func judged(_ scene: (inout MadeUpLog) -> Void) -> OrderJudge {
            var made = MadeUpLog()
            made.declares("accounts.1")
            made.connects()
            made.consumes("accounts.1", exclusive: true)
            (made.run, made.connection) = (2, 2)
            made.connects()
            made.program(.basicConsume(BasicConsume(queue: "accounts.1", exclusive: true)))
            made.isRefused(.accessRefused, "ACCESS_REFUSED")
            (made.run, made.connection) = (1, 1)
            made.gets(1, "Check 1")
            made.acks(1)
            let both = made.log
            made.breaksOff()
            (made.run, made.connection) = (2, 2)
            scene(&made)
            return OrderJudge(log: made.log, whileBoth: both)
        }
        let standby = judged { made in
            made.opens()
            made.consumes("accounts.1", exclusive: true)
            made.gets(1, "Check 5")
        }
        #expect(standby.findings.filter { !$0.isGood } == [] && standby.log.isTurnedAway == nil)
        let dead = judged { $0.ends(1) }
        #expect(wrong(dead.findings) == ["takes over when the other copy has gone"])
        // It may try again later.
        #expect(wrong(judged { _ in }.findings) == [])
    }

    /// What a check's programs keep is gone after it.
    @Test func theirFilesAreNotTheReaders() async throws {
        let folders = Mutex<[String?]>([])
        let subject = Subject(words: ["idle"]) { _, environment in
            folders.withLock { $0.append(environment["ORDERS_FOLDER"]) }
            return Subject.Run(kill: {}, status: { 3 }, lastLines: { [] })
        }
        for _ in 1...2 { _ = try? await Check.findings(.inbox, subject) }
        let seen = folders.withLock { $0.compactMap(\.self) }
        #expect(seen.count == 2 && Set(seen).count == 2)
        #expect(!seen.contains { FileManager.default.fileExists(atPath: $0) })
    }

    // MARK: Inboxes

    /// The orders a and b came four times and once.
    private func inbox(_ lines: [String]) -> Finding.Verdict? {
        var made = MadeUpLog()
        made.declares("shipments", durable: true)
        made.consumes("shipments")
        for (index, letter) in ["a", "a", "a", "a", "b"].enumerated() {
            made.gets(UInt64(index + 1), InboxJudge.text(letter))
            made.acks(UInt64(index + 1))
        }
        var judge = InboxJudge(log: made.log)
        judge.first = lines
        return verdict("does an order once, however often it comes", in: judge.findings)
    }

    @Test func anOrderMayBePrintedInAnotherForm() {
        let ignored = Array(repeating: "Ignored ORDER A", count: 3)
        #expect(inbox(["Shipped ORDER A"] + ignored + ["Shipped ORDER B"]) == .yes)
        // Not a letter of it is left, so nothing can be told.
        let hashed = Array(repeating: "Ignored xyz", count: 3)
        #expect(inbox(["Shipped xyz"] + hashed + ["Shipped uvw"]) == .notSeen)
        #expect(inbox(Array(repeating: "Shipped", count: 5)) == .no)
    }

    /// It waits where it was, because its worker has its hands full.
    @Test func aJobThatWaitsIsNotLost() {
        var made = MadeUpLog()
        made.declares("jobs", ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.retry"])
        made.consumes("jobs")
        made.gets(1, RetryCheck.bad)
        made.rejects(1)
        var judge = RetryJudge(log: made.log, parked: [])
        judge.waitsIn = "jobs"
        #expect(verdict("loses no job, not even a bad one", in: judge.findings) == .notSeen)
        #expect(verdict("gives up after some attempts", in: judge.findings) == .notSeen)
    }

    @Test func whatIsKeptMayComeThroughAnExchange() throws {
        var made = MadeUpLog()
        made.declares(exchange: "mine", "direct")
        made.declares("payments", ["x-queue-type": "quorum"])
        made.declares("ticker", ["x-queue-type": "stream", "x-max-age": "7D"])
        made.binds("payments", to: "mine", "pay")
        made.binds("ticker", to: "mine", "news")
        for key in ["pay", "news", "other"] as [ShortString] { made.publishes("1", exchange: "mine", key: key) }
        let (log, published) = (made.log, made.log.published)
        #expect(QuorumJudge.isQuorum(log, published[0]).isGood && QuorumJudge.isQuorum(log, published[1]).isWrong)
        #expect(!StreamJudge.keeps(log, published[1]).contains { !$0.isGood })
        #expect(QuorumJudge.isQuorum(log, published[2]).verdict == .notSeen)
    }

    /// A job may take its time, and the next attempt be an hour away.
    @Test func nobodyTimesOutInALeap() async throws {
        let time = HastyTime()
        let broker = Broker.patient(as: .v3_10, time: time)
        defer { broker.shutDown() }
        let connection = try await Connection.open(over: broker.connect(), .patient)
        let channel = try await connection.openChannel()
        try await channel.declareQueue("jobs")
        try await channel.declareQueue("room", arguments: ["x-message-ttl": .int32(7_200_000)])
        for queue in ["jobs", "room"] { try await channel.publish(Message("1"), routingKey: queue) }
        let job = try await channel.get("jobs")
        // Each leap lets the broker look what has been held too long.
        for _ in 1...4 { time.leap(3_600_000) }
        try await until { try await channel.declareQueue("room", passive: true).messageCount == 0 }
        for _ in 1...4 { time.leap(3_600_000) }
        try await channel.ack(try #require(job).deliveryTag)
        #expect(try await channel.get("jobs") == nil)
        try await connection.close()
    }
}
