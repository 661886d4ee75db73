import AMQPWire
import TestSupport
import Testing

@testable import workbook

/// Wrong programs that once passed, or were blamed for something else, as observations made by hand.
@Suite(.watched) struct GuiltyTests {
    private func wrong(_ findings: [Finding]) -> [String] { findings.filter(\.isWrong).map(\.title) }

    @Test func whoGotNothingHasAcknowledgedNothing() throws {
        var made = MadeUpLog()
        made.declares("hello")
        made.consumes("hello")
        let consumption = try #require(made.log.consumptions.first)
        #expect(made.log.settlesOnce(consumption).verdict == .notSeen)
        let worker = WorkerJudge(shortestTask: 400, log: made.log).findings
        #expect(worker.first { $0.title == "acknowledges its tasks" }?.verdict == .notSeen)
        let ship = InboxJudge(log: made.log).findings
        #expect(ship.first { $0.title.hasPrefix("acknowledges each delivery") }?.verdict == .notSeen)
    }

    // MARK: Workers

    private func worker(
        _ arguments: FieldTable = [:], _ before: (inout MadeUpLog) -> Void = { _ in }, times: [Int64] = [1000, 2000, 0]
    ) -> [String] {
        wrong(WorkerJudge(shortestTask: 400, log: MadeUpLog.worker(times, arguments, before).log).findings)
    }

    @Test func aSecondWorkerMustHaveSomethingToDo() {
        #expect(worker() == [])
        #expect(worker(["x-single-active-consumer": true]) == ["works beside other workers"])
        #expect(worker { $0.program(.queuePurge(QueuePurge(queue: "task_queue"))) } == ["works beside other workers"])
        #expect(worker { $0.program(.queueDelete(QueueDelete(queue: "task_queue"))) } == ["works beside other workers"])
    }

    /// With one task at a time, each is handed out while the rest of the one before it is done.
    @Test func anAckInTheMiddleOfTheWork() {
        #expect(worker(times: [500, 1500, 1000]) == ["acknowledges after the work"])
        #expect(worker(times: [400, 1400, 1200]) == ["acknowledges after the work"])
        // Half a second of its own for each.
        #expect(worker(times: [1500, 2500, 500]) == [] && worker(times: [1000, 2000, 100]) == [])
    }

    @Test func whatEndedIsSaid() throws {
        var made = MadeUpLog()
        made.declares("hello")
        made.consumes("hello")
        for tag: UInt64 in 1...2 { made.gets(tag, "Check \(tag)") }
        made.acks(1)
        made.ends(0)
        made.pass(9000)
        let consumption = try #require(made.log.consumptions.first)
        let finding = made.log.settlesOnce(consumption)
        #expect(finding.isWrong && finding.seen.contains("ended with status 0"))
    }

    // MARK: Headers

    @Test func aHeaderThatNobodyAskedFor() {
        func binds(_ arguments: FieldTable, _ words: String...) -> [String] {
            var made = MadeUpLog()
            made.program(.queueBind(QueueBind(queue: "q", exchange: "headers_logs", arguments: arguments)))
            return wrong([HeadersJudge(words: ["receive"] + words, log: made.log).bindsByHeaders])
        }
        let title = ["binds by headers, and says how many must match"]
        #expect(binds(["x-match": "all", "format": "pdf", "type": "report"], "all", "format=pdf") == title)
        #expect(binds(["x-match": "all", "format": "pdf"], "all", "format=pdf") == [])
        #expect(binds(["x-match": "all", "format": "pdf"], "all") == [], "a header in its code")
    }

    // MARK: Servers

    @Test func aQuestionThatIsRefused() {
        var made = MadeUpLog()
        made.declares("rpc_queue")
        made.program(.basicQos(BasicQos(prefetchCount: 1)))
        made.consumes("rpc_queue")
        for (index, question) in RPCServerJudge.questions.enumerated() {
            let (tag, id) = (UInt64(index + 1), index == 0 ? ShortString("check-good") : "check-second")
            made.gets(tag, question.text, BasicProperties(correlationID: id, replyTo: "replies"))
            made.publishes(question.answer, BasicProperties(correlationID: id), key: "replies")
            made.rejects(tag)
        }
        let judge = RPCServerJudge(log: made.log, replies: "replies", probes: [])
        #expect(wrong(judge.findings) == ["acknowledges after it has answered"])
    }

    @Test func whatItSurvivesItMustAnswerToo() {
        var made = MadeUpLog()
        made.consumes("rpc_queue")
        func titles(_ answer: String?, isSurvived: Bool) -> [String] {
            let probe = RPCCheck.Probe(
                question: "abc", correlationID: "check-rubbish", answer: answer, isSurvived: isSurvived)
            return RPCServerJudge(log: made.log, replies: "replies", probes: [probe]).findings.filter {
                $0.title.contains("'abc'") && $0.isWrong
            }.map(\.title)
        }
        #expect(titles(nil, isSurvived: true) == ["answers the question 'abc'"])
        #expect(titles(nil, isSurvived: false) == ["survives the question 'abc'"])
        #expect(titles("error", isSurvived: true) == [])
    }

    // MARK: Publishers

    private func act(
        status: Int32? = 0, printing printed: [String] = [], _ scene: (inout MadeUpLog) -> Void
    ) -> ConfirmsJudge.Act {
        var made = MadeUpLog()
        made.connects()
        made.program(
            .basicPublish(BasicPublish(exchange: "", routingKey: "o", mandatory: true)),
            Content(properties: .init(), body: [49]))
        scene(&made)
        return ConfirmsJudge.Act(made.log, run: 1, status: status, printed: printed)
    }

    private func refuses(_ lines: [String], status: Int32 = 0, usually: [String], _ usualStatus: Int32 = 0) -> Bool {
        let usual = act(status: usualStatus, printing: usually) { _ in }
        let refused = act(status: status, printing: lines) { $0.broker(.basicNack(BasicNack(deliveryTag: 1))) }
        return ConfirmsJudge.noticesRefusal(refused, usually: usual).isGood
    }

    @Test func whatItAlwaysSaysIsNoNotice() {
        #expect(!refuses(["acked 3, nacked 0"], usually: ["acked 3, nacked 0"]))
        #expect(refuses(["acked 2, nacked 1"], usually: ["acked 3, nacked 0"]))
        #expect(refuses(["1 was refused"], usually: ["all went well"]))
        #expect(!refuses(["12:00:07 nothing refused"], usually: ["11:59:59 nothing refused"]))
        let usual = act(printing: [" [x] Sent to routing key 'orders'", "return code 0, order 312"]) { _ in }
        let returned = act(printing: [" [x] Sent to routing key 'orders'", "return code 0, order 313"]) {
            $0.broker(.basicReturn(BasicReturn(replyCode: .noRoute, exchange: "", routingKey: "o")))
        }
        #expect(ConfirmsJudge.noticesReturn(returned, usually: usual).isWrong)
    }

    /// In no language that is known here, or in an object: the number is the same whenever all is well.
    @Test func aNumberMaySayIt() {
        func says(_ line: String, usually: String, _ other: String) -> Bool {
            let refused = act(printing: [line]) { $0.broker(.basicNack(BasicNack(deliveryTag: 1))) }
            return ConfirmsJudge.noticesRefusal(
                refused, usually: act(printing: [usually]) { _ in }, and: act(printing: [other]) { _ in }
            ).isGood
        }
        #expect(says("ja 2, nein 1", usually: "ja 3, nein 0", "ja 3, nein 0"))
        #expect(!says("ja 3, nein 0", usually: "ja 3, nein 0", "ja 3, nein 0"))
        #expect(!says("Auftrag 313", usually: "Auftrag 312", "Auftrag 311"))
        #expect(refuses(["{\"acked\":2,\"nacked\":1}"], usually: ["{\"acked\":3,\"nacked\":0}"]))
    }

    /// It fails when all is well too.
    @Test func aFailureThatAlwaysComesIsNoNotice() {
        #expect(refuses([], status: 1, usually: []) && !refuses([], status: 1, usually: [], 1))
    }

    // MARK: Jobs

    private func retry(_ scene: (inout MadeUpLog) -> Void) -> [String] {
        var made = MadeUpLog()
        made.connects()
        made.declares("jobs", ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.retry"])
        made.consumes("jobs")
        made.gets(1, RetryCheck.bad)
        made.gets(2, RetryCheck.good)
        made.rejects(1)
        scene(&made)
        made.pass(9000)
        made.gets(3, RetryCheck.bad)
        made.publishes(RetryCheck.bad, BasicProperties(deliveryMode: 2), key: "jobs.dead")
        made.acks(3)
        made.pass(9000)
        let parked = [RetryJudge.Parked(queue: "jobs.dead", text: RetryCheck.bad)]
        return wrong(RetryJudge(log: made.log, parked: parked).findings)
    }

    @Test func aJobThatCanBeDoneIsDone() {
        let title = ["does a job that can be done"]
        #expect(retry { $0.acks(2) } == [])
        #expect(retry { _ in } == title)
        #expect(retry { $0.rejects(2) } == title)
        #expect(
            retry { made in
                made.publishes(RetryCheck.good, key: "jobs.dead")
                made.acks(2)
            } == title)
    }

    @Test func aPaymentThatCanBeMadeIsMade() {
        func judged(_ scene: (inout MadeUpLog) -> Void) -> [String] {
            var made = MadeUpLog()
            made.connects()
            made.declares("payments", ["x-queue-type": "quorum", "x-delivery-limit": 2])
            made.consumes("payments")
            made.gets(1, QuorumCheck.good)
            scene(&made)
            made.pass(9000)
            return wrong(QuorumJudge(log: made.log, queue: "payments", parked: [], isBack: true).findings)
        }
        #expect(judged { $0.acks(1) } == [] && judged { _ in } == ["makes a payment that can be made"])
        #expect(judged { $0.rejects(1) } == ["makes a payment that can be made"])
    }

    /// Where it parks them there is no queue: its first bad job comes back, and it dies of it.
    @Test func aWorkerThatDiesOfAReturnIsNamed() {
        var made = MadeUpLog()
        made.declares("jobs", durable: true, ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "jobs.retry"])
        made.consumes("jobs")
        made.gets(1, RetryCheck.bad)
        made.publishes(RetryCheck.bad, key: "job.dead")
        made.broker(
            .basicReturn(BasicReturn(replyCode: .noRoute, exchange: "", routingKey: "job.dead")),
            Content(properties: .init(), body: []))
        made.ends(1)
        #expect(wrong(RetryJudge(log: made.log, parked: []).findings).contains("runs without an error"))
    }

    // MARK: Inboxes

    @Test func aBannerIsNoWork() {
        var made = MadeUpLog()
        made.declares("shipments", durable: true)
        made.consumes("shipments")
        for tag: UInt64 in 1...5 {
            made.gets(tag, InboxJudge.text(tag == 5 ? "b" : "a"))
            made.acks(tag)
        }
        var judge = InboxJudge(log: made.log)
        judge.first = ["-----", "Ship", "-----", "", ""] + Array(repeating: "Shipped", count: 5)
        #expect(wrong(judge.findings) == ["does an order once, however often it comes"])
    }

    // MARK: Exercises

    @Test func oneMessageIsTakenAndThatIsAll() {
        func judged(noAck: Bool, acks: Bool, hasEnded: Bool) -> [String] {
            var made = MadeUpLog()
            made.program(.basicGet(BasicGet(queue: "hello", noAck: noAck)))
            made.broker(
                .basicGetOk(
                    BasicGetOk(deliveryTag: 1, redelivered: false, exchange: "", routingKey: "hello", messageCount: 0)),
                Content(properties: .init(), body: Array("One".utf8)))
            if acks { made.acks(1) }
            return wrong(HelloExercises.tookOne(made.log, "One", printed: ["One"], hasEnded: hasEnded))
        }
        #expect(judged(noAck: true, acks: false, hasEnded: true) == [])
        #expect(judged(noAck: false, acks: true, hasEnded: true) == [])
        #expect(judged(noAck: false, acks: false, hasEnded: true) == ["takes it out of the queue"])
        #expect(judged(noAck: true, acks: false, hasEnded: false) == ["and ends"])
    }

    @Test func anOrderIsTakenOnce() {
        func taken(_ lines: String...) -> Int { ConfirmsExercises.timesTaken(lines, "A chair", of: 3) }
        #expect(taken("Got A chair 1", "Already seen: A chair", "Got A chair 2") == 2)
        #expect(taken("Got A chair", "Shipped A chair", "Got A chair", "Got A chair", "Shipped A chair") == 2)
        #expect(taken("Got A chair 1", "Got A chair 1", "Got A chair 2") == 3)
        #expect(taken("Got A chair", "Already seen: A chair", "Already seen: A chair") == 1 && taken() == 0)
    }

    // MARK: What is said

    @Test func aFailureOfItsOwnIsNamed() {
        func fails(_ scene: (inout MadeUpLog) -> Void) -> String? {
            var made = MadeUpLog()
            made.publishes("1", key: "orders")
            scene(&made)
            made.ends(1)
            return ConfirmsJudge.fails(ConfirmsJudge.Act(made.log, run: 1, status: 1, printed: []))?.title
        }
        #expect(fails { $0.broker(.basicAck(BasicAck(deliveryTag: 1))) } == "runs without an error")
        #expect(fails { $0.broker(.basicNack(BasicNack(deliveryTag: 1))) } == nil)
    }

    /// Its main program does not wait for what its consumer gets.
    @Test func aConsumerThatEndsAtOnceIsNamed() {
        func leaves(_ status: Int32 = 0, _ scene: (inout MadeUpLog) -> Void = { _ in }) -> String? {
            var made = MadeUpLog()
            made.declares("task_queue", durable: true)
            made.consumes("task_queue")
            scene(&made)
            made.ends(status)
            return made.log.leaves(1)?.title
        }
        #expect(leaves() == "stays to wait for messages")
        #expect(leaves { $0.gets(1, "A task") } == "stays to wait for messages")
        // Done with one, it may go: another takes its place. And a failure is another finding.
        let isDone = leaves { made in
            made.gets(1, "A task")
            made.acks(1)
        }
        #expect(isDone == nil)
        #expect(leaves(1) == nil)
    }

    @Test func whatWentWithItsQueue() {
        #expect(WorkerJudge.whyLost(QueueDeclare(autoDelete: true), false).contains("auto-delete"))
        #expect(WorkerJudge.whyLost(QueueDeclare(autoDelete: true), true).contains("forget"))
        #expect(WorkerJudge.whyLost(nil, false).contains("forget"))
    }

    @Test func anExchangeThatTheOtherRoleIsRefused() throws {
        var made = MadeUpLog()
        made.program(.exchangeDeclare(ExchangeDeclare(exchange: "logs", type: "fanout", durable: true)))
        let declared = try #require(made.log.exchanges.first)
        #expect(OtherRole.finding(declared, nil) == nil)
        let finding = OtherRole.finding(declared, "PRECONDITION_FAILED")
        #expect(finding?.isWrong == true && finding?.seen.contains("durable; then") == true)
    }

    @Test func placesAreCounted() throws {
        let promise = Chapter.worker.promise
        var report = Gauntlet.Report(role: .consumer)
        (report.connections, report.possible, report.tried) = (2, 40, 12)
        #expect(GauntletCommand.lines(report, promise)[1].hasPrefix("12 of 40 places of its 2 connections"))
        report.connections = 1
        #expect(GauntletCommand.lines(report, promise)[1].hasPrefix("12 of 40 places tried"))
    }
}
