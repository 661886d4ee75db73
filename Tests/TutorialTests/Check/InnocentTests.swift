import AMQPWire
import TestSupport
import Testing

@testable import workbook

/// Right programs that do it in another way, or at another pace, as observations made by hand: none of them is accused.
@Suite(.watched) struct InnocentTests {
    private func wrong(_ findings: [Finding]) -> [String] { findings.filter(\.isWrong).map(\.title) }

    private func verdict(_ title: String, in findings: [Finding]) -> Finding.Verdict? {
        findings.first { $0.title == title }?.verdict
    }

    // MARK: The log

    @Test func whoAsksWhetherAQueueIsThereIsNotTurnedAway() {
        var made = MadeUpLog()
        made.opens()
        made.asksInVain(for: "hello")
        #expect(made.log.refusals.isEmpty && made.log.isTurnedAway == nil)
        made.opens()
        made.asksInVain(for: "hello", passively: false)
        #expect(made.log.refusals.count == 1)
    }

    @Test func whatNeedsNoAnswerIsGranted() {
        var made = MadeUpLog()
        made.program(.basicConsume(BasicConsume(queue: "hello", consumerTag: "c", noWait: true)))
        made.program(.queueBind(QueueBind(queue: "hello", exchange: "logs", noWait: true)))
        #expect(made.log.consumptions.map(\.isGranted) == [true] && made.log.bindings.map(\.isGranted) == [true])
        // The next answer is another's.
        made.consumes("hello", tag: "d")
        made.gets(1, "Check 1", from: "c")
        #expect(made.log.consumptions.map(\.isGranted) == [true, true] && made.log.handed.first?.queue == "hello")
    }

    // MARK: Senders

    /// As long as three times what it waits between two of them, more may come.
    @Test func aLongPauseIsNoEnd() {
        var made = MadeUpLog()
        made.connects()
        for _ in 1...2 {
            made.pass(4000)
            made.publishes("tick", key: "hello")
        }
        made.pass(4000)
        #expect(made.log.saysGoodbye(1).verdict == .notSeen)
        made.pass(9000)
        #expect(made.log.saysGoodbye(1).verdict == .no)
    }

    @Test func textsMayArriveByOtherKeysAndInAnotherOrder() {
        var made = MadeUpLog()
        made.declares(exchange: "mine", "direct")
        made.declares("hello")
        for key in ["k1", "k2"] as [ShortString] { made.binds("hello", to: "mine", key) }
        for (text, key) in [("a", "k1"), ("b", "k2"), ("c", "k1")] as [(String, ShortString)] {
            made.publishes(text, exchange: "mine", key: key)
        }
        made.closes()
        made.breaksOff()
        func arrived(_ texts: String...) -> [String] {
            let arrival = HelloSenderJudge.Arrival(count: texts.count, first: texts)
            return wrong(HelloSenderJudge(log: made.log, arrived: ["hello": arrival]).findings)
        }
        #expect(arrived("a", "b", "c") == [] && arrived("c", "a", "b") == [])
        #expect(arrived("a", "b") != [] && arrived("a", "b", "b") != [] && arrived("a", "b", "d") != [])
    }

    // MARK: Receivers

    /// Two seconds for each, and the last has come half a second ago.
    @Test func aReceiverMayBeAtWork() throws {
        var made = MadeUpLog()
        made.declares("hello")
        made.consumes("hello")
        for tag: UInt64 in 1...3 {
            made.gets(tag, "Check \(tag)")
            made.pass(2000)
            made.acks(tag)
        }
        made.gets(4, "Check 4")
        made.pass(500)
        let consumption = try #require(made.log.consumptions.first)
        #expect(made.log.settlesOnce(consumption).verdict == .notSeen)
        #expect(
            WorkerJudge(shortestTask: 400, log: made.log).findings.allSatisfy {
                $0.title != "acknowledges its tasks" || !$0.isWrong
            })
        made.pass(9000)
        #expect(made.log.settlesOnce(consumption).verdict == .no)
        #expect(verdict("acknowledges its tasks", in: WorkerJudge(shortestTask: 400, log: made.log).findings) == .no)
    }

    // MARK: Keys

    private func binds(_ keys: [ShortString], _ line: String, isTopic: Bool = false) -> Finding {
        var made = MadeUpLog()
        for key in keys { made.binds("q", to: "logs", key) }
        let words = line.split(separator: " ").map(String.init)
        return KeyJudge(words: words, log: made.log, isTopic: isTopic).oneBindingEach(.routingRead)
    }

    @Test func aWordBehindAnOptionMayBeAKey() {
        #expect(binds(["info", "error"], "python3 receive.py -v info error").isGood)
        #expect(binds(["error"], "python3 receive.py --color info error").isGood)
        #expect(
            binds(["kern.*", "*.critical"], "python3 receive.py --durable kern.* *.critical", isTopic: true).isGood)
        #expect(binds(["info"], "python3 receive.py -v info error").isWrong)
        #expect(binds(["debug", "error"], "python3 receive.py -v info error").isWrong)
    }

    @Test func theNameOfAProgramIsNoKey() {
        #expect(binds(["kern.*"], "java com.acme.Receive kern.*", isTopic: true).isGood)
        #expect(binds(["kern.*"], "java com.acme.Receive", isTopic: true).isGood)
        #expect(binds(["kern.*"], "env python3.11 receive.py kern.*", isTopic: true).isGood)
        #expect(binds(["kern.*"], "uv run python3.12 receive.py kern.*", isTopic: true).isGood)
        #expect(binds(["kern.*"], "java com.acme.Receive kern.* *.critical", isTopic: true).isWrong)
        #expect(binds(["anonymous.info"], "receive kern.critical", isTopic: true).isWrong)
    }

    @Test func notEachWordBehindAKeyIsOne() {
        #expect(binds(["info", "error"], "python3 receive.py info error out.log").isGood)
        #expect(binds(["info", "error"], "python3 receive.py info error 10 localhost").isGood)
        #expect(binds(["kern.*"], "python3 receive.py kern.* out.log 10.0.0.1", isTopic: true).isGood)
        #expect(binds(["mail", "print"], "receive mail cron print").isWrong)
        #expect(binds(["kern.*"], "receive kern.* cron.info", isTopic: true).isWrong)
    }

    @Test func aSeverityMayBeWrittenOtherwise() {
        #expect(binds(["warning"], "receive WARN").isGood && binds(["error"], "receive ERROR").isGood)
        #expect(binds(["warning"], "receive info").isWrong)
    }

    @Test func theEnvironmentIsNoArgument() {
        #expect(
            CommandWords(["env", "-i", "PYTHONUNBUFFERED=1", "python3", "r.py", "all", "a=b"]).pairs.map(\.name) == [
                "a"
            ])
        #expect(CommandWords(["sh", "-c", "LANG=C exec python3 r.py all a=b"]).pairs.map(\.name) == ["a"])
        #expect(CommandWords(["./receive", "a=b"]).pairs.map(\.name) == ["a"])
    }

    @Test func aTextMayEndWithADot() {
        func emits(_ key: ShortString, isTopic: Bool, _ words: String...) -> Bool {
            var made = MadeUpLog()
            made.publishes("Fire.", exchange: "logs", key: key)
            let judge = KeyJudge(words: words, log: made.log, isTopic: isTopic)
            return (isTopic ? judge.isDotted : judge.isSeverity)?.isGood == true
        }
        #expect(emits("critical", isTopic: true, "python3", "emit.py", "critical", "Fire."))
        #expect(emits("anonymous.info", isTopic: true, "python3", "emit.py", "Fire."))
        #expect(emits("kern.critical", isTopic: true, "java", "com.acme.EmitLogTopic", "kern.critical", "x"))
        #expect(!emits("anonymous.info", isTopic: true, "python3", "emit.py", "kern.critical", "x"))
        #expect(emits("error", isTopic: false, "python3", "emit.py", "ERROR", "x"))
        #expect(!emits("info", isTopic: false, "python3", "emit.py", "error", "x"))
    }

    // MARK: Clients

    @Test func anAnswerFitsIntoASmallNumber() {
        #expect(Int32(RPCClientJudge.answer) != nil && Int32(RPCClientJudge.foreign) != nil)
    }

    // MARK: Publishers

    @Test func whatWasNotRefusedIsNotSeen() {
        let usual = ConfirmsJudge.Act.made { $0.publishes("1", key: "orders") }
        // It was killed before it came to its end.
        let slow = ConfirmsJudge.Act.made(status: nil) { made in
            made.publishes("1", key: "orders")
            made.broker(.basicNack(BasicNack(deliveryTag: 1)))
        }
        #expect(ConfirmsJudge.noticesRefusal(slow, usually: usual).verdict == .notSeen)
        #expect(ConfirmsJudge.noticesRefusal(ConfirmsJudge.Act.made { _ in }, usually: usual).verdict == .notSeen)
        #expect(ConfirmsJudge.waits(ConfirmsJudge.Act.made { _ in }).verdict == .notSeen)
        // Its patience was shorter than the check's.
        #expect(ConfirmsJudge.waits(ConfirmsJudge.Act.made(status: 1) { $0.publishes("1", key: "orders") }).isGood)
        #expect(ConfirmsJudge.waits(ConfirmsJudge.Act.made(status: 0) { $0.publishes("1", key: "orders") }).isWrong)
        let returned = ConfirmsJudge.Act.made(status: nil) { made in
            made.program(
                .basicPublish(BasicPublish(exchange: "", routingKey: "o", mandatory: true)),
                Content(properties: .init(), body: []))
            made.broker(.basicReturn(BasicReturn(replyCode: .noRoute, exchange: "", routingKey: "o")))
        }
        #expect(ConfirmsJudge.noticesReturn(returned, usually: usual).verdict == .notSeen)
    }

    /// It fails because something came back, not because of the one confirm for all.
    @Test func whoGotSomethingBackMayFail() {
        let several = ConfirmsJudge.Act.made(status: 1) { made in
            for _ in 1...3 { made.publishes("1", key: "orders") }
            made.broker(.basicReturn(BasicReturn(replyCode: .noRoute, exchange: "", routingKey: "b")))
            made.broker(.basicAck(BasicAck(deliveryTag: 3, multiple: true)))
        }
        #expect(ConfirmsJudge.takesSeveral(several) == nil)
    }

    // MARK: Roles

    /// It says that it is there before it consumes.
    @Test func aConsumerMayPublishFirst() {
        var made = MadeUpLog()
        made.publishes("online", exchange: "status", key: "w")
        #expect(made.log.role(isLate: false) == nil && made.log.role(isLate: true) == .producer)
        var other = made
        other.consumes("task_queue")
        #expect(other.log.role(isLate: false) == .consumer)
        made.closes()
        #expect(made.log.role(isLate: false) == .producer)
    }

    @Test func whoWantsAllGetsAll() {
        func unwanted(_ words: String...) -> Int {
            var made = MadeUpLog()
            made.binds("q", to: "topic_logs", "#")
            let judge = KeyJudge(words: ["./receive"] + words, log: made.log, isTopic: true)
            return TopicCheck.probes(judge).count { !$0.isWanted }
        }
        #expect(unwanted() == 0 && unwanted("#") == 0 && unwanted("kern.*") == 1)
    }
}
