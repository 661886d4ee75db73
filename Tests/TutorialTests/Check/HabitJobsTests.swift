import AMQPWire
import TestSupport
import Testing

@testable import workbook

/// The same of jobs, payments, streams, accounts and orders; and of publishers that send one text several times.
@Suite(.watched) struct HabitJobsTests {
    private func wrong(_ findings: [Finding]) -> [String] { findings.filter(\.isWrong).map(\.title) }

    private func verdict(_ title: String, in findings: [Finding]) -> Finding.Verdict? {
        findings.first { $0.title == title }?.verdict
    }

    // MARK: How long a job waited

    private static let triesAgain = "tries a failed job again, after a while"
    private static let straight = "does not put a failed job straight back"
    private static let toDead: FieldTable = ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.dead"]

    /// - Parameters:
    ///   - held: by the worker, before it published the job again
    ///   - behind: before that came to it, with nothing that the worker did
    ///   - lost: what the machine has taken
    private func triesAgain(held: Int64 = 0, behind: Int64 = 0, lost: Int64 = 0) -> Finding.Verdict? {
        var made = MadeUpLog()
        made.declares("jobs", Self.toDead)
        made.consumes("jobs")
        for tag in 1...2 as ClosedRange<UInt64> {
            made.gets(tag, RetryCheck.bad)
            if tag == 1 {
                made.pass(held)
                made.publishes(RetryCheck.bad, key: "jobs")
            }
            made.acks(tag)
            made.pass(behind)
        }
        var log = made.log
        log.lost = lost
        let judge = RetryJudge(log: log, parked: [.init(queue: "jobs.dead", text: RetryCheck.bad)])
        return verdict(Self.triesAgain, in: judge.findings)
    }

    @Test func onlyTheWorkersOwnTimeIsItsSleep() {
        #expect(triesAgain(held: 1000) == .yes && triesAgain() == .no)
        #expect(triesAgain(behind: 1000) == .notSeen, "the broker took so long, or the machine")
        #expect(triesAgain(held: 1000, lost: 800) == .notSeen && triesAgain(held: 2000, lost: 800) == .yes)
    }

    @Test func whatIsPutBackAfterAWhileIsNotPutStraightBack() {
        func judge(_ held: Int64, times: UInt64 = 4, lost: Int64 = 0, _ arguments: FieldTable = [:]) -> RetryJudge {
            var made = MadeUpLog()
            made.declares("jobs", arguments)
            made.consumes("jobs")
            for tag in 1...times {
                made.gets(tag, RetryCheck.bad)
                made.pass(held)
                made.rejects(tag, requeue: true)
            }
            var log = made.log
            log.lost = lost
            return RetryJudge(log: log, parked: [])
        }
        func isStraight(_ judge: RetryJudge) -> Finding.Verdict? { verdict(Self.straight, in: judge.findings) }
        #expect(isStraight(judge(0)) == .no && judge(0).isLoop)
        #expect(isStraight(judge(2000)) == .yes && !judge(2000).isLoop)
        #expect(isStraight(judge(2000, lost: 9000)) == .notSeen)
        #expect(verdict(Self.triesAgain, in: judge(2000).findings) == .yes)
        #expect(judge(2000, times: 31).isLoop, "that is for ever")
        let delayed = judge(0, ["x-queue-type": "quorum", "x-delayed-retry-type": "all"])
        #expect(isStraight(delayed) == .yes && verdict(Self.triesAgain, in: delayed.findings) == .yes)
    }

    // MARK: Where a job is

    @Test func aJobMayBeInAnotherForm() {
        func loses(_ text: String) -> Finding.Verdict? {
            var made = MadeUpLog()
            made.declares("jobs", Self.toDead)
            made.consumes("jobs")
            made.gets(1, RetryCheck.bad)
            made.rejects(1)
            let judge = RetryJudge(log: made.log, parked: [.init(queue: "jobs.dead", text: text)])
            return verdict("loses no job, not even a bad one", in: judge.findings)
        }
        #expect(loses("3 attempts: \(RetryCheck.bad)") == .yes)
        #expect(loses("{\"body\":\"QSBqb2IgdGhhdCBmYWlscyBmb3JldmVyIQ==\"}") == .yes)
        #expect(loses("41206a6f622074686174206661696c7320666f726576657221") == .yes)
        #expect(loses("a job") == .no && loses("{\"body\":\"A job\"}") == .no)
    }

    /// It puts the job into an object with the number of the attempt.
    @Test func anAttemptMayComeInAnObject() {
        var made = MadeUpLog()
        made.declares("jobs")
        made.consumes("jobs")
        made.gets(1, RetryCheck.bad)
        made.gets(2, "{\"attempt\":1,\"job\":\"\(RetryCheck.bad)\"}")
        made.gets(3, RetryCheck.good)
        #expect(RetryJudge(log: made.log, parked: []).attempts.map(\.tag) == [1, 2])
    }

    @Test func aRoomIsKnownByWhereItLeads() {
        var made = MadeUpLog()
        made.declares("jobs")
        made.declares(exchange: "dead", "topic")
        made.declares("room", ["x-message-ttl": .int32(3_600_000), "x-dead-letter-exchange": "dead"])
        made.declares("shelf")
        #expect(RetryJudge(log: made.log, parked: []).restingPlaces(but: "jobs") == ["room", "shelf"])
        // Bound to another exchange, it leads on in ways that are not followed: back, perhaps.
        made.program(.exchangeBind(ExchangeBind(destination: "work", source: "dead", routingKey: "#")))
        let judge = RetryJudge(log: made.log, parked: [])
        #expect(judge.waitingRooms(but: "jobs") == ["room"] && judge.restingPlaces(but: "jobs") == ["shelf"])
        #expect(judge.rest(in: "room") == 3_600_000 && judge.rest(in: "shelf") == nil)
        made.publishes(RetryCheck.bad, BasicProperties(expiration: "2000"), key: "room")
        #expect(RetryJudge(log: made.log, parked: []).rest(in: "room") == 2000)
    }

    @Test func theDeadHaveManyNames() {
        for name in ["jobs.error", "jobs-errors", "job_failures", "poison", "jobs.quarantine", "rejected"] {
            #expect(RetryJudge.isDead(name), "\(name)")
        }
        #expect(!RetryJudge.isDead("error-reports") && !RetryJudge.isDead("poisoning.cases"))
    }

    // MARK: One cause, said once

    @Test func aQueueThatIsOnlyAskedForIsOneFault() {
        var made = MadeUpLog()
        made.connects()
        made.opens()
        made.asksInVain(for: "jobs")
        made.opens()
        made.program(.basicConsume(BasicConsume(queue: "jobs")))
        made.isRefused(.notFound, "NOT_FOUND")
        let retry = RetryJudge(log: made.log, parked: []).findings
        #expect(wrong(retry) == ["declares its queue with a dead-letter exchange"])
        #expect(retry.first?.seen.contains("only asked") == true)
        let quorum = QuorumJudge(log: made.log, queue: "jobs", parked: [], isBack: false).findings
        #expect(wrong(quorum) == ["declares a quorum queue"])

        var sender = MadeUpLog()
        sender.opens()
        sender.asksInVain(for: "payments")
        sender.opens()
        sender.publishes("A payment", BasicProperties(deliveryMode: 2), key: "payments")
        sender.closes()
        let published = sender.log.published[0]
        let findings = [QuorumJudge.isQuorum(sender.log, published)] + TaskJudge(log: sender.log).findings
        #expect(wrong(findings) == ["declares its queue durable"])
        #expect(wrong(StreamJudge.keeps(sender.log, published)) == ["declares a stream"])
    }

    /// It tries it again, and may do so longer than the check takes.
    @Test func whoRefusesNothingNeedsNoDeadLetters() {
        func declares(_ settle: (inout MadeUpLog, UInt64) -> Void) -> Finding.Verdict? {
            var made = MadeUpLog()
            made.declares("jobs")
            made.consumes("jobs")
            for tag in 1...2 as ClosedRange<UInt64> {
                made.gets(tag, RetryCheck.bad)
                made.publishes(RetryCheck.bad, key: "jobs.wait")
                settle(&made, tag)
            }
            let judge = RetryJudge(log: made.log, parked: [])
            return verdict("declares its queue with a dead-letter exchange", in: judge.findings)
        }
        #expect(declares { $0.acks($1) } == .notSeen && declares { $0.rejects($1) } == .no)
    }

    // MARK: Streams, accounts

    private func reader(_ words: [String], from offset: FieldValue, acks: Int, _ pause: Int64) -> [Finding] {
        var made = MadeUpLog()
        made.declares("ticker", ["x-queue-type": "stream"])
        made.program(.basicQos(BasicQos(prefetchCount: 20)))
        made.consumes("ticker", ["x-stream-offset": offset])
        for tag in 1...10 as ClosedRange<UInt64> { made.gets(tag, "More \(tag)") }
        for tag in 0..<acks {
            made.pass(1000)
            made.acks(UInt64(tag + 1))
        }
        made.pass(pause)
        return StreamJudge(log: made.log, queue: "ticker", words: words).findings
    }

    @Test func aReaderMayTakeItsTime() {
        func acknowledges(_ acks: Int, _ pause: Int64) -> Finding.Verdict? {
            verdict("acknowledges what it reads", in: reader(["read"], from: "first", acks: acks, pause))
        }
        #expect(acknowledges(2, 500) == .notSeen && acknowledges(2, 9000) == .no && acknowledges(0, 500) == .no)
        #expect(acknowledges(8, 9000) == .yes)
    }

    @Test func whereItBeginsMayStandAnywhere() {
        func hears(_ words: String...) -> Finding.Verdict? {
            verdict(
                "gets what was published before it came", in: reader(words, from: "next", acks: 10, 0))
        }
        #expect(hears("read", "next", "--verbose") == .notSeen && hears("read", "--verbose") == .no)
    }

    @Test func accountsMayComeInAnyOrder() {
        func names(_ first: [ShortString], _ second: [ShortString], _ arguments: FieldTable = [:]) -> Bool? {
            var made = MadeUpLog()
            made.program(
                .exchangeDeclare(
                    ExchangeDeclare(exchange: "accounts", type: "x-consistent-hash", arguments: arguments)))
            for (run, keys) in [first, second].enumerated() {
                made.run = run + 1
                for key in keys {
                    let isID = !arguments.isEmpty
                    made.publishes(
                        "1", BasicProperties(messageID: isID ? key : nil), exchange: "accounts", key: isID ? "" : key)
                }
            }
            return OrderJudge(log: made.log).namesAccount?.isGood
        }
        #expect(names(["ann", "bob"], ["bob", "ann"]) == true && names(["7", "8"], ["9", "10"]) == false)
        let byID: FieldTable = ["hash-property": "message_id"]
        #expect(names(["ann"], ["ann"], byID) == true && names(["1"], ["2"], byID) == false)
    }

    // MARK: Orders

    private func ship(_ lines: [String], last: [String]) -> [Finding] {
        var made = MadeUpLog()
        made.declares("shipments", durable: true)
        for (run, letters) in ["aaaab", "aaaacde"].enumerated() {
            (made.run, made.connection) = (run + 1, run + 1)
            made.consumes("shipments")
            for (index, letter) in letters.enumerated() {
                made.gets(UInt64(index + 1), InboxJudge.text(String(letter)))
                made.acks(UInt64(index + 1))
            }
        }
        var judge = InboxJudge(log: made.log)
        (judge.second, judge.isSecondThere, judge.last, judge.isLastThere) = (lines, true, last, true)
        return judge.findings
    }

    @Test func twoOrdersMayHaveOneText() {
        let title = "tells orders apart by their ids, not by their texts"
        let seen = Array(repeating: "Seen \(InboxJudge.text("a"))", count: 4)
        let lines = seen + ["c", "d"].map { "Shipped \(InboxJudge.text($0))" }
        func judged(_ last: String...) -> Finding.Verdict? { verdict(title, in: ship(lines, last: last)) }
        #expect(judged("Shipped \(InboxJudge.text("e"))") == .yes && judged("Seen \(InboxJudge.text("e"))") == .no)
        // It prints nothing that tells.
        #expect(judged() == nil && verdict(title, in: ship([], last: ["Shipped"])) == nil)
    }

    @Test func aLineMayHaveSomethingOfItsOwn() {
        let title = "remembers it when it is started again"
        let got = Array(repeating: "Got it", count: 7)
        func judged(_ lines: String...) -> Finding.Verdict? { verdict(title, in: ship(got + lines, last: [])) }
        #expect(judged("Shipped, parcel 3f2a", "Shipped, parcel c09b") == .yes)
        #expect(judged("Shipped, parcel for ann", "Shipped, parcel for bob") == .notSeen)
        #expect(judged() == .no)
    }

    @Test func anIDMayBeAmongTheWords() {
        func givesIDs(_ words: String...) -> Finding.Verdict {
            var made = MadeUpLog()
            for run in 1...2 {
                made.run = run
                made.publishes("A chair", BasicProperties(messageID: "order-17"), key: "shipments")
            }
            return InboxJudge(log: made.log, words: words).givesIDs.verdict
        }
        #expect(givesIDs("order", "--id", "order-17", "A chair") == .notSeen && givesIDs("order", "A chair") == .no)
    }

    // MARK: Publishers

    private func act(_ lost: Int, _ again: Int, isNacked: Bool = false) -> ConfirmsJudge.Act {
        .made { made in
            for _ in 0..<lost { made.publishes("Hello", key: "orders") }
            if isNacked { made.broker(.basicNack(BasicNack(deliveryTag: 1))) }
            guard again > 0 else { return }
            made.connection = 2
            made.connects()
            for _ in 0..<again { made.publishes("Hello", key: "orders") }
        }
    }

    @Test func oneTextSeveralTimesIsNotThatTextAgain() {
        let usual = act(3, 0)
        func notices(_ act: ConfirmsJudge.Act) -> Bool { ConfirmsJudge.noticesRefusal(act, usually: usual).isGood }
        #expect(notices(act(4, 0, isNacked: true)) && !notices(act(3, 0, isNacked: true)))
        func survives(_ act: ConfirmsJudge.Act) -> Bool { ConfirmsJudge.survivesCut(act, usually: usual).isGood }
        #expect(survives(act(1, 3)) && survives(act(3, 3)) && !survives(act(1, 2)) && !survives(act(1, 0)))
    }

    @Test func whoNeverEndsShowsNothingByThat() {
        func several(_ usual: Int32?) -> Finding.Verdict? {
            func act(_ status: Int32?) -> ConfirmsJudge.Act {
                .made(status: status) { made in
                    for _ in 1...3 { made.publishes("1", key: "orders") }
                    made.broker(.basicAck(BasicAck(deliveryTag: 3, multiple: true)))
                }
            }
            return ConfirmsJudge.takesSeveral(act(nil), usually: act(usual))?.verdict
        }
        #expect(several(nil) == .notSeen && several(0) == .no)
    }
}
