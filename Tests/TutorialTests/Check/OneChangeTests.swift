import AMQPWire
import TestSupport
import Testing

@testable import workbook

/// Programs that are right but for one thing, which was once missed, or said to be another, as observations made by hand;
/// and right ones that look like them.
@Suite(.watched) struct OneChangeTests {
    private func wrong(_ findings: [Finding]) -> [String] { findings.filter(\.isWrong).map(\.title) }

    // MARK: Senders

    @Test func whoOnlyAsksForItsQueueIsTold() {
        var made = MadeUpLog()
        made.opens()
        made.asksInVain(for: "hello")
        made.ends(1, printing: ["no queue"])
        let finding = made.log.onlyAsks(1)
        #expect(finding?.title == "declares its queue itself" && finding?.isWrong == true)
        #expect(finding?.seen.contains("'hello' with 404: NOT_FOUND.") == true)
        // Another run found it, and who declares it has nothing to ask for.
        #expect(made.log.onlyAsks(2) == nil)
        var right = MadeUpLog()
        right.declares("hello")
        #expect(right.log.onlyAsks(1) == nil)
        #expect(Chapter.hello.check.declares && Chapter.worker.check.declares && !Chapter.rpc.check.declares)
    }

    /// A reader may send what they like; but nobody writes what a language prints of a value.
    @Test func aTextIsNoPrintedValue() {
        func sends(_ body: String, printing line: String = " [x] Sent 'Hello'", with words: String = "send") -> [String]
        {
            var made = MadeUpLog()
            made.connects()
            made.declares("hello")
            made.publishes(body, key: "hello")
            made.closes()
            made.breaksOff()
            made.ends(0, printing: [line])
            return wrong(
                HelloSenderJudge(log: made.log, arrived: ["hello": .init(count: 1, first: [body])], line: words)
                    .findings)
        }
        let title = ["sends its text as it is"]
        for body in [
            "[72 101 108 108 111]", "[72, 101, 108, 108, 111]", "b'Hello'", "b\"it's\"", "[object Object]",
            "<Buffer 48 65 6c 6c 6f>", "[B@1b6d3586", "System.Byte[]",
        ] {
            #expect(sends(body) == title, "\(body)")
        }
        #expect(sends("[103 114 195 188 195 159 101]", printing: "Sent grüße") == title)
        // Numbers that nobody has said in letters are numbers, and what was typed is what was meant.
        for body in [
            "Hello", "", "[1, 2, 3]", "[72 101 108 108 112]", "{\"a\": [72, 101]}", "[]", "(b'x')", "[objects]",
        ] {
            #expect(sends(body) == [], "\(body)")
        }
        #expect(sends("b'Hello'", with: "python3 send.py b'Hello' twice") == [])
    }

    // MARK: Publishers

    @Test func whoHangsWhenAMessageCameBackIsTold() {
        func act(_ status: Int32?, silent: Int64, printing lines: [String] = ["Sent"], isBack: Bool = true)
            -> ConfirmsJudge.Act
        {
            .made(status: status, printing: lines) { made in
                made.publishes("1", key: "orders")
                if isBack {
                    made.broker(.basicReturn(BasicReturn(replyCode: .noRoute, exchange: "", routingKey: "orders")))
                }
                made.pass(silent)
            }
        }
        let usual = act(0, silent: 0, isBack: false)
        func hangs(_ act: ConfirmsJudge.Act, usually: ConfirmsJudge.Act? = nil) -> Bool {
            ConfirmsJudge.hangs(act, usually: usually ?? usual, patience: 7500)?.isWrong == true
        }
        #expect(hangs(act(nil, silent: 9000)))
        // It has ended, may still be about to, says so and waits, or never ends.
        #expect(!hangs(act(1, silent: 9000)) && !hangs(act(nil, silent: 2000)))
        #expect(!hangs(act(nil, silent: 9000, printing: ["Sent", "Returned: once more in a minute"])))
        #expect(!hangs(act(nil, silent: 9000), usually: act(nil, silent: 9000, isBack: false)))
        #expect(!hangs(act(nil, silent: 9000, isBack: false)))
    }

    // MARK: Payments

    /// A worker that consumes, goes away and comes back, over and over.
    @Test func whoGoesAwayWithWhatItCouldDoIsTold() {
        func judged(deliveries: Int, acks: Bool = false) -> [String] {
            var made = MadeUpLog()
            for connection in 1...deliveries {
                made.connection = connection
                made.connects()
                made.opens()
                made.declares("payments", ["x-queue-type": "quorum", "x-delivery-limit": 2])
                made.consumes("payments")
                made.gets(1, QuorumCheck.good)
                if acks, connection == deliveries { made.acks(1) }
                made.closes()
                made.breaksOff()
            }
            return wrong(QuorumJudge(log: made.log, queue: "payments", parked: [], isBack: true).findings)
        }
        #expect(judged(deliveries: 3) == ["makes a payment that can be made"])
        // It has another try, and then it is done.
        #expect(judged(deliveries: 2) == [] && judged(deliveries: 3, acks: true) == [])
    }

    @Test func aWorkerThatEndsBeforeAnyPaymentHasOneFault() {
        func judged(_ status: Int32, hasLeft: Bool) -> [Finding] {
            var made = MadeUpLog()
            made.connects()
            made.declares("payments", ["x-queue-type": "quorum", "x-delivery-limit": 2])
            made.consumes("payments")
            made.breaksOff()
            made.ends(status)
            return QuorumJudge(log: made.log, queue: "payments", parked: [], isBack: false, hasLeft: hasLeft).findings
        }
        #expect(wrong(judged(0, hasLeft: true)) == ["stays to wait for messages"])
        #expect(wrong(judged(1, hasLeft: true)) == ["runs without an error"])
        #expect(judged(0, hasLeft: true).count { $0.verdict == .notSeen } == 2)
        // Cut off, it should have come back.
        #expect(wrong(judged(0, hasLeft: false)).contains("comes back when its connection is lost"))
    }
}
