import AMQPWire
import TestSupport
import Testing

@testable import workbook

/// What the check's judges say of observations made by hand: of right programs that do it another way, above all.
@Suite(.watched) struct JudgeTests {
    private func verdicts(_ findings: [Finding]) -> [String: Finding.Verdict] {
        Dictionary(findings.map { ($0.title, $0.verdict) }) { $1 }
    }

    private func wrong(_ findings: [Finding]) -> [String] { findings.filter(\.isWrong).map(\.title) }

    // MARK: The log

    @Test func aChannelNumberThatIsUsedAgainIsAnotherChannel() throws {
        var made = MadeUpLog()
        for _ in 1...2 {
            made.opens()
            made.declares("hello")
            made.consumes("hello")
            for tag: UInt64 in 1...2 { made.gets(tag, "Check") }
            made.acks(2, multiple: true)
        }
        #expect(made.log.handed.map(\.settlements.count) == [1, 1, 1, 1])
        let consumption = try #require(made.log.consumptions.first)
        #expect(made.log.settlesOnce(consumption).isGood)
    }

    @Test func oneAckMayBeForSeveral() {
        var made = MadeUpLog()
        made.opens()
        made.consumes("hello")
        for tag: UInt64 in 1...4 { made.gets(tag, "Check") }
        made.acks(2)
        made.acks(3, multiple: true)
        #expect(made.log.handed.map(\.settlements.count) == [1, 1, 1, 0])
        made.acks(0, multiple: true)
        #expect(made.log.handed.map(\.settlements.count) == [1, 1, 1, 1])
        made.acks(3, multiple: true)
        #expect(made.log.handed.map(\.settlements.count) == [1, 1, 2, 1])
    }

    @Test func aFloodIsCounted() {
        var made = MadeUpLog()
        for _ in 0..<(WireLog.mostMessages + 5) { made.publishes("x", key: "hello") }
        #expect(made.log.published.count == WireLog.mostMessages && made.log.unkept == 5)
        let long = String(repeating: "x", count: WireLog.longestBody + 5)
        var one = MadeUpLog()
        one.publishes(long, key: "hello")
        #expect(one.log.published.first?.body.count == WireLog.longestBody)
    }

    /// Of a program that never ends, the gauntlet keeps the beginning.
    @Test func whatPassesIsKeptUpToALimit() {
        let record = WireRecord(keepsFrames: true)
        let body = [UInt8](repeating: 120, count: 8 << 20)
        let publish = Method.basicPublish(BasicPublish(exchange: "", routingKey: "hello"))
        for _ in 1...20 {
            record.add(1, 1, .toBroker, 1, .method(publish, Content(properties: .init(), body: body)))
        }
        #expect(record.observations.count == 8 && record.log.published.count == 20 && !record.isFlooded)
    }

    @Test func whereAMessageGoes() {
        var made = MadeUpLog()
        made.declares(exchange: "tasks", "topic")
        made.binds("all", to: "tasks", "#")
        made.binds("some", to: "tasks", "a.*")
        #expect(made.log.destinations(exchange: "", key: "q") == ["q"])
        #expect(made.log.destinations(exchange: "tasks", key: "a.b") == ["all", "some"])
        #expect(made.log.destinations(exchange: "tasks", key: "a.b.c") == ["all"])
        #expect(made.log.destinations(exchange: "amq.fanout", key: "") == [])
        #expect(made.log.destinations(exchange: "amq.headers", key: "") == nil)
        made.program(.exchangeBind(ExchangeBind(destination: "other", source: "tasks")))
        #expect(made.log.destinations(exchange: "tasks", key: "a.b") == nil)
    }

    @Test func patterns() {
        for (pattern, key) in [("#", ""), ("#", "a.b"), ("a.#", "a"), ("*.b", "a.b"), ("#.c", "a.b.c"), ("a", "a")] {
            #expect(TopicPattern.matches(pattern, key), "\(pattern) \(key)")
        }
        for (pattern, key) in [("*", "a.b"), ("a.*", "a"), ("a", ""), ("a.#.c", "a.b")] {
            #expect(!TopicPattern.matches(pattern, key), "\(pattern) \(key)")
        }
    }

    // MARK: Senders

    @Test func whoStillPublishesHasNotEnded() {
        var made = MadeUpLog()
        made.connects()
        for _ in 1...8 {
            made.publishes("tick", key: "hello")
            made.pass(1000)
        }
        #expect(made.log.saysGoodbye(1).verdict == .notSeen)
        made.pass(6000)
        #expect(made.log.saysGoodbye(1).verdict == .no)
        made.closes()
        #expect(made.log.saysGoodbye(1).verdict == .yes)
    }

    @Test func aTaskMayTakeTheWayThroughAnExchange() {
        var made = MadeUpLog()
        made.declares("jobs", durable: true)
        made.declares(exchange: "work", "direct")
        made.binds("jobs", to: "work", "mail")
        let persistent = BasicProperties(deliveryMode: 2)
        made.publishes("A task", persistent, exchange: "work", key: "mail")
        made.closes()
        #expect(TaskJudge(log: made.log).findings.filter { !$0.isGood } == [])
        let arrival = ["jobs": HelloSenderJudge.Arrival(count: 1, first: ["A task"])]
        #expect(HelloSenderJudge(log: made.log, arrived: arrival).findings.filter { !$0.isGood } == [])

        var unbound = MadeUpLog()
        unbound.declares(exchange: "work", "direct")
        unbound.publishes("A task", persistent, exchange: "work", key: "mail")
        unbound.closes()
        #expect(verdicts(TaskJudge(log: unbound.log).findings)["declares its queue durable"] == .notSeen)
    }

    @Test func whatArrivesIsCompared() {
        var made = MadeUpLog()
        made.declares("hello")
        for body in ["one", "two"] { made.publishes(body, key: "hello") }
        made.closes()
        func arrives(_ count: Int, _ first: [String]) -> Bool {
            let judge = HelloSenderJudge(log: made.log, arrived: ["hello": .init(count: count, first: first)])
            return wrong(judge.findings).isEmpty
        }
        #expect(arrives(2, ["one", "two"]) && !arrives(1, ["one"]) && !arrives(2, ["one", "???"]))
    }

    @Test func anErrorAtTheEndIsNamed() {
        var made = MadeUpLog()
        made.declares("hello")
        made.consumes("hello", noAck: true)
        made.gets(1, "Check 1")
        made.ends(1, printing: ["ValueError"])
        let findings = HelloReceiverJudge(log: made.log).findings
        #expect(wrong(findings) == ["runs without an error"])
        #expect(findings.last?.seen.contains("ValueError") == true)
        // What the broker refused it is another point.
        made.isRefused(.notFound, "NOT_FOUND")
        #expect(!wrong(HelloReceiverJudge(log: made.log).findings).contains("runs without an error"))
    }

    // MARK: Workers

    /// - Parameter times: for tasks of one dot, two, and none
    private func worker(_ times: Int64...) -> [String] {
        wrong(WorkerJudge(shortestTask: 400, log: MadeUpLog.worker(times).log).findings)
    }

    @Test func aWorkerMayBeQuickOrSlow() {
        #expect(worker(1000, 2000, 0) == [] && worker(100, 200, 1) == [] && worker(900, 800, 300) == [])
        #expect(worker(1, 1, 1) == ["acknowledges after the work"])
        #expect(worker(1000, 1000, 1000) == ["works longer on a longer task"])
    }

    /// One that sets its limit when it consumes already: a busy machine lets it be done with all that it has at the same time.
    @Test func aWorkerWithSeveralInHandIsNotTimed() {
        var made = MadeUpLog()
        made.opens()
        made.declares("task_queue", durable: true)
        made.program(.basicQos(BasicQos(prefetchCount: 1)))
        made.consumes("task_queue")
        for (index, task) in WorkerCheck.tasks.prefix(3).enumerated() { made.gets(UInt64(index + 1), task) }
        made.pass(1000)
        for tag in 1...3 as ClosedRange<UInt64> { made.acks(tag) }
        let findings = WorkerJudge(shortestTask: 400, log: made.log).findings
        #expect(!wrong(findings).contains("works longer on a longer task"))
    }

    // MARK: Subscribers

    private func subscriber(_ declare: (inout MadeUpLog) -> Void) -> SubscriberJudge {
        var made = MadeUpLog()
        for run in 1...2 {
            (made.run, made.connection) = (run, 2 * run)
            made.declares(exchange: "logs", "fanout")
            declare(&made)
            made.binds("", to: "logs")
            made.consumes("")
        }
        return SubscriberJudge(type: "fanout", log: made.log, exchange: "logs", sent: [], isQueueLeft: true)
    }

    @Test func aQueueThatExpiresVanishesToo() {
        var number = 0
        let expires = subscriber { made in
            number += 1
            made.declares("", name: ShortString("logs-\(number)", or: "logs"), ["x-expires": 60_000])
        }
        #expect(!wrong(expires.findings(.pubsubRead)).contains("its queue vanishes with it"))
        let stays = subscriber { $0.declares("logs_queue") }
        #expect(
            Set(wrong(stays.findings(.pubsubRead))) == ["has a queue of its own", "its queue vanishes with it"])
    }

    @Test func aSubscriberMayHaveTwoConnections() {
        var made = MadeUpLog()
        for run in 1...2 {
            let name: ShortString = run == 1 ? "amq.gen-1" : "amq.gen-2"
            (made.run, made.connection) = (run, 2 * run)
            made.declares(exchange: "logs", "fanout")
            made.declares("", name: name)
            made.binds(name, to: "logs")
            made.connection += 1
            made.consumes(name, noAck: true)
        }
        let judge = SubscriberJudge(type: "fanout", log: made.log, exchange: "logs", sent: [], isQueueLeft: false)
        #expect(wrong(judge.findings(.pubsubRead)) == [])
    }

    private func binds(_ keys: [ShortString], _ words: String, isTopic: Bool = false) -> Finding {
        var made = MadeUpLog()
        for key in keys { made.binds("q", to: "logs", key) }
        let all = ["python3", "receive.py"] + words.split(separator: " ").map(String.init)
        return KeyJudge(words: all, log: made.log, isTopic: isTopic).oneBindingEach(.routingRead)
    }

    @Test func optionsAreNoKeys() {
        #expect(binds(["info", "error"], "--host localhost info error --verbose").isGood)
        #expect(binds(["info", "error"], "info error -q 3").isGood)
        #expect(binds(["info"], "info --queue=error").isGood)
        #expect(binds(["info"], "").isGood, "a key in its code")
        #expect(binds(["#"], "", isTopic: true).isGood)
        #expect(binds(["error"], "info error").isWrong)
        #expect(binds(["info", "error", "debug"], "info error").isWrong)
        #expect(binds(["info error"], "info error").isWrong)
        #expect(binds(["#"], "kern.*", isTopic: true).isWrong)
        #expect(CommandWords(["sh", "-c", "exec python3 'receive.py' info"]).arguments == ["exec", "python3", "info"])
    }

    @Test func aKeyOfOneWordIsAKey() {
        func emits(_ key: ShortString, _ words: String...) -> Finding? {
            var made = MadeUpLog()
            made.publishes("version 1.2 is out", exchange: "topic_logs", key: key)
            return KeyJudge(words: ["python3", "emit.py"] + words, log: made.log, isTopic: true).isDotted
        }
        #expect(emits("critical", "critical")?.isGood == true)
        #expect(emits("kern.critical", "kern.critical", "version 1.2 is out")?.isGood == true)
        #expect(emits("kern/critical", "kern.critical")?.isWrong == true)
        #expect(emits("anonymous.info", "kern.critical")?.isWrong == true)
        #expect(emits("")?.isWrong == true)
    }
}

extension ShortString {
    fileprivate init(_ text: String, or other: ShortString) { self = (try? ShortString(text)) ?? other }
}
