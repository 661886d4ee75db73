import AMQPWire
import TestSupport
import Testing

@testable import workbook

/// What the checks of chapters 11 and 12 say of rare programs, from observations made by hand.
@Suite(.watched) struct InboxJudgeTests {
    private let a = InboxJudge.text("a")
    private let b = InboxJudge.text("b")

    /// An order came four times, another once.
    private func consumer(_ lines: [String], settled: Bool = true) -> [String: Finding.Verdict] {
        var made = MadeUpLog()
        made.declares("shipments", durable: true)
        made.consumes("shipments")
        for (tag, body) in [a, a, a, a, b].enumerated() {
            made.gets(UInt64(tag + 1), body)
            if settled { made.acks(UInt64(tag + 1)) }
        }
        var judge = InboxJudge(log: made.log)
        judge.first = lines
        return Dictionary(uniqueKeysWithValues: judge.findings.map { ($0.title, $0.verdict) })
    }

    @Test func linesOfTheWorkAreCounted() {
        let title = "does an order once, however often it comes"
        let got = [a, a, a, a, b].map { "Got \($0)" }
        #expect(consumer(["Waiting"] + got + ["Done \(a)", "Done \(b)"])[title] == .yes)
        #expect(consumer(["Waiting", a, b])[title] == .yes)
        #expect(consumer(["Waiting"] + got)[title] == .no)
        // It prints nothing of what it does.
        #expect(consumer(["Waiting"])[title] == .notSeen && consumer([])[title] == .notSeen)
        // With a number for each, and the id.
        let numbered = ["1 check-a", "2 check-b"].map { "Shipped \($0)" }
        #expect(consumer(numbered + got)[title] == .yes)
    }

    @Test func everyDeliveryIsAcknowledged() {
        let title = "acknowledges each delivery, even of what it has done"
        #expect(consumer([])[title] == .yes && consumer([], settled: false)[title] == .no)
    }

    /// Three runs, of which the second was killed.
    private func producer(_ ids: [[ShortString?]]) -> InboxJudge {
        var made = MadeUpLog()
        for (run, ids) in ids.enumerated() {
            (made.run, made.connection) = (run + 1, run + 1)
            for id in ids { made.publishes("An order", BasicProperties(messageID: id), key: "shipments") }
        }
        return InboxJudge(log: made.log)
    }

    @Test func idsStayWithTheirOrders() {
        #expect(producer([["1"], ["2"], ["2", "3"]]).sendsAgain.isGood)
        #expect(producer([["1"], ["2"], ["3"]]).sendsAgain.isWrong)
        #expect(producer([["1"], [], ["3"]]).sendsAgain.verdict == .notSeen)
        #expect(producer([["1"], ["2"], []]).sendsAgain.isWrong)
        #expect(producer([["1", "2"], ["3"], []]).givesIDs.isGood)
        #expect(producer([["1", "1"], ["3"], []]).givesIDs.isWrong)
        #expect(producer([["1"], ["1"], []]).givesIDs.isWrong)
        #expect(producer([[nil], [nil], []]).givesIDs.isWrong)
    }

    // MARK: Chapter 12

    private func keys(_ first: ShortString, _ second: ShortString?, _ headers: [FieldTable?] = [nil, nil]) -> Finding? {
        var made = MadeUpLog()
        if headers[0] != nil {
            made.program(
                .exchangeDeclare(
                    ExchangeDeclare(
                        exchange: "accounts", type: "x-consistent-hash", arguments: ["hash-header": "account"])))
        }
        for (run, key) in [first, second].enumerated() {
            made.run = run + 1
            guard let key else { continue }
            made.publishes("An order", BasicProperties(headers: headers[run]), exchange: "accounts", key: key)
        }
        return OrderJudge(log: made.log).namesAccount
    }

    @Test func theSameWordsHaveTheSameKey() {
        #expect(keys("ann", "ann")?.isGood == true && keys("ann", nil)?.isGood == true)
        #expect(keys("1", "2")?.isWrong == true && keys("", "")?.isWrong == true)
        #expect(keys("1", "2", [["account": "ann"], ["account": "ann"]])?.isGood == true)
        #expect(keys("ann", "ann", [["name": "ann"], ["name": "ann"]])?.isWrong == true)
        #expect(OrderJudge(log: WireLog()).namesAccount == nil)
    }
}
