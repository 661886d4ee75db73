import Interceptor
import Testing

@testable import workbook

/// Right programs with other habits in the fire, and wrong ones that look like them.
@Suite struct GauntletHabitTests {
    private static let spot = Spot(connection: 1, direction: .toBroker, name: "basic.ack", number: 1)

    private func history(_ blow: Blow = .kill(spot, .after), _ change: (inout History) -> Void) -> History {
        var history = History(blow: blow, struckAt: 100)
        history.workTime = 100
        change(&history)
        return history
    }

    private func lostConnection(_ change: (inout History) -> Void) -> History {
        history(.cut(Self.spot, .before), change)
    }

    private func kinds(_ history: History, _ role: GauntletRole, _ chapter: Chapter) -> [Harm.Kind] {
        GauntletJudge(history: history, promise: chapter.promise, role: role).harms.map(\.kind)
    }

    /// It says what it ignores, groups digits, or prints nothing of what it gets.
    @Test func aClientMaySayItInItsOwnWay() {
        func judged(_ blow: Blow, _ words: String, isAnswering: Bool = true, gets: Bool = true) -> [Harm.Kind] {
            let run = history(blow) { history in
                (history.answer, history.isAnswering) = ("832040", isAnswering)
                history.lives = [.init(status: 0, words: [words])]
                if gets { history.handings = [.init(body: "832040")] }
            }
            return kinds(run, .client, .rpc)
        }
        #expect(judged(.stranger, "Ignored 4711, got 832040") == [] && judged(.stranger, "id 94711f, 832040") == [])
        #expect(judged(.silence, "Got 832,040") == [] && judged(.stranger, "Got 4,711") == [.confused])
        #expect(judged(.twice(1), "Done", isAnswering: false) == [])
        #expect(judged(.twice(1), "Done", isAnswering: false, gets: false) == [.pretends])
        #expect(judged(.twice(1), "Done") == [.pretends])
    }

    @Test func anAnswerMayBeInAnotherForm() {
        func judged(_ reply: String) -> [Harm.Kind] {
            let run = history { history in
                history.sent = ["5"]
                history.handings = [.init(body: "5", settlement: .ack, settledAt: 1)]
                history.replies = [("5", reply)]
            }
            return kinds(run, .server, .rpc)
        }
        #expect(judged("{\"fib\":5}") == [] && judged("five") == [] && judged("{\"fib\":8}") == [.confused])
    }

    /// Each line of the work has a number of its own, which is made up of letters and digits, or of letters alone.
    @Test func aLineOfTheWorkMayHaveSomethingOfItsOwn() {
        func judged(_ parcels: String...) -> [Harm.Kind] {
            let bodies = ["Order 1", "Order 1", "Order 2"]
            let run = history(.twice(1)) { history in
                (history.sent, history.shapes) = (bodies, ["Got …"])
                history.handings = bodies.enumerated().map { place, body in
                    .init(body: body, time: Int64(place), settlement: .ack, settledAt: Int64(place) + 1)
                }
                history.lives = [.init(lines: bodies.map { "Got \($0)" } + parcels.map { "Shipped as \($0)" })]
            }
            return kinds(run, .consumer, .inbox)
        }
        #expect(judged("3f2a", "c09b") == [] && judged("ann", "bob") == [])
        #expect(judged("3f2a", "c09b", "77") == [.repeated])
        #expect(Shapes(["Shipped as 3f2a", "Shipped as c09b", "at 10:07:01.5"], of: []).counts["Shipped as #"] == 2)
    }

    @Test func whatIsParkedMayBeInAnotherForm() {
        var killed = History.Life(isKilled: true)
        killed.endedAt = 100
        func judged(_ text: String) -> [Harm.Kind] {
            let run = history { history in
                history.sent = ["Job 2!"]
                history.handings = [.init(body: "Job 2!", settlement: .ack, settledAt: 1)]
                history.left = ["jobs.parked": [text]]
                history.lives = [killed]
            }
            return kinds(run, .consumer, .retry)
        }
        #expect(judged("{\"job\":\"Job 2!\",\"attempts\":3}") == [] && judged("Sm9iIDIh") == [])
        #expect(judged("{\"job\":\"Job\"}") == [.lost])
    }

    /// One acknowledgement is for three: the fourth waits for two others.
    @Test func fewerThanItAcknowledgesAtOnceAreNotStuck() {
        func judged(_ batch: Int, isHeld: Bool = true) -> [Harm.Kind] {
            let run = lostConnection { history in
                (history.sent, history.batch) = (["1"], batch)
                if isHeld { history.handings = [.init(body: "1")] } else { history.left = ["task_queue": ["1"]] }
            }
            return kinds(run, .consumer, .worker)
        }
        #expect(judged(3) == [] && judged(1) == [.stuck] && judged(3, isHeld: false) == [.stuck])
        let more = Chapter.worker.promise.moreMessages
        #expect(more.count == Promise.mostMessages && Set(more).count == more.count && more[0] == "Task 1.")
    }

    /// It had done the task when its connection was cut, and knows that when it comes again.
    @Test func whoRemembersNeedNotDoItAgain() {
        func judged(again time: Int64) -> [Harm.Kind] {
            let run = lostConnection { history in
                (history.isAckedBehind, history.sent) = (true, ["Task 1."])
                history.handings = [
                    .init(body: "Task 1.", isOver: true),
                    .init(body: "Task 1.", time: time, redelivered: true, settlement: .ack, settledAt: time + 1),
                ]
            }
            return kinds(run, .consumer, .worker)
        }
        #expect(judged(again: 200) == [] && judged(again: 10) == [.lost])
    }
}
