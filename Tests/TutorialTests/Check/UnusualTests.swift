import AMQPWire
import TestSupport
import Testing

@testable import workbook

/// What programs do that are written with other libraries, or by other habits, as observations made by hand: right ones that
/// were accused, and wrong ones beside them that must be named still.
@Suite(.watched) struct UnusualTests {
    private func wrong(_ findings: [Finding]) -> [String] { findings.filter(\.isWrong).map(\.title) }

    private func verdict(_ title: String, in findings: [Finding]) -> Finding.Verdict? {
        findings.first { $0.title == title }?.verdict
    }

    // MARK: Senders

    private static let arrives = "its message arrives in the queue"

    /// - Parameter count: how many are in the queue when it is looked at
    private func sender(
        _ properties: BasicProperties = .init(), _ arguments: FieldTable = [:], arrived count: Int,
        _ scene: (inout MadeUpLog) -> Void = { _ in }
    ) -> [Finding] {
        var made = MadeUpLog()
        made.connects()
        made.declares("hello", arguments)
        scene(&made)
        for body in ["one", "two"] { made.publishes(body, properties, key: "hello") }
        made.closes()
        made.breaksOff()
        let first = Array(["one", "two"].prefix(count))
        return HelloSenderJudge(log: made.log, arrived: ["hello": .init(count: count, first: first)]).findings
    }

    @Test func aMessageMayBeOver() {
        #expect(verdict(Self.arrives, in: sender(.init(expiration: "50"), arrived: 0)) == .notSeen)
        #expect(verdict(Self.arrives, in: sender(.init(), ["x-message-ttl": .int32(50)], arrived: 0)) == .notSeen)
        #expect(verdict(Self.arrives, in: sender(.init(), ["x-max-length": .int32(1)], arrived: 1)) == .notSeen)
        #expect(verdict(Self.arrives, in: sender(.init(), ["x-queue-type": "classic"], arrived: 1)) == .no)
        #expect(verdict(Self.arrives, in: sender(.init(contentType: "text/plain"), arrived: 2)) == .yes)
    }

    /// With two thousand messages and a connection for each, the log does not keep all good-byes.
    @Test func aConnectionForEachMessageIsClosed() {
        var made = MadeUpLog()
        for number in 1...(WireLog.mostOthers + 10) {
            made.connection = number
            made.connects()
            made.publishes("x", key: "hello")
            if number != 7 { made.closes() }
            made.breaksOff()
        }
        #expect(made.log.saysGoodbye(1).verdict == .no)
        made.connection = 7
        made.closes()
        #expect(made.log.saysGoodbye(1).verdict == .yes)
    }

    /// What goes to nobody's queue, an exchange for metrics say, is none of its tasks.
    @Test func aWordAboutItselfIsNoTask() {
        func judged(_ mode: UInt8) -> [String] {
            var made = MadeUpLog()
            made.publishes("I am here", exchange: "status", key: "producer")
            made.declares("tasks", durable: true)
            made.publishes("A task", BasicProperties(deliveryMode: mode), key: "tasks")
            made.closes()
            return wrong(TaskJudge(log: made.log).findings)
        }
        #expect(judged(2) == [] && judged(1) == ["makes its tasks persistent"])
    }

    /// The check has nobody listen to an emitter: a mandatory message comes back, and the emitter may fail for it.
    @Test func whoLearnsThatNobodyListensMayFail() {
        func fails(_ isReturned: Bool) -> [String] {
            var made = MadeUpLog()
            made.declares(exchange: "logs", "fanout")
            made.publishes("info: Hello", exchange: "logs", key: "")
            if isReturned {
                made.broker(
                    .basicReturn(BasicReturn(replyCode: .noRoute, exchange: "logs", routingKey: "")),
                    Content(properties: .init(), body: []))
            }
            made.closes()
            made.ends(1, printing: ["nobody listens"])
            return wrong(EmitterJudge(type: "fanout", see: .pubsubRead, log: made.log).findings)
        }
        #expect(fails(true) == [] && fails(false) == ["runs without an error"])
    }

    // MARK: Workers

    private func worker(_ scene: (inout MadeUpLog) -> Void) -> [Finding] {
        var made = MadeUpLog()
        made.connects()
        made.opens()
        made.declares("mail", durable: true)
        made.program(.basicQos(BasicQos(prefetchCount: 1)))
        scene(&made)
        return WorkerJudge(shortestTask: 400, log: made.log).findings
    }

    /// Told what to do through a queue of its own, which it reads first.
    @Test func aWorkerMayListenForItselfToo() throws {
        func control(_ made: inout MadeUpLog) {
            made.declares("", name: "amq.gen-1", exclusive: true)
            made.consumes("amq.gen-1", noAck: true, tag: "control")
            made.consumes("mail", tag: "work")
            made.gets(1, "Task 1.", from: "work")
            made.pass(1000)
        }
        #expect(
            wrong(
                worker { made in
                    control(&made)
                    made.acks(1)
                }) == [])
        #expect(
            wrong(
                worker { made in
                    control(&made)
                    made.pass(9000)
                }) == ["acknowledges its tasks"])
        var made = MadeUpLog()
        control(&made)
        #expect(try #require(made.log.work).queue == "mail")
    }

    /// It closes its channel behind each task. The next was on its way already, and comes again.
    @Test func aChannelForEachTask() {
        func judged(acksLast: Bool) -> [String] {
            wrong(
                worker { made in
                    made.consumes("mail")
                    made.gets(1, "Task 1.")
                    made.pass(1000)
                    made.acks(1)
                    made.gets(2, "Task 3")
                    made.program(.channelClose(ChannelClose(replyCode: .replySuccess)))
                    made.opens()
                    made.program(.basicQos(BasicQos(prefetchCount: 1)))
                    made.consumes("mail", tag: "d")
                    made.broker(
                        .basicDeliver(
                            BasicDeliver(
                                consumerTag: "d", deliveryTag: 1, redelivered: true, exchange: "", routingKey: "mail")),
                        Content(properties: .init(), body: Array("Task 3".utf8)))
                    if acksLast { made.acks(1) }
                    made.pass(9000)
                })
        }
        #expect(judged(acksLast: true) == [] && judged(acksLast: false) == ["acknowledges its tasks"])
    }

    /// An ack on another channel than the delivery's: the broker closes that, and nothing was acknowledged.
    @Test func whatTheBrokerCutOffWasNotSeen() {
        let findings = worker { made in
            made.consumes("mail")
            made.gets(1, "Task 1.")
            made.channel = 2
            made.opens()
            made.acks(1)
            made.isRefused(.preconditionFailed, "PRECONDITION_FAILED - unknown delivery tag 1")
        }
        #expect(verdict("acknowledges its tasks", in: findings) == .notSeen)
    }

    @Test func noLimitIsSaidToBeNone() {
        var made = MadeUpLog()
        made.program(.basicQos(BasicQos(prefetchCount: 0)))
        made.declares("mail", durable: true)
        made.consumes("mail")
        let finding = WorkerJudge(shortestTask: 400, log: made.log).findings.first { $0.title.hasPrefix("limits its") }
        #expect(finding?.isWrong == true && finding?.seen.contains("no limit") == true)
    }

    @Test func aQuestionMakesNoQueue() {
        var made = MadeUpLog()
        made.program(.queueDeclare(QueueDeclare(queue: "mail", passive: true)))
        made.consumes("mail")
        let finding = HelloReceiverJudge(log: made.log).findings[0]
        #expect(finding.isWrong && finding.seen.contains("only asks"))
    }

    // MARK: Subscribers

    /// It has a second queue, for what it gives up, bound to another exchange before.
    @Test func aSubscriberMayHaveAnotherExchangeToo() {
        var made = MadeUpLog()
        for run in 1...2 {
            let name: ShortString = run == 1 ? "amq.gen-1" : "amq.gen-2"
            (made.run, made.connection) = (run, run)
            made.declares(exchange: "given-up", "fanout")
            made.declares("given-up")
            made.binds("given-up", to: "given-up")
            made.declares(exchange: "direct_logs", "direct")
            made.declares("", name: name, exclusive: true)
            // Twice is once.
            for _ in 1...2 { made.binds(name, to: "direct_logs", "error") }
            made.consumes(name)
        }
        let judge = SubscriberJudge(
            type: "direct", log: made.log, exchange: "direct_logs", sent: [], isQueueLeft: false)
        #expect(wrong(judge.findings(.routingRead)) == [])
        let keys = KeyJudge(words: ["./receive", "error"], log: made.log)
        #expect(keys.oneQueue.isGood && keys.oneBindingEach(.routingRead).isGood)
        // One queue for each key is still more than one.
        (made.run, made.connection) = (1, 1)
        made.declares("", name: "amq.gen-3", exclusive: true)
        made.binds("amq.gen-3", to: "direct_logs", "info")
        #expect(KeyJudge(words: ["./receive", "error", "info"], log: made.log).oneQueue.isWrong)
    }

    private func emits(_ key: ShortString, isTopic: Bool, _ words: String...) -> Finding.Verdict? {
        var made = MadeUpLog()
        made.publishes("online", key: "status")
        made.publishes("Disk full", exchange: "logs", key: key)
        let judge = KeyJudge(words: ["python3", "emit.py"] + words, log: made.log, isTopic: isTopic)
        return (isTopic ? judge.isDotted : judge.isSeverity)?.verdict
    }

    @Test func aWordOfAKeyMayHaveOtherSigns() {
        #expect(emits("urn:disk.full", isTopic: true) == .yes && emits("eu/west.disk", isTopic: true) == .yes)
        #expect(emits("New York.rain", isTopic: true) == .yes)
        #expect(emits("disk:full", isTopic: true) == .notSeen, "one word, which may be meant")
        #expect(emits("disk:full", isTopic: true, "disk.full") == .no)
        #expect(emits("kern.critical Disk full", isTopic: true, "kern.critical", "Disk full") == .no)
        #expect(emits("app:error", isTopic: false, "error") == .yes)
        #expect(emits("logs.ERROR", isTopic: false, "error") == .yes)
        #expect(emits("app:info", isTopic: false, "error") == .no)
        #expect(emits("error: Disk full", isTopic: false, "error") == .no)
        #expect(emits("", isTopic: false, "error") == .no)
    }

    @Test func aPatternMayHaveOtherSignsToo() {
        func binds(_ key: ShortString, isTopic: Bool, _ word: String) -> Finding {
            var made = MadeUpLog()
            made.binds("q", to: "logs", key)
            return KeyJudge(words: ["./receive", word], log: made.log, isTopic: isTopic).oneBindingEach(.topicRead)
        }
        #expect(binds("lang.C#", isTopic: true, "lang.C#").isGood && binds("urn:a.*", isTopic: true, "urn:a.*").isGood)
        #expect(binds("kern*", isTopic: true, "kern*").isWrong)
        #expect(
            binds("app:error", isTopic: false, "error").isGood && binds("app:info", isTopic: false, "error").isWrong)
    }

    // MARK: Questions

    private func role(_ scene: (inout MadeUpLog) -> Void) -> Check.Role? {
        var made = MadeUpLog()
        scene(&made)
        return made.log.rpcRole
    }

    @Test func aServerIsKnownByWhatItDoes() {
        func serves(_ made: inout MadeUpLog) {
            made.declares("fibonacci")
            made.consumes("fibonacci")
        }
        let question = BasicProperties(correlationID: "1", replyTo: "answers")
        #expect(role(serves) == .consumer)
        #expect(
            role { made in
                made.publishes("online", exchange: "status", key: "server")
                serves(&made)
            } == .consumer)
        #expect(
            role { made in
                made.declares("fibonacci", exclusive: true)
                made.consumes("fibonacci")
            } == .consumer, "a queue that only it can have, but everybody can find")
        #expect(
            role { made in
                made.declares("answers", autoDelete: true)
                made.consumes("answers")
                made.publishes("30", question, key: "fibonacci")
            } == .producer)
        #expect(role { $0.publishes("30", key: "fibonacci") } == .producer)
        #expect(
            role { made in
                made.declares("", name: "amq.gen-1", exclusive: true)
                made.consumes("amq.gen-1")
            } == .producer)
        #expect(role { $0.declares("fibonacci") } == nil)
    }

    @Test func aServerMayCountItsWork() {
        var made = MadeUpLog()
        made.publishes("error", BasicProperties(correlationID: "check-rubbish"), key: "replies")
        made.publishes("1 question", exchange: "metrics", key: "rpc")
        let asked = ["check-marker-0", "check-rubbish"]
        #expect(made.log.answers(to: asked, "replies").count == 1, "the metrics are no answer to the second")
        made.publishes("21", key: "replies")
        #expect(made.log.answers(to: asked, "replies").count == 2)
        #expect(made.log.answers(to: asked, "replies", from: 2).map(\.body) == ["21"])
    }

    /// It counts 1, 2 in each run, and each run has a queue of its own.
    @Test func questionsMayBeCounted() {
        func asks(_ ids: [ShortString], isShared: Bool) -> Finding.Verdict? {
            var made = MadeUpLog()
            for run in 1...3 {
                (made.run, made.connection) = (run, run)
                let name: ShortString = isShared || run == 1 ? "amq.gen-1" : run == 2 ? "amq.gen-2" : "amq.gen-3"
                made.declares("", name: name, exclusive: true)
                for (number, id) in ids.enumerated() {
                    made.publishes("\(number)", BasicProperties(correlationID: id, replyTo: name), key: "rpc_queue")
                }
            }
            let judge = RPCClientJudge(log: made.log, printed: [], isOver: true)
            return verdict("uses a correlation id of its own", in: judge.findings)
        }
        #expect(asks(["1", "2"], isShared: false) == .yes)
        #expect(asks(["1", "2"], isShared: true) == .no && asks(["1", "1"], isShared: false) == .no)
        #expect(asks(["1"], isShared: false) == .no)
    }
}
