import AMQPWire
import TestSupport
import Testing

@testable import workbook

/// The same of publishers that ask for confirms.
@Suite(.watched) struct UnusualPublisherTests {
    private func publish(_ made: inout MadeUpLog, _ body: String, exchange: ShortString = "", mandatory: Bool = true) {
        made.program(
            .basicPublish(BasicPublish(exchange: exchange, routingKey: "orders", mandatory: mandatory)),
            Content(properties: .init(), body: Array(body.utf8)))
    }

    @Test func aChannelForEachMessage() {
        func selects(on channels: ClosedRange<UInt16>) -> Finding {
            ConfirmsJudge.selects(
                ConfirmsJudge.Act.made { made in
                    for channel in 1...3 as ClosedRange<UInt16> {
                        made.channel = channel
                        made.opens()
                        if channels.contains(channel) { made.program(.confirmSelect(ConfirmSelect())) }
                        publish(&made, "Order \(channel)")
                    }
                })
        }
        #expect(selects(on: 1...3).isGood && selects(on: 1...1).isWrong)
    }

    /// On a channel without confirms, and not mandatory.
    @Test func aWordAboutItselfIsNoOrder() {
        let unusual = ConfirmsJudge.Act.made { made in
            made.publishes("online", exchange: "status", key: "publisher")
            made.channel = 2
            made.program(.confirmSelect(ConfirmSelect()))
            publish(&made, "Order 1")
        }
        #expect(ConfirmsJudge.selects(unusual).isGood)
        #expect(ConfirmsJudge.noticesReturn(unusual, usually: nil).isGood)
        let other = ConfirmsJudge.Act.made { made in
            publish(&made, "Order 1", mandatory: false)
            made.channel = 2
            made.program(.confirmSelect(ConfirmSelect()))
        }
        #expect(ConfirmsJudge.selects(other).isWrong && ConfirmsJudge.noticesReturn(other, usually: nil).isWrong)
    }

    @Test func whatNoQueueTakesMayGoElsewhere() {
        func notices(_ arguments: FieldTable) -> Finding.Verdict {
            let act = ConfirmsJudge.Act.made { made in
                made.program(.exchangeDeclare(ExchangeDeclare(exchange: "shop", type: "direct", arguments: arguments)))
                publish(&made, "Order 1", exchange: "shop", mandatory: false)
            }
            return ConfirmsJudge.noticesReturn(act, usually: nil).verdict
        }
        #expect(notices(["alternate-exchange": "unsold"]) == .notSeen && notices([:]) == .no)
    }

    /// It waits for a second, says so, and closes: that is a decision.
    @Test func whoLosesPatienceMaySaySo() {
        func waits(_ lines: [String]) -> Bool {
            let usual = ConfirmsJudge.Act.made(printing: ["Sent 3 orders", "all confirmed"]) { publish(&$0, "Order 1") }
            let held = ConfirmsJudge.Act.made(printing: ["Sent 3 orders"] + lines) { made in
                publish(&made, "Order 1")
                made.closes()
            }
            return ConfirmsJudge.waits(held, usually: usual).isGood
        }
        #expect(waits(["no answer in 1 s, 3 orders are unconfirmed"]) && !waits([]) && !waits(["all confirmed"]))
    }

    /// What goes to a queue that it has not made is no order, and needs no id; a word to a queue is no account's message.
    @Test func aWordAboutItselfHasNoID() {
        func givesIDs(_ id: ShortString?) -> Bool {
            var made = MadeUpLog()
            for run in 1...2 {
                made.run = run
                made.declares("shipments", durable: true)
                made.publishes("online", exchange: "status", key: "shop")
                made.publishes("An order", BasicProperties(messageID: run == 1 ? id : "2"), key: "shipments")
            }
            return InboxJudge(log: made.log).givesIDs.isGood
        }
        #expect(givesIDs("1") && !givesIDs("2") && !givesIDs(nil))
        var made = MadeUpLog()
        for run in 1...2 {
            made.run = run
            made.publishes("online", key: run == 1 ? "one" : "two")
            made.publishes("An order", exchange: "accounts", key: "ann")
        }
        #expect(OrderJudge(log: made.log).namesAccount?.isGood == true)
    }

    /// Its time was up before it had published all again.
    @Test func nobodyIsBlamedForTheChecksTime() {
        func survives(isOutOfTime: Bool) -> Finding.Verdict {
            var made = MadeUpLog()
            made.connects()
            for number in 1...9 { made.publishes("Order \(number)", key: "orders") }
            made.breaksOff()
            made.connection = 2
            made.connects()
            made.publishes("Order 1", key: "orders")
            var log = made.log
            log.isOutOfTime = isOutOfTime
            return ConfirmsJudge.survivesCut(ConfirmsJudge.Act(log, run: 1, status: nil, printed: [])).verdict
        }
        #expect(survives(isOutOfTime: true) == .notSeen && survives(isOutOfTime: false) == .no)
    }
}
