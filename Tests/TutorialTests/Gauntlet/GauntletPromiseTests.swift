import AMQPWire
import Interceptor
import Testing

@testable import workbook

/// What chapters 10 to 13 promise, judged by histories made by hand.
@Suite struct GauntletPromiseTests {
    private static let deliver = Spot(connection: 1, direction: .toClient, name: "basic.deliver", number: 1)
    private static let ack = Spot(connection: 1, direction: .toBroker, name: "basic.ack", number: 1)
    private static let publish = Spot(connection: 1, direction: .toBroker, name: "basic.publish", number: 1)

    private static func kinds(
        _ chapter: Chapter, as role: GauntletRole = .consumer, _ blow: Blow, _ change: (inout History) -> Void
    ) -> [Harm.Kind] {
        var history = History(blow: blow, struckAt: 100)
        change(&history)
        let promise = chapter.promise
        return GauntletJudge(history: history, promise: promise, role: role).harms.map(\.kind)
    }

    private static let killed = History.Life(endedAt: 100, isKilled: true)

    private static func acked(_ body: String, run: Int = 1, _ from: Int64 = 0, _ to: Int64) -> History.Handing {
        .init(body: body, run: run, time: from, settlement: .ack, settledAt: to)
    }

    // MARK: Quorum

    private static func poisoned(
        _ times: Int, limit: Int64? = nil, left: [String: [String]], _ last: History.Handing.Settlement? = nil
    ) -> [Harm.Kind] {
        kinds(.quorum, .poison) { history in
            history.sent = ["Payment 3!", "Payment 1"]
            history.handings = (0..<times).map { .init(body: "Payment 3!", run: $0 + 1, time: Int64($0), isOver: true) }
            history.handings[times - 1].settlement = last
            history.handings.append(acked("Payment 1", run: times, 200, 201))
            history.deliveryLimit = limit
            history.left = left
        }
    }

    @Test func aMessageThatGoesRoundForEver() {
        let back = ["payments": ["Payment 3!"]]
        #expect(Self.poisoned(24, left: back) == [.endless])
        #expect(Self.poisoned(24, limit: -1, left: back) == [.endless], "without a limit")
        #expect(Self.poisoned(24, limit: 50, left: back) == [], "its limit was not waited for")
        #expect(Self.poisoned(3, limit: 2, left: ["payments.dead": ["Payment 3!"]]) == [], "put aside")
        #expect(Self.poisoned(21, left: ["payments.dead": ["Payment 3!"]]) == [], "the limit of RabbitMQ 4")
    }

    @Test func aMessageThatNobodyCanProcessHasToBeSomewhere() {
        #expect(Self.poisoned(3, limit: 2, left: [:]) == [.lost], "dropped at the limit")
        #expect(Self.poisoned(1, left: [:], .ack) == [.lost], "acknowledged first")
    }

    @Test func aMessageThatIsProcessedAfterAllIsNotLost() {
        let kinds = Self.kinds(.quorum, .poison) { history in
            history.sent = ["Payment 3!"]
            history.handings = [Self.acked("Payment 3!", 0, 1)]
        }
        #expect(kinds == [])
    }

    @Test func whatIsBehindItHasToBeDone() {
        func judged(_ left: [String]) -> [Harm.Kind] {
            Self.kinds(.quorum, .poison) { history in
                history.sent = ["Payment 3!", "Payment 1"]
                history.handings = [.init(body: "Payment 3!")]
                history.left = ["payments": left]
            }
        }
        #expect(judged(["Payment 3!", "Payment 1"]) == [.stuck])
    }

    @Test func aConsumerComesBack() {
        func judged(_ status: Int32?, wasReading: Bool = true, _ chapter: Chapter = .quorum) -> [Harm.Kind] {
            Self.kinds(chapter, .cut(Self.ack, .before)) { history in
                history.wasReading = wasReading
                history.lives = [.init(status: status, words: ["connection lost"])]
            }
        }
        #expect(judged(1) == [.gone] && judged(nil) == [] && judged(0) == [.pretends])
        #expect(judged(1, wasReading: false) == [], "it had not begun")
        #expect(judged(1, .worker) == [], "to end with a word is enough")
    }

    // MARK: Stream

    /// Three messages; the first reader was killed with the second in its hands.
    private static func read(
        at blow: Blow = .kill(deliver, .amid), tells: Bool = true, _ lines: [String], _ second: [History.Handing]
    ) -> [Harm.Kind] {
        kinds(.stream, blow) { history in
            history.isTelling = tells
            history.sent = ["News 1.", "News 2.", "News 3."]
            history.handings = [acked("News 1.", 0, 50), .init(body: "News 2.", time: 50, isOver: true)] + second
            history.lives = [killed, .init(run: 2, lines: lines)]
            history.lives[0].lines = ["News 1."]
        }
    }

    @Test func aReaderThatLeavesSomethingOut() {
        let (two, three) = (Self.acked("News 2.", run: 2, 200, 201), Self.acked("News 3.", run: 2, 210, 211))
        #expect(Self.read(["News 2.", "News 3."], [two, three]) == [])
        let all = [Self.acked("News 1.", run: 2, 190, 191), two, three]
        #expect(Self.read(["News 1.", "News 2.", "News 3."], all) == [], "what comes twice is marked by its offset")
        #expect(Self.read(["News 3."], [three]) == [.skipped], "its place was noted before the work")
        #expect(Self.read([], []) == [.skipped], "it waits for what is published next")
        #expect(Self.read(at: .kill(Self.ack, .before), tells: false, [], [two, three]) == [], "it prints nothing")
        #expect(Self.read(at: .kill(Self.ack, .before), tells: false, [], [three]) == [.skipped])
    }

    @Test func aReaderThatHasNoCreditLeft() {
        let held = [History.Handing(body: "News 1.", run: 2, time: 200)]
        #expect(Self.read([], held) == [.stuck])
    }

    @Test func aReaderThatIsNotThereIsNotJudgedByWhatItReads() {
        let kinds = Self.kinds(.stream, .kill(Self.deliver, .before)) { history in
            history.sent = ["News 1."]
            history.lives = [Self.killed, .init(run: 2, status: 1)]
        }
        #expect(kinds == [])
    }

    // MARK: Order

    private static func ordered(
        _ blow: Blow, _ handings: [History.Handing], _ sendings: [History.Sending] = [], left: [String] = []
    ) -> [Harm.Kind] {
        kinds(.order, blow) { history in
            history.sent = ["Step 1.", "Step 2."]
            history.handings = handings
            history.sendings = sendings
            history.left = ["accounts.1": left]
            history.lives = blow == .another ? [.init(), .init(run: 2)] : [killed, .init(run: 2)]
        }
    }

    @Test func twoWorkersAtOnePartition() {
        let first = Self.acked("Step 1.", 0, 100)
        #expect(Self.ordered(.another, [first, Self.acked("Step 2.", run: 2, 10, 90)]) == [.disordered])
        #expect(Self.ordered(.another, [first, Self.acked("Step 2.", run: 2, 10, 190)]) == [.disordered])
        #expect(Self.ordered(.another, [first, Self.acked("Step 2.", run: 2, 100, 200)]) == [])
        #expect(Self.ordered(.another, [first, Self.acked("Step 2.", 10, 200)]) == [], "one of them has both")
        let lost = History.Handing(body: "Step 1.", time: 0, isOver: true)
        let next = [Self.acked("Step 1.", run: 2, 150, 200), Self.acked("Step 2.", run: 2, 200, 300)]
        #expect(Self.ordered(.kill(Self.ack, .before), [lost] + next) == [], "the first is gone by then")
    }

    @Test func whatIsPutBackBehindTheOthers() {
        let back = [History.Sending(body: "Step 1.", run: 2)]
        let others = [Self.acked("Step 1.", run: 2, 150, 151), Self.acked("Step 2.", run: 2, 160, 260)]
        let blow = Blow.kill(Self.deliver, .after)
        #expect(Self.ordered(blow, others, back, left: ["Step 1."]) == [.disordered])
        #expect(Self.ordered(blow, others + [Self.acked("Step 1.", run: 2, 260, 360)], back) == [.disordered])
        #expect(Self.ordered(blow, others) == [])
    }

    @Test func whatIsSentAgainTooLate() {
        func judged(_ bodies: [String], keys: [String] = ["ann", "ann", "ann"]) -> [Harm.Kind] {
            Self.kinds(.order, as: .producer, .refuse(1)) { history in
                history.expected = ["1", "2", "3"]
                history.sendings = zip(bodies, keys).map { .init(body: $0, key: $1) }
                history.sendings.insert(.init(body: "1", key: "ann", hasArrived: false), at: 0)
                history.lives = [.init(status: 0)]
            }
        }
        #expect(judged(["1", "2", "3"]) == [])
        #expect(judged(["2", "3", "1"]) == [.disordered])
        #expect(judged(["2", "3", "1"], keys: ["bob", "bob", "ann"]) == [], "another account's")
    }

    // MARK: Inbox

    /// One order, killed while the program had it, and what was printed of it in all.
    private static func shipped(
        _ blow: Blow, _ times: Int, effects: Set<String>? = ["Shipped …"]
    ) -> [Harm.Kind] {
        kinds(.inbox, blow) { history in
            history.sent = blow == .twice(1) ? ["Order 1.", "Order 1."] : ["Order 1."]
            (history.shapes, history.effects) = (["Got …", "Shipped …"], effects)
            history.handings = [
                .init(body: "Order 1.", time: 50, isOver: true), acked("Order 1.", run: 2, 150, 160),
            ]
            history.lives = [killed, .init(run: 2)]
            history.lives[1].lines = ["Got Order 1.", "Got Order 1."] + (0..<times).map { _ in "Shipped Order 1." }
        }
    }

    @Test func anOrderIsShippedOnce() {
        #expect(Self.shipped(.kill(Self.ack, .before), 1) == [])
        #expect(Self.shipped(.kill(Self.ack, .before), 2) == [.repeated])
        #expect(Self.shipped(.kill(Self.deliver, .amid), 0) == [.lost])
        #expect(Self.shipped(.kill(Self.deliver, .before), 0) == [.lost])
        #expect(Self.shipped(.cut(Self.ack, .before), 0) == [], "its word is printed behind the acknowledgement")
        #expect(Self.shipped(.kill(Self.ack, .after), 0) == [], "it may print its word behind the acknowledgement")
        #expect(Self.shipped(.kill(Self.ack, .before), 2, effects: nil) == [], "it prints nothing that tells")
    }

    @Test func anOrderThatComesTwiceInOneRun() {
        #expect(Self.shipped(.twice(1), 1, effects: nil) == [])
        #expect(Self.shipped(.twice(1), 2, effects: nil) == [.repeated])
    }

    @Test func aLastLineThatIsStillToComeIsNoSecondTime() {
        let kinds = Self.kinds(.inbox, .twice(1)) { history in
            history.sent = ["Order 1.", "Order 1.", "Order 2."]
            history.shapes = ["Got …", "Shipped …"]
            history.handings = [0, 1, 2].map { Self.acked(history.sent[$0], Int64($0), Int64($0) + 1) }
            history.lives[0].lines = ["Got Order 1.", "Shipped Order 1.", "Got Order 1.", "Got Order 2."]
        }
        #expect(kinds == [])
    }

    @Test func shapesAreLinesWithoutWhatTellsMessagesApart() {
        let counts = Shapes(["1: Order a", "2: Order b", "Waiting"], of: ["Order a", "Order b"]).counts
        #expect(counts == ["#: …": 2, "Waiting": 1])
    }

    @Test func whatWasTakenIsPublished() {
        func judged(_ sendings: [History.Sending], _ blow: Blow = .kill(Self.publish, .before)) -> [Harm.Kind] {
            Self.kinds(.inbox, as: .producer, blow) { history in
                history.expected = ["A chair"]
                history.sendings = sendings
                history.lives = [Self.killed, .init(run: 2, status: 0)]
            }
        }
        func sending(_ id: String, run: Int, arrives: Bool = true) -> History.Sending {
            .init(body: "A chair", run: run, hasArrived: arrives, id: id)
        }
        let gone = sending("x", run: 1, arrives: false)
        #expect(judged([gone, sending("x", run: 2), sending("y", run: 2)]) == [])
        #expect(judged([gone, sending("y", run: 2)]) == [.lost])
        let came = sending("x", run: 1)
        #expect(judged([came, sending("x", run: 2), sending("y", run: 2)]) == [])
        #expect(judged([came, sending("z", run: 2), sending("y", run: 2)]) == [.repeated])
        #expect(judged([came, sending("y", run: 2)]) == [], "it was not lost")
    }

    // MARK: Pictures

    private static func picture(_ blow: Blow) -> SequencePicture {
        var outcome = Bout.Outcome(history: History(), spots: [], seen: [], log: WireLog())
        (outcome.history.blow, outcome.history.struckAt, outcome.history.lives) = (blow, 15, [])
        func delivered(_ text: String, at time: Int64, to run: Int) -> Observation {
            let content = Content(properties: .init(), body: Array(text.utf8))
            let method = BasicDeliver(
                consumerTag: "t", deliveryTag: 1, redelivered: run > 1, exchange: "", routingKey: "q")
            return Observation(
                time: time, run: run, connection: run, channel: 1, direction: .toClient,
                what: .method(.basicDeliver(method), content))
        }
        outcome.seen = [delivered("Order 1.", at: 10, to: 1), delivered("Order 1.", at: 20, to: 2)]
        return SequencePicture(outcome, about: "Order 1.")
    }

    @Test func aPictureOfAProgramThatIsKilledInTheMidstOfItsWork() {
        let picture = Self.picture(.kill(Self.deliver, .amid))
        #expect(picture.rows.map(\.isStruck) == [false, true, false], "between the message and its second coming")
        #expect(
            picture.lines[2].hasSuffix(
                "XXX  it was killed in the middle of its work, some time after basic.deliver, "
                    + "which it is sent"))
        #expect(picture.lines.last == "         * its successor, started when it was gone")
    }

    @Test func aPictureOfTwoProgramsSideBySide() {
        let picture = Self.picture(.another)
        #expect(picture.rows.contains { $0.isStruck && $0.text == "another program like it was started beside it" })
        #expect(picture.lines.last == "         * the other program, beside it")
    }
}
