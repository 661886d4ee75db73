import Interceptor
import Testing

@testable import workbook

/// Every judge, with histories made by hand.
@Suite struct GauntletJudgeTests {
    private static let spot = Spot(connection: 1, direction: .toBroker, name: "basic.ack", number: 1)

    private static func history(
        _ blow: Blow? = .kill(spot, .after), _ change: (inout History) -> Void
    ) -> History {
        var history = History(blow: blow, struckAt: 100)
        history.workTime = 100
        change(&history)
        return history
    }

    private static func kinds(_ history: History, _ role: GauntletRole, _ chapter: Chapter) -> [Harm.Kind] {
        GauntletJudge(history: history, promise: chapter.promise, role: role)
            .harms.map(\.kind)
    }

    private static func killed(at time: Int64) -> History.Life {
        var life = History.Life(isKilled: true)
        life.endedAt = time
        return life
    }

    // MARK: Lost

    @Test func aTaskThatWasAcknowledgedBeforeItsWork() {
        func judged(held: Int64) -> [Harm.Kind] {
            let history = Self.history { history in
                history.sent = ["Task 1."]
                history.handings = [.init(body: "Task 1.", time: 100 - held, settlement: .ack, settledAt: 100)]
                history.lives = [Self.killed(at: 100)]
            }
            return Self.kinds(history, .consumer, .worker)
        }
        #expect(judged(held: 1) == [.lost])
        #expect(judged(held: 100) == [])
    }

    @Test func aTaskThatIsStillInItsQueueIsNotLost() {
        let history = Self.history { history in
            history.sent = ["Task 1."]
            history.handings = [.init(body: "Task 1.", time: 99)]
            history.left = ["task_queue": ["Task 1."]]
            history.lives = [Self.killed(at: 100)]
        }
        #expect(Self.kinds(history, .consumer, .worker) == [])
    }

    @Test func noAckLosesWhatDoesNotArrive() {
        func judged(_ chapter: Chapter, arrives: Bool) -> [Harm.Kind] {
            let history = Self.history { history in
                history.sent = ["1"]
                history.handings = [.init(body: "1", isNoAck: true, hasArrived: arrives)]
                history.lives = [Self.killed(at: 100)]
            }
            return Self.kinds(history, .consumer, chapter)
        }
        #expect(judged(.worker, arrives: false) == [.lost])
        #expect(judged(.worker, arrives: true) == [])
        #expect(judged(.hello, arrives: false) == [], "the first chapter promises nothing of the kind")
    }

    @Test func oneThatComesAgainIsNotDoneBecauseItComesAgain() {
        func judged(worked: Bool) -> [Harm.Kind] {
            let history = Self.history { history in
                history.isAckedBehind = true
                history.sent = ["Task 1."]
                history.handings = [
                    .init(body: "Task 1.", time: worked ? 0 : 99),
                    .init(body: "Task 1.", run: 2, time: 200, redelivered: true, settlement: .ack, settledAt: 201),
                ]
                history.lives = [Self.killed(at: 100), .init(run: 2)]
            }
            return Self.kinds(history, .consumer, .worker)
        }
        #expect(judged(worked: false) == [.lost])
        #expect(judged(worked: true) == [])
    }

    @Test func aJobThatFailsHasToBeSomewhere() {
        func judged(_ left: [String: [String]]) -> [Harm.Kind] {
            let history = Self.history { history in
                history.sent = ["Job 2!"]
                history.handings = [.init(body: "Job 2!", settlement: .ack, settledAt: 1)]
                history.left = left
                history.lives = [Self.killed(at: 100)]
            }
            return Self.kinds(history, .consumer, .retry)
        }
        #expect(judged([:]) == [.lost])
        #expect(judged(["jobs.dead": ["Job 2!"]]) == [])
    }

    @Test func aQueueThatDoesNotOutliveTheBroker() {
        let history = Self.history(.restart(Self.spot)) { history in
            history.sent = ["Task 1.", "Task 2."]
            history.handings = [.init(body: "Task 1.", settlement: .ack, settledAt: 100)]
        }
        #expect(Self.kinds(history, .consumer, .worker) == [.unkept])
    }

    @Test func whatIsUncertainIsNotJudged() {
        var history = Self.history { history in
            history.sent = ["Task 1."]
            history.handings = [.init(body: "Task 1.", time: 99, settlement: .ack, settledAt: 100)]
            history.lives = [Self.killed(at: 100)]
        }
        #expect(Self.kinds(history, .consumer, .worker) == [.lost])
        history.isUncertain = true
        #expect(Self.kinds(history, .consumer, .worker) == [])
    }

    @Test func workThatTheBusyMachineMadeLonger() {
        // Undisturbed it took three times as long as in the fire.
        let history = Self.history { history in
            history.workTime = 300
            history.sent = ["Task 1."]
            history.handings = [.init(body: "Task 1.", settlement: .ack, settledAt: 100)]
            history.lives = [Self.killed(at: 100)]
        }
        #expect(Self.kinds(history, .consumer, .worker) == [])
    }

    @Test func onlyWorkIsMeasured() {
        func workTime(_ times: [Int64], _ chapter: Chapter) -> Int64 {
            var history = History()
            history.handings = times.map { .init(body: "Task 1.", time: $0 - 1, settlement: .ack, settledAt: $0) }
            return Habits(history, chapter.promise).workTime
        }
        #expect(workTime([100, 400, 500], .worker) == 100, "the shortest")
        #expect(workTime([100, 150, 200], .worker) == 0, "that is the machine")
        #expect(workTime([100, 400, 500], .confirms) == 0, "there is no work")
    }

    // MARK: Waiting

    private static func lostConnection(_ life: History.Life, _ change: (inout History) -> Void = { _ in }) -> History {
        history(.cut(spot, .before)) { history in
            history.lives = [life]
            change(&history)
        }
    }

    @Test func aProgramThatHasLostItsConnection() {
        func judged(_ life: History.Life) -> [Harm.Kind] { Self.kinds(Self.lostConnection(life), .consumer, .hello) }
        #expect(judged(.init()) == [], "it is back")
        #expect(judged(.init(isConnected: false, isConsuming: false)) == [.hangs])
        #expect(judged(.init(isConsuming: false)) == [.deaf])
        #expect(judged(.init(status: 0)) == [.pretends])
        var atTheEnd = Self.lostConnection(.init(status: 0))
        atTheEnd.blow = .cut(Spot(connection: 1, direction: .toBroker, name: "connection.close", number: 1), .after)
        #expect(Self.kinds(atTheEnd, .consumer, .hello) == [], "it was about to end")
        #expect(judged(.init(status: 1)) == [.wordless])
        #expect(judged(.init(status: 1, words: ["connection lost"])) == [])
    }

    @Test func oneThatIsBackHasToHear() {
        func judged(hears: Bool) -> [Harm.Kind] {
            let history = Self.lostConnection(.init()) { history in
                history.sent = ["Once more."]
                history.echo = "Once more."
                if hears { history.handings = [.init(body: "Once more.", isNoAck: true)] }
            }
            return Self.kinds(history, .consumer, .pubsub)
        }
        #expect(judged(hears: true) == [] && judged(hears: false) == [.deaf])
    }

    @Test func oneThatHoldsAMessageForEver() {
        func judged(
            _ blow: Blow, isOver: Bool, isNoAck: Bool = false, _ role: GauntletRole, _ chapter: Chapter
        ) -> [Harm.Kind] {
            var history = Self.lostConnection(.init()) { history in
                history.sent = ["1"]
                history.handings = [.init(body: "1", isNoAck: isNoAck, hasArrived: !isNoAck, isOver: isOver)]
            }
            history.blow = blow
            return Self.kinds(history, role, chapter)
        }
        #expect(judged(.cut(Self.spot, .before), isOver: false, .consumer, .worker) == [.stuck])
        #expect(judged(.restart(Self.spot), isOver: false, .server, .rpc) == [.stuck])
        #expect(judged(.restart(Self.spot), isOver: true, .server, .rpc) == [], "nobody can settle it any more")
        #expect(judged(.restart(Self.spot), isOver: true, .consumer, .worker) == [.unkept])
        #expect(judged(.restart(Self.spot), isOver: true, isNoAck: true, .consumer, .worker) == [.lost])
    }

    @Test func whatTheFireNeverCameToIsNotJudged() {
        var history = Self.lostConnection(.init(isConnected: false))
        history.struckAt = nil
        #expect(Self.kinds(history, .consumer, .hello) == [])
    }

    // MARK: Publishing

    @Test func statusZeroWithSomethingMissing() {
        func judged(_ sendings: [History.Sending], status: Int32 = 0) -> [Harm.Kind] {
            let history = Self.history(.refuse(1)) { history in
                history.expected = ["1", "2"]
                history.sendings = sendings
                history.lives = [.init(status: status)]
            }
            return Self.kinds(history, .producer, .confirms)
        }
        #expect(judged([.init(body: "1"), .init(body: "2")]) == [])
        #expect(judged([.init(body: "1", hasArrived: false), .init(body: "2")]) == [.pretends])
        #expect(judged([.init(body: "1", hasArrived: false), .init(body: "2")], status: 1) == [])
        #expect(judged([.init(body: "1", hasArrived: false), .init(body: "2"), .init(body: "1")]) == [], "sent again")
        #expect(judged([.init(body: "1"), .init(body: "1")]) == [.pretends], "twice the one is not the other")
        #expect(judged([.init(body: "at 10:01")]) == [.pretends], "others each time are counted")
        #expect(judged([.init(body: "1", isReturned: true), .init(body: "2")]) == [.pretends])
    }

    @Test func whatHasBeenSentOutlivesTheBroker() {
        func judged(_ left: [String: [String]], _ chapter: Chapter = .worker) -> [Harm.Kind] {
            let history = Self.history(.restartAtEnd) { history in
                history.sendings = [.init(body: "1")]
                history.expected = ["1"]
                history.left = left
                history.lives = [.init(status: 0)]
            }
            return Self.kinds(history, .producer, chapter)
        }
        #expect(judged([:]) == [.unkept] && judged(["q": ["1"]]) == [] && judged([:], .hello) == [])
    }

    // MARK: Questions

    @Test func aQuestionThatNobodyAnswers() {
        func judged(_ settlement: History.Handing.Settlement?, _ reply: String?) -> [Harm.Kind] {
            let history = Self.history { history in
                history.sent = ["5"]
                history.handings = [.init(body: "5", settlement: settlement, settledAt: settlement.map { _ in 1 })]
                history.replies = reply.map { [("5", $0)] } ?? []
                history.lives = [Self.killed(at: 100)]
            }
            return Self.kinds(history, .server, .rpc)
        }
        #expect(judged(.ack, nil) == [.unanswered] && judged(.ack, "5") == [] && judged(nil, nil) == [])
        #expect(judged(.ack, "8") == [.confused])
    }

    @Test func aClientAndItsAnswer() {
        func judged(_ blow: Blow, _ status: Int32?, _ words: String) -> [Harm.Kind] {
            let history = Self.history(blow) { history in
                history.answer = "832040"
                history.lives = [.init(status: status, words: [words])]
            }
            return Self.kinds(history, .client, .rpc)
        }
        #expect(judged(.stranger, 0, "Got 832040") == [])
        #expect(judged(.stranger, 0, "Got 4711") == [.confused])
        #expect(judged(.silence, 1, "No answer") == [] && judged(.silence, 0, "No answer") == [.pretends])
        #expect(judged(.silence, nil, "") == [.hangs])
        let before = Self.history(.cut(Self.spot, .after)) { history in
            history.answer = "832040"
            history.lives = [.init(status: 0, lines: ["Got 832040"])]
        }
        #expect(Self.kinds(before, .client, .rpc) == [], "it had its answer when the connection was cut")
    }

    @Test func aRestartMayTakeQuestionsWithIt() {
        let history = Self.history(.restart(Self.spot)) { history in
            history.sent = ["5"]
            history.handings = [.init(body: "5", settlement: .ack, settledAt: 1)]
        }
        #expect(Self.kinds(history, .server, .rpc) == [])
    }

    @Test func oneThatPublishesForEverDoesNotHang() {
        func judged(_ waited: Int) -> [Harm.Kind] {
            Self.kinds(Self.history(.block(Self.spot)) { $0.waited = waited }, .producer, .hello)
        }
        #expect(judged(0) == [] && judged(7) == [.hangs])
    }
}
