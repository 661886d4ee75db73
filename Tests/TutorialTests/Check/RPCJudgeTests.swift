import AMQPWire
import TestSupport
import Testing

@testable import workbook

/// What the check says of clients and servers, from observations made by hand.
@Suite(.watched) struct RPCJudgeTests {
    // MARK: Clients

    private static let ignores = "ignores answers to other questions"

    /// Of three runs, the second of which gets some answers.
    private func client(
        handed: [String] = [RPCClientJudge.foreign, RPCClientJudge.answer],
        printed: [String] = ["Got \(RPCClientJudge.answer)"], isOver: Bool = true,
        asks: (inout MadeUpLog, Int) -> Void = { made, run in
            made.declares("", name: "amq.gen-1", exclusive: true)
            made.publishes("30", question(["a", "b", "c"][run - 1]), key: "rpc_queue")
        }
    ) -> [String: Finding.Verdict] {
        var made = MadeUpLog()
        for run in 1...3 {
            (made.run, made.connection) = (run, run)
            asks(&made, run)
            if run == 2 { for body in handed { made.gets(1, body) } }
        }
        let judge = RPCClientJudge(log: made.log, printed: printed, isOver: isOver)
        return Dictionary(uniqueKeysWithValues: judge.findings.map { ($0.title, $0.verdict) })
    }

    private static func question(_ id: ShortString, to queue: ShortString = "amq.gen-1") -> BasicProperties {
        BasicProperties(correlationID: id, replyTo: queue)
    }

    @Test func aClientIsJudgedByWhatItMadeOfBothAnswers() {
        let foreign = RPCClientJudge.foreign
        #expect(client()[Self.ignores] == .yes)
        #expect(client(printed: ["Got \(foreign)"])[Self.ignores] == .no)
        // It took the first one and left.
        #expect(client(handed: [foreign], printed: ["Got \(foreign)"])[Self.ignores] == .no)
        // It says what it ignores.
        #expect(client(printed: ["Ignored \(foreign)", "Got \(RPCClientJudge.answer)"])[Self.ignores] == .notSeen)
        #expect(client(printed: ["Ignored \(foreign)", "Got 1,832,040,183"])[Self.ignores] == .notSeen)
    }

    /// The answer stands above what it says of the foreign one.
    @Test func aClientMaySayMuch() {
        let chat = (1...9).map { "debug \($0)" } + ["ignored \(RPCClientJudge.foreign)"]
        #expect(client(printed: ["Got \(RPCClientJudge.answer)"] + chat)[Self.ignores] == .notSeen)
        #expect(client(printed: ["Got \(RPCClientJudge.answer)"] + chat.dropLast())[Self.ignores] == .yes)
    }

    @Test func aClientMayLookForItsServerFirst() {
        var made = MadeUpLog()
        made.opens()
        made.asksInVain(for: "rpc_queue")
        #expect(RPCCheck.needs(made.log) == ["rpc_queue"] && WorkerCheck.needs(made.log) == [])
        #expect(made.log.refusals.isEmpty)
        var other = MadeUpLog()
        other.opens()
        other.asksInVain(for: "rpc_queue", passively: false)
        #expect(RPCCheck.needs(other.log) == [] && other.log.refusals.count == 1)
    }

    /// With a run before the others, which found no queue, it is the third that gets answers.
    @Test func whicheverRunIsAnsweredMustNotFail() {
        func fails(_ answered: Int) -> Bool {
            var made = MadeUpLog()
            for run in 1...4 {
                (made.run, made.connection) = (run, run)
                made.publishes("30", Self.question("a"), key: "rpc_queue")
                if run == answered {
                    made.gets(1, RPCClientJudge.answer)
                    made.ends(1)
                }
            }
            let judge = RPCClientJudge(log: made.log, printed: [], isOver: true)
            return judge.findings.contains { $0.title == "runs without an error" }
        }
        #expect(fails(2) && fails(3))
    }

    @Test func nothingIsSaidOfAClientThatGaveUpBeforeAnAnswerCame() {
        #expect(client(handed: [], printed: ["No answer."])[Self.ignores] == nil)
    }

    @Test func aTimeoutMayBeLong() {
        #expect(client(isOver: false)["gives up when no answer comes"] == .notSeen)
    }

    @Test func aQuestionMayBeAskedAgainUnderItsID() {
        let title = "uses a correlation id of its own"
        let again = client { made, run in
            made.declares("", name: "amq.gen-1", exclusive: true)
            for _ in 1...2 {
                made.publishes("30", Self.question(run == 1 ? "a" : run == 2 ? "b" : "c"), key: "rpc_queue")
            }
        }
        #expect(again[title] == .yes)
        let constant = client { made, _ in
            made.declares("", name: "amq.gen-1", exclusive: true)
            made.publishes("30", Self.question("1"), key: "rpc_queue")
        }
        #expect(constant[title] == .no)
    }

    @Test func aReplyQueueIsItsOwnByItsNameToo() {
        let title = "asks for the answer in a queue of its own"
        let named = client { made, run in
            let name: ShortString = run == 1 ? "replies-1" : run == 2 ? "replies-2" : "replies-3"
            made.declares(name, autoDelete: true)
            made.publishes("30", Self.question(run == 1 ? "a" : "b", to: name), key: "rpc_queue")
        }
        #expect(named[title] == .yes)
        let left = client { made, _ in
            made.declares("", name: "amq.gen-1", autoDelete: true)
            made.publishes("30", Self.question("a"), key: "rpc_queue")
        }
        #expect(left[title] == .yes)
        let shared = client { made, _ in
            made.declares("replies")
            made.publishes("30", Self.question("a", to: "replies"), key: "rpc_queue")
        }
        #expect(shared[title] == .no)
    }

    // MARK: Servers

    private func server(_ answers: (inout MadeUpLog) -> Void) -> [String] {
        var made = MadeUpLog()
        made.declares("rpc_queue")
        made.program(.basicQos(BasicQos(prefetchCount: 2)))
        made.consumes("rpc_queue")
        for (tag, question) in RPCServerJudge.questions.enumerated() {
            let id = tag == 0 ? ShortString("check-good") : "check-second"
            made.gets(UInt64(tag + 1), question.text, BasicProperties(correlationID: id, replyTo: "replies"))
        }
        answers(&made)
        let judge = RPCServerJudge(log: made.log, replies: "replies", probes: [])
        return judge.findings.filter { !$0.isGood }.map(\.title)
    }

    @Test func answersMayComeInAnyOrder() {
        let reversed = server { made in
            made.publishes("8", BasicProperties(correlationID: "check-second"), key: "replies")
            made.acks(2)
            made.publishes("5", BasicProperties(correlationID: "check-good"), key: "replies")
            made.acks(1)
        }
        #expect(reversed == [])
    }

    @Test func answersMayGoOverAnotherConnection() {
        let other = server { made in
            made.connection = 2
            made.publishes("5", BasicProperties(correlationID: "check-good"), key: "replies")
            made.publishes("8", BasicProperties(correlationID: "check-second"), key: "replies")
            made.publishes("two questions answered", exchange: "metrics", key: "rpc")
            made.connection = 1
            made.acks(2, multiple: true)
        }
        #expect(other == [])
    }

    @Test func anAckBeforeItsAnswerIsFoundInAnyOrder() {
        let early = server { made in
            made.publishes("8", BasicProperties(correlationID: "check-second"), key: "replies")
            made.acks(1)
            made.publishes("5", BasicProperties(correlationID: "check-good"), key: "replies")
            made.acks(2)
        }
        #expect(early == ["acknowledges after it has answered"])
    }

    // MARK: Servers that don't come to the second question

    /// What is wrong with one that was handed so many questions, and what was not seen, of the bad questions too.
    private func cutShort(
        handed: Int = 1, noAck: Bool = false, _ scene: (inout MadeUpLog) -> Void
    ) -> (wrong: [Finding], unseen: Int, isCutShort: Bool) {
        var made = MadeUpLog()
        made.declares("rpc_queue")
        made.program(.basicQos(BasicQos(prefetchCount: 1)))
        made.consumes("rpc_queue", noAck: noAck)
        for (tag, question) in RPCServerJudge.questions.prefix(handed).enumerated() {
            let id = tag == 0 ? ShortString("check-good") : "check-second"
            made.gets(UInt64(tag + 1), question.text, BasicProperties(correlationID: id, replyTo: "replies"))
        }
        scene(&made)
        made.pass(9000)
        let probe = RPCCheck.Probe(question: "abc", correlationID: "check-rubbish", isAsked: false)
        let judge = RPCServerJudge(log: made.log, replies: "replies", probes: [probe])
        return (
            judge.findings.filter(\.isWrong), judge.findings.count { $0.verdict == .notSeen }, judge.isCutShort
        )
    }

    private static func answers(_ made: inout MadeUpLog) {
        made.publishes("5", BasicProperties(correlationID: "check-good"), key: "replies")
    }

    private static let acknowledges = "acknowledges after it has answered"

    @Test func whoNeverAcknowledgesIsNotBlamedForWhatItDidNotGet() {
        let judged = cutShort { Self.answers(&$0) }
        #expect(judged.wrong.map(\.title) == [Self.acknowledges] && judged.unseen == 1 && judged.isCutShort)
        // What it has got it must answer, and with its id.
        #expect(cutShort { _ in }.wrong.map(\.title).contains("sends its answers to reply-to"))
        let anonymous = cutShort { $0.publishes("5", key: "replies") }
        #expect(anonymous.wrong.map(\.title) == ["sends the correlation id back as it came", Self.acknowledges])
        // One that asks for no more than it can do, and does it, is not cut short.
        let right = cutShort(handed: 2) { made in
            Self.answers(&made)
            made.acks(1)
            made.publishes("8", BasicProperties(correlationID: "check-second"), key: "replies")
            made.acks(2)
        }
        #expect(right.wrong == [] && !right.isCutShort)
    }

    @Test func whatTheBrokerRefusedIsSaidOnce() {
        func refused(_ made: inout MadeUpLog) {
            made.isRefused(.preconditionFailed, "PRECONDITION_FAILED - unknown delivery tag 1")
            made.ends(1)
        }
        let both = cutShort(handed: 2, noAck: true) { made in
            Self.answers(&made)
            made.acks(1)
            refused(&made)
        }
        #expect(both.wrong.map(\.title) == [Self.acknowledges] && both.isCutShort)
        #expect(both.wrong.first?.seen.contains("unknown delivery tag") == true)
        let twice = cutShort(handed: 2) { made in
            Self.answers(&made)
            made.acks(1)
            made.acks(1)
            refused(&made)
        }
        #expect(twice.wrong.map(\.title) == [Self.acknowledges])
        #expect(twice.wrong.first?.seen.contains("settled twice") == true)
    }

    @Test func whoEndsAtOnceHasOneFault() {
        #expect(cutShort(handed: 0) { $0.ends(0) }.wrong.map(\.title) == ["stays to wait for messages"])
        #expect(cutShort { $0.ends(0) }.wrong.map(\.title) == ["stays to wait for messages"])
        #expect(cutShort { $0.ends(1) }.wrong.map(\.title) == ["runs without an error"])
        let afterOne = cutShort { made in
            Self.answers(&made)
            made.acks(1)
            made.ends(0)
        }
        #expect(afterOne.wrong.map(\.title) == ["stays to wait for messages"])
    }

    @Test func aBadQuestionHasNoNumberForAnAnswer() {
        func titles(_ answer: String, question: String = "abc") -> [String] {
            var made = MadeUpLog()
            made.declares("rpc_queue")
            made.consumes("rpc_queue")
            let probe = RPCCheck.Probe(
                question: question, correlationID: "check-rubbish", answer: answer, isSurvived: true)
            return RPCServerJudge(log: made.log, replies: "replies", probes: [probe]).findings
                .filter { $0.isWrong && $0.title.contains("'\(question)'") }.map(\.title)
        }
        #expect(titles("0") == ["answers the question 'abc' with an error"] && titles("1") == titles("0"))
        // A number that cannot be the result may stand for an error, and there are Fibonacci numbers before the first.
        #expect(titles("error: 0") == [] && titles("-1") == [] && titles("400") == [] && titles("") == [])
        #expect(titles("1", question: "-1") == [])
    }

    @Test func aWrongAnswerIsWrong() {
        let wrong = server { made in
            for id in [ShortString("check-good"), "check-second"] {
                made.publishes("fib = 8", BasicProperties(correlationID: id), key: "replies")
            }
            made.acks(0, multiple: true)
        }
        #expect(wrong == ["answers with the Fibonacci number"])
    }

    /// What is sent over two connections may be seen in another order than it was sent in.
    @Test func twoConnectionsMayOvertakeEachOther() {
        func server(behind milliseconds: Int64, over connection: Int) -> [Finding] {
            var made = MadeUpLog()
            made.consumes("rpc_queue")
            made.gets(1, "5", BasicProperties(correlationID: "check-good", replyTo: "replies"))
            made.acks(1)
            made.pass(milliseconds)
            made.connection = connection
            made.publishes("5", BasicProperties(correlationID: "check-good"), key: "replies")
            return RPCServerJudge(log: made.log, replies: "replies", probes: []).findings
        }
        func acknowledges(_ findings: [Finding]) -> Finding.Verdict? {
            findings.first { $0.title == Self.acknowledges }?.verdict
        }
        #expect(acknowledges(server(behind: 5, over: 2)) == .notSeen)
        #expect(acknowledges(server(behind: 500, over: 2)) == .no && acknowledges(server(behind: 5, over: 1)) == .no)
    }

    @Test func oneAnswerIsEnough() {
        func twice(_ second: String) -> [String] {
            server { made in
                for (tag, id) in [ShortString("check-good"), "check-second"].enumerated() {
                    made.publishes(tag == 0 ? "5" : "8", BasicProperties(correlationID: id), key: "replies")
                    if tag == 0 { made.publishes(second, BasicProperties(correlationID: id), key: "replies") }
                    made.acks(UInt64(tag + 1))
                }
            }
        }
        #expect(twice("5") == ["answers each question once"] && twice("still 5, done") == [])
    }
}
