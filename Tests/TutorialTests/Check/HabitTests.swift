import AMQPWire
import TestSupport
import Testing

@testable import workbook

/// What right programs do by other habits, as observations made by hand, and wrong ones that look like them: messages
/// acknowledged together, asked for now and then, exchanges of one's own, and values in print.
@Suite(.watched) struct HabitTests {
    private func wrong(_ findings: [Finding]) -> [String] { findings.filter(\.isWrong).map(\.title) }

    private func verdict(_ title: String, in findings: [Finding]) -> Finding.Verdict? {
        findings.first { $0.title == title }?.verdict
    }

    // MARK: Several acknowledged at once

    private static let acknowledges = "acknowledges each message once, or uses no-ack"

    private func receiver(_ scene: (inout MadeUpLog) -> Void) -> [Finding] {
        var made = MadeUpLog()
        made.declares("hello")
        made.consumes("hello")
        scene(&made)
        made.pass(9000)
        return HelloReceiverJudge(log: made.log).findings
    }

    @Test func fewerThanItAcknowledgesAtOnceMayBeOpen() {
        func judged(_ count: UInt64, _ acks: @escaping (inout MadeUpLog) -> Void) -> Finding.Verdict? {
            verdict(
                Self.acknowledges,
                in: receiver { made in
                    for tag in 1...count { made.gets(tag, "Check \(tag)") }
                    acks(&made)
                })
        }
        #expect(judged(4) { $0.acks(3, multiple: true) } == .notSeen)
        #expect(judged(6) { $0.acks(3, multiple: true) } == .no)
        #expect(judged(4) { for tag in 1...3 as ClosedRange<UInt64> { $0.acks(tag) } } == .no)
        let ended = judged(4) { made in
            made.acks(3, multiple: true)
            made.ends(0)
        }
        #expect(ended == .no)
    }

    @Test func whoHasRoomMayAwaitMore() {
        func mayAwait(limit: UInt16 = 0, noAck: Bool = false, _ scene: (inout MadeUpLog) -> Void = { _ in }) -> Bool {
            var made = MadeUpLog()
            made.program(.basicQos(BasicQos(prefetchCount: limit)))
            made.consumes("hello", noAck: noAck)
            for tag in 1...4 as ClosedRange<UInt64> { made.gets(tag, "Check \(tag)") }
            scene(&made)
            return made.log.mayAwaitMore(1)
        }
        #expect(mayAwait() && mayAwait(limit: 5) && !mayAwait(limit: 4) && !mayAwait(noAck: true))
        #expect(!mayAwait { $0.acks(1) } && !mayAwait { $0.ends(0) })
        #expect(!mayAwait { $0.isRefused(.preconditionFailed, "PRECONDITION_FAILED") })
    }

    // MARK: Asked for now and then

    private static func asks(_ made: inout MadeUpLog, for queue: ShortString = "hello", _ body: String? = nil) {
        made.program(.basicGet(BasicGet(queue: queue, noAck: true)))
        guard let body else { return made.broker(.basicGetEmpty(BasicGetEmpty())) }
        made.broker(
            .basicGetOk(
                BasicGetOk(deliveryTag: 1, redelivered: false, exchange: "", routingKey: queue, messageCount: 0)),
            Content(properties: .init(), body: Array(body.utf8)))
    }

    @Test func whoAsksNowAndThenMayAskAgain() {
        func gets(silent: Int64, ends: Bool = false) -> Finding.Verdict? {
            var made = MadeUpLog()
            made.declares("hello")
            Self.asks(&made)
            made.pass(6000)
            Self.asks(&made, "Check 1")
            made.pass(silent)
            if ends { made.ends(0) }
            return verdict("gets what is sent to the queue", in: HelloReceiverJudge(log: made.log).findings)
        }
        #expect(gets(silent: 5500) == .notSeen && gets(silent: 60_000) == .no && gets(silent: 10, ends: true) == .no)
    }

    // MARK: Senders

    private func sends(_ body: String, printing line: String = " [x] Sent", with words: String = "send") -> Finding? {
        var made = MadeUpLog()
        made.declares("hello")
        made.publishes(body, key: "hello")
        made.closes()
        made.ends(0, printing: [line])
        let arrived = ["hello": HelloSenderJudge.Arrival(count: 1, first: [body])]
        let judge = HelloSenderJudge(log: made.log, arrived: arrived, line: words)
        return judge.findings.first { $0.title == "sends its text as it is" }
    }

    /// It says nothing of its text. The step's own is known; another may be a list of numbers all the same.
    @Test func bytesInPrintAreReadToo() {
        for body in [
            "[72 101 108 108 111]", "72,101,108,108,111", "bytearray(b'Hi')", "Optional(\"Hi\")",
            "[object ArrayBuffer]",
            "{\"type\":\"Buffer\",\"data\":[72,105]}", "System.ReadOnlyMemory<Byte>[12]",
        ] {
            #expect(sends(body)?.verdict == .no, "\(body)")
        }
        #expect(sends("[87 104 97 116 63]")?.verdict == .notSeen && sends("87,104,97,116")?.verdict == .notSeen)
        for body in ["[98, 97, 99]", "1,2,3", "[91 92 93 94 95]", "12,5", "{\"data\":[72,105]}", "Optional", "72"] {
            #expect(sends(body) == nil, "\(body)")
        }
    }

    @Test func whatIsOverIsNotMissed() {
        var made = MadeUpLog()
        made.declares("hello", ["x-expires": .int32(50)])
        made.publishes("Hello", key: "hello")
        made.closes()
        let findings = HelloSenderJudge(log: made.log, arrived: [:]).findings
        #expect(verdict("its message arrives in the queue", in: findings) == .notSeen)
    }

    @Test func aTaskBeforeItsQueueIsDropped() {
        func judged(again: Bool) -> [String] {
            var made = MadeUpLog()
            let persistent = BasicProperties(deliveryMode: 2)
            made.publishes("A task", persistent, key: "tasks")
            made.declares("tasks", durable: true)
            if again { made.publishes("A task", persistent, key: "tasks") }
            made.closes()
            return wrong(TaskJudge(log: made.log).findings)
        }
        #expect(judged(again: false) == ["declares its queue before it publishes"] && judged(again: true) == [])
    }

    @Test func aQuestionMakesNoExchange() {
        var made = MadeUpLog()
        made.program(.exchangeDeclare(ExchangeDeclare(exchange: "logs", type: "fanout", passive: true)))
        made.publishes("info: Hello", exchange: "logs", key: "")
        let findings = EmitterJudge(type: "fanout", see: .pubsubRead, log: made.log).findings
        #expect(verdict("declares a fanout exchange first", in: findings) == .no)
        made.declares(exchange: "logs", "fanout")
        made.publishes("info: Hello", exchange: "logs", key: "")
        let late = EmitterJudge(type: "fanout", see: .pubsubRead, log: made.log).findings
        #expect(late.first?.seen.contains("passive") == false)
    }

    // MARK: Roles

    /// It hears in a queue of its own what has become of its tasks.
    @Test func aSenderMayListenToo() {
        func role(isLate: Bool, _ scene: (inout MadeUpLog) -> Void) -> Check.Role? {
            var made = MadeUpLog()
            made.declares("", name: "amq.gen-1", exclusive: true)
            made.consumes("amq.gen-1")
            scene(&made)
            return made.log.role(isLate: isLate)
        }
        func sends(_ made: inout MadeUpLog) {
            made.declares("tasks", durable: true)
            made.publishes("A task", BasicProperties(deliveryMode: 2), key: "tasks")
        }
        #expect(role(isLate: false, sends) == .producer && role(isLate: false) { _ in } == nil)
        #expect(role(isLate: true) { _ in } == .consumer)
        #expect(role(isLate: false) { $0.publishes("Order 1", key: "orders") } == nil)
        #expect(role(isLate: true) { $0.publishes("Order 1", key: "orders") } == .producer)
        #expect(role(isLate: false) { $0.binds("amq.gen-1", to: "logs") } == .consumer)
        #expect(role(isLate: false) { $0.consumes("tasks", tag: "d") } == .consumer)

        var made = MadeUpLog()
        made.declares("", name: "amq.gen-1", exclusive: true)
        made.consumes("amq.gen-1")
        sends(&made)
        made.pass(9000)
        #expect(made.log.saysGoodbye(1).verdict == .notSeen, "it waits for a word about its task")
        made.breaksOff()
        #expect(made.log.saysGoodbye(1).verdict == .no)
    }

    // MARK: Receivers

    /// All of it was sent, and is gone with it.
    @Test func whoLeavesWithoutAcknowledgingLosesTheRest() {
        func gets(_ status: Int32?) -> Finding.Verdict? {
            var made = MadeUpLog()
            made.declares("hello")
            made.consumes("hello", noAck: true)
            for tag in 1...4 as ClosedRange<UInt64> { made.gets(tag, "Check \(tag)") }
            if let status { made.ends(status) }
            return verdict("gets what is sent to the queue", in: HelloReceiverJudge(log: made.log).findings)
        }
        #expect(gets(0) == .no && gets(nil) == .yes)
    }

    /// A tenth of a second for a dot, and all three tasks at once.
    @Test func aQuickWorkerMayHaveSeveralInHand() {
        func judged(_ times: [Int64]) -> [String] {
            var made = MadeUpLog()
            made.opens()
            made.declares("task_queue", durable: true)
            made.program(.basicQos(BasicQos(prefetchCount: 10)))
            made.consumes("task_queue")
            for (index, task) in WorkerCheck.tasks.enumerated() { made.gets(UInt64(index + 1), task) }
            for (index, time) in times.enumerated() {
                made.pass(time)
                made.acks(UInt64(index + 1))
            }
            return wrong(WorkerJudge(shortestTask: 400, log: made.log).findings)
        }
        #expect(judged([100, 200, 1]) == [] && judged([1, 1, 1]) == ["acknowledges after the work"])
    }

    // MARK: Exchanges of one's own

    @Test func anotherExchangeIsForSomethingElse() {
        var made = MadeUpLog()
        made.declares(exchange: "app.status", "topic")
        made.publishes("online", exchange: "app.status", key: "app.up")
        made.declares(exchange: "direct_logs", "direct")
        made.publishes("Disk full", exchange: "direct_logs", key: "error")
        made.closes()
        #expect(wrong(EmitterJudge(type: "direct", see: .routingRead, log: made.log).findings) == [])
        #expect(KeyJudge(words: ["emit", "error"], log: made.log).isSeverity?.isGood == true)
        #expect(
            wrong(EmitterJudge(type: "headers", see: .headersRead, log: made.log).findings) == [
                "declares a headers exchange first"
            ])
    }

    @Test func aSubscriberMayBeToldWhatToDo() {
        var made = MadeUpLog()
        for run in 1...2 {
            let name: ShortString = run == 1 ? "amq.gen-1" : "amq.gen-2"
            (made.run, made.connection) = (run, run)
            made.declares(exchange: "control", "fanout")
            made.declares(exchange: "direct_logs", "direct")
            made.declares("", name: name, exclusive: true)
            made.binds(name, to: "control")
            made.binds(name, to: "direct_logs", "error")
            made.consumes(name)
        }
        let judge = SubscriberJudge(
            type: "direct", log: made.log, exchange: "direct_logs", sent: [], isQueueLeft: false)
        #expect(wrong(judge.findings(.routingRead)) == [])
        #expect(KeyJudge(words: ["receive", "error"], log: made.log).oneBindingEach(.routingRead).isGood)
    }

    @Test func keysMayBeSaidInOtherWords() {
        func binds(_ keys: [ShortString], _ line: String, isTopic: Bool = false) -> Bool {
            var made = MadeUpLog()
            for key in keys { made.binds("q", to: "logs", key) }
            let words = line.split(separator: " ").map(String.init)
            return KeyJudge(words: words, log: made.log, isTopic: isTopic).oneBindingEach(.routingRead).isGood
        }
        // From this severity on.
        #expect(binds(["warning", "error", "critical"], "receive --from warning"))
        #expect(!binds(["warning", "error"], "receive --verbose info warning"))
        #expect(binds(["err", "crit"], "receive error critical") && !binds(["err", "info"], "receive error critical"))
        #expect(binds(["shop.kern.*"], "receive kern.*", isTopic: true))
        #expect(!binds(["shop.kern.#"], "receive kern.*", isTopic: true))
    }

    // MARK: Questions and answers

    /// With an error for its type, or in its headers, the text of an answer matters less.
    @Test func anErrorMayBeMarked() {
        func isWrong(_ isMarked: Bool) -> Bool {
            var made = MadeUpLog()
            made.consumes("rpc_queue")
            let probe = RPCCheck.Probe(
                question: "abc", correlationID: "check-rubbish", answer: "0", isMarked: isMarked, isSurvived: true)
            return RPCServerJudge(log: made.log, replies: "replies", probes: [probe]).findings.contains {
                $0.isWrong && $0.title.contains("'abc'")
            }
        }
        #expect(!isWrong(true) && isWrong(false))
    }

    @Test func aNumberMayHaveMarksInIt() {
        func says(_ line: String) -> Bool { PrintedShape.says("1832040183", in: line) }
        for line in ["Got 1,832,040,183", "1.832.040.183", "{\"n\":1832040183}", "b'1832040183'", "1832040183.0"] {
            #expect(says(line), "\(line)")
        }
        #expect(!says("18320401830") && !says("1,832,040") && !says("18 32040183"))
    }
}
