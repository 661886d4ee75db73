import AMQPWire
import TestSupport
import Testing

@testable import workbook

/// What the check says of workers that try a failed job again, and of publishers, from observations made by hand.
@Suite(.watched) struct RetryJudgeTests {
    private static let back: FieldTable = [
        "x-message-ttl": 1000, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs",
    ]

    @Test func whereAJobWaitsAndWhereItStays() {
        var made = MadeUpLog()
        made.declares("jobs")
        made.declares("wait.1", durable: true, Self.back)
        made.declares("wait.2", ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "wait.1"])
        made.declares("jobs.dead", ["x-message-ttl": .int32(86_400_000)])
        made.declares("shelf", ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "archive"])
        made.declares("archive")
        let judge = RetryJudge(log: made.log, parked: [])
        #expect(judge.waitingRooms(but: "jobs") == ["wait.1", "wait.2"])
        #expect(judge.restingPlaces(but: "jobs") == ["archive", "jobs.dead", "shelf"])
    }

    private static let persistent = BasicProperties(deliveryMode: 2)

    /// - Parameter deaths: of the second attempt
    private func worker(
        attempts: Int = 3, apart milliseconds: Int64 = 0, deaths: [String] = [], parked: String? = RetryCheck.bad
    ) -> [String: Finding.Verdict] {
        var made = MadeUpLog()
        made.declares("jobs", ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.retry"])
        made.consumes("jobs")
        for attempt in 1...attempts {
            let dead = deaths.map { FieldValue.table(["reason": .string($0), "count": 1]) }
            made.gets(UInt64(attempt), RetryCheck.bad, BasicProperties(headers: ["x-death": .array(dead)]))
            if attempt == attempts { made.publishes(RetryCheck.bad, Self.persistent, key: "jobs.dead") }
            made.pass(milliseconds)
            made.acks(UInt64(attempt))
        }
        let judge = RetryJudge(log: made.log, parked: parked.map { [.init(queue: "jobs.dead", text: $0)] } ?? [])
        return Dictionary(uniqueKeysWithValues: judge.findings.map { ($0.title, $0.verdict) })
    }

    @Test func aJobIsTriedAgainAfterAWhile() {
        let title = "tries a failed job again, after a while"
        #expect(worker(deaths: ["expired"])[title] == .yes)
        #expect(worker(apart: 1000)[title] == .yes)
        #expect(worker()[title] == .no)
        #expect(worker(attempts: 1)[title] == .no)
    }

    /// By what was asked for: a millisecond is no while, a tenth of a second is one, and what was not seen is not blamed.
    @Test func aWaitingRoomKeepsItForAWhile() {
        func triesAgain(_ room: FieldTable, expiration: FieldValue? = nil, isDeclared: Bool = true) -> Finding? {
            var made = MadeUpLog()
            made.declares("jobs", ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.retry"])
            if isDeclared { made.declares("jobs.retry", room) }
            made.consumes("jobs")
            made.gets(1, RetryCheck.bad)
            made.rejects(1)
            var death: FieldTable = ["reason": "expired", "queue": "jobs.retry", "count": 1]
            if let expiration { death["original-expiration"] = expiration }
            made.gets(2, RetryCheck.bad, BasicProperties(headers: ["x-death": .array([.table(death)])]))
            made.publishes(RetryCheck.bad, key: "jobs.dead")
            made.acks(2)
            let judge = RetryJudge(log: made.log, parked: [.init(queue: "jobs.dead", text: RetryCheck.bad)])
            return judge.findings.first { $0.title == "tries a failed job again, after a while" }
        }
        #expect(triesAgain(["x-message-ttl": 1])?.seen.contains("'jobs.retry' for 1 ms") == true)
        #expect(triesAgain(["x-message-ttl": 1])?.isWrong == true && triesAgain(["x-message-ttl": 60])?.isWrong == true)
        #expect(
            triesAgain(["x-message-ttl": 100])?.isGood == true && triesAgain(["x-message-ttl": 1000])?.isGood == true)
        #expect(triesAgain([:], expiration: "5")?.isWrong == true && triesAgain([:], expiration: "500")?.isGood == true)
        // A policy may say how long, or another program.
        #expect(triesAgain([:])?.isGood == true && triesAgain([:], isDeclared: false)?.isGood == true)
    }

    @Test func aWorkerMayTryAgainInItsOwnTime() {
        var made = MadeUpLog()
        made.declares("jobs")
        made.consumes("jobs")
        made.gets(1, RetryCheck.bad)
        made.pass(3000)
        made.publishes(RetryCheck.bad, Self.persistent, key: "jobs.dead")
        made.acks(1)
        let judge = RetryJudge(log: made.log, parked: [.init(queue: "jobs.dead", text: RetryCheck.bad)])
        #expect(judge.findings.filter(\.isWrong) == [])
    }

    @Test func whatIsParkedIsTheJob() {
        let title = "loses no job, not even a bad one"
        #expect(worker()[title] == .yes)
        #expect(worker(parked: "{\"body\": \"\(RetryCheck.bad)\"}")[title] == .yes)
        #expect(worker(parked: "a job")[title] == .no)
        // The time was up while it still came again: nobody has seen it lost.
        #expect(worker(parked: nil)[title] == .notSeen)
    }

    /// It is parked as a copy, which has properties of its own.
    @Test func whatIsParkedOutlivesTheBroker() {
        func loses(_ properties: BasicProperties, _ arguments: FieldTable = [:]) -> Finding? {
            var made = MadeUpLog()
            made.declares("jobs")
            made.declares("jobs.dead", durable: true, arguments)
            made.consumes("jobs")
            made.gets(1, RetryCheck.bad)
            made.publishes(RetryCheck.bad, properties, key: "jobs.dead")
            made.acks(1)
            let judge = RetryJudge(log: made.log, parked: [.init(queue: "jobs.dead", text: RetryCheck.bad)])
            return judge.findings.first { $0.title == "loses no job, not even a bad one" }
        }
        #expect(loses(Self.persistent)?.isGood == true && loses(.init(), ["x-queue-type": "quorum"])?.isGood == true)
        #expect(loses(.init())?.isWrong == true && loses(.init())?.seen.contains("delivery-mode not set") == true)
    }

    @Test func theDeadHaveARoleOfTheirOwn() {
        #expect(RetryJudge.isDead("jobs.dead") && RetryJudge.isDead("parking-lot") && !RetryJudge.isDead("jobs"))
        #expect(RetryJudge.isDead("jobs_dead_letters") && RetryJudge.isDead("JobsDLQ") && RetryJudge.isDead("failed"))
        #expect(!RetryJudge.isDead("deadlines") && !RetryJudge.isDead("failed-logins"))
    }

    /// Where the names say nothing, the declarations do.
    @Test func theDeadAreKnownByTheirQueues() {
        func isRest(_ queue: String, _ queues: [(ShortString, FieldTable)]) -> Bool {
            var made = MadeUpLog()
            for (name, arguments) in queues { made.declares(name, arguments) }
            return RetryJudge(log: made.log, parked: []).isRest(queue)
        }
        func to(_ key: FieldValue, _ more: FieldTable = [:]) -> FieldTable {
            var arguments = more
            (arguments["x-dead-letter-exchange"], arguments["x-dead-letter-routing-key"]) = ("", key)
            return arguments
        }
        let jobs: [(ShortString, FieldTable)] = [("jobs", to("pause")), ("pause", to("jobs")), ("tot", [:])]
        #expect(isRest("tot", jobs) && !isRest("jobs", jobs))
        // It sends its jobs on itself: its queue has no dead letters.
        let own: [(ShortString, FieldTable)] = [("jobs", [:]), ("1", to("2")), ("2", to("jobs")), ("tot", [:])]
        #expect(isRest("tot", own) && !isRest("jobs", own))
        let payments: [(ShortString, FieldTable)] = [("pay", to("tot", ["x-delivery-limit": 2])), ("tot", [:])]
        #expect(isRest("tot", payments) && !isRest("pay", payments))
        #expect(!isRest("jobs", [("jobs", [:])]) && isRest("jobs.dead", []))
    }

    // MARK: Publishers

    private func act(
        printed: [String] = [], status: Int32? = 0, _ scene: (inout MadeUpLog) -> Void
    ) -> ConfirmsJudge.Act {
        var made = MadeUpLog()
        made.connects()
        scene(&made)
        return ConfirmsJudge.Act(made.log, run: 1, status: status, printed: printed)
    }

    @Test func aNoticeMayBeInAnyWords() {
        let usual = act(printed: ["Auftrag 1 angenommen"]) { $0.publishes("1", key: "orders") }
        func refused(_ line: String, status: Int32 = 0) -> Finding {
            ConfirmsJudge.noticesRefusal(
                act(printed: [line], status: status) { made in
                    made.publishes("1", key: "orders")
                    made.broker(.basicNack(BasicNack(deliveryTag: 1)))
                }, usually: usual)
        }
        #expect(refused("Auftrag 2 abgelehnt").isGood && refused("Auftrag 2 angenommen").isWrong)
        #expect(refused("Auftrag 2 angenommen", status: 1).isGood)
    }

    @Test func aClientMayTakeItsTimeToComeBack() {
        func cut(_ scene: @escaping (inout MadeUpLog) -> Void, status: Int32? = nil) -> Finding.Verdict {
            ConfirmsJudge.survivesCut(
                act(status: status) { made in
                    made.publishes("1", key: "orders")
                    made.breaksOff()
                    scene(&made)
                }
            ).verdict
        }
        #expect(cut { _ in } == .notSeen)
        #expect(cut({ _ in }, status: 0) == .no && cut({ _ in }, status: 1) == .yes)
        func back(_ made: inout MadeUpLog) {
            made.connection = 2
            made.connects()
        }
        #expect(cut { back(&$0) } == .no)
        #expect(
            cut {
                back(&$0)
                $0.publishes("1", key: "orders")
            } == .yes)
    }

    @Test func confirmsAreForTheirOwnChannel() {
        let other = act { made in
            made.opens()
            made.program(.confirmSelect(ConfirmSelect()))
            made.channel = 2
            made.opens()
            made.publishes("1", key: "orders")
        }
        #expect(ConfirmsJudge.selects(other).isWrong)
        #expect(ConfirmsJudge.selects(other).seen.contains("channel 2"))
    }

    @Test func oneConfirmForSeveral() {
        func several(_ status: Int32?) -> Finding? {
            ConfirmsJudge.takesSeveral(
                act(status: status) { made in
                    for _ in 1...3 { made.publishes("1", key: "orders") }
                    made.broker(.basicAck(BasicAck(deliveryTag: 3, multiple: true)))
                })
        }
        #expect(several(0) == nil && several(nil)?.isWrong == true)
    }
}
