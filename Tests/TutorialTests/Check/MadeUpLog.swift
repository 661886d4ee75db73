import AMQPWire
import Interceptor

@testable import workbook

/// A log made by hand: what programs and the broker have said to each other, a millisecond apart.
struct MadeUpLog {
    private(set) var log = WireLog()
    private var time: Int64 = 0
    /// The program, its connection and its channel of what comes next.
    var run = 1
    var connection = 1
    var channel: UInt16 = 1

    /// Nothing happens for so long.
    mutating func pass(_ milliseconds: Int64) {
        time += milliseconds
        log.now = time
    }

    mutating func program(_ method: Method, _ content: Content? = nil) { add(.toBroker, .method(method, content)) }
    mutating func broker(_ method: Method, _ content: Content? = nil) { add(.toClient, .method(method, content)) }

    mutating func connects() { add(.toBroker, .connected) }
    mutating func breaksOff() { add(.toBroker, .disconnected) }
    mutating func ends(_ status: Int32, printing lines: [String] = []) {
        log.lives.append(WireLog.Life(run: run, status: status, lines: lines))
    }

    private mutating func add(_ direction: Direction, _ what: Observation.What) {
        time += 1
        log.add(
            Observation(
                time: time, run: run, connection: connection, channel: channel, direction: direction, what: what))
    }

    // MARK: What programs often do

    mutating func opens() { program(.channelOpen(ChannelOpen())) }

    /// - Parameter name: what the broker calls it, when it is left to it
    mutating func declares(
        _ queue: ShortString, name: ShortString? = nil, durable: Bool = false, exclusive: Bool = false,
        autoDelete: Bool = false, _ arguments: FieldTable = [:]
    ) {
        program(
            .queueDeclare(
                QueueDeclare(
                    queue: queue, durable: durable, exclusive: exclusive, autoDelete: autoDelete, arguments: arguments))
        )
        broker(.queueDeclareOk(QueueDeclareOk(queue: name ?? queue, messageCount: 0, consumerCount: 0)))
    }

    mutating func declares(exchange: ShortString, _ type: ShortString) {
        program(.exchangeDeclare(ExchangeDeclare(exchange: exchange, type: type)))
    }

    mutating func binds(_ queue: ShortString, to exchange: ShortString, _ key: ShortString = "") {
        program(.queueBind(QueueBind(queue: queue, exchange: exchange, routingKey: key)))
        broker(.queueBindOk(QueueBindOk()))
    }

    mutating func consumes(
        _ queue: ShortString, noAck: Bool = false, exclusive: Bool = false, tag: ShortString = "c",
        _ arguments: FieldTable = [:]
    ) {
        program(.basicConsume(BasicConsume(queue: queue, noAck: noAck, exclusive: exclusive, arguments: arguments)))
        broker(.basicConsumeOk(BasicConsumeOk(consumerTag: tag)))
    }

    mutating func gets(
        _ tag: UInt64, _ body: String, _ properties: BasicProperties = .init(), key: ShortString = "q",
        from consumer: ShortString = "c"
    ) {
        broker(
            .basicDeliver(BasicDeliver(consumerTag: consumer, deliveryTag: tag, exchange: "", routingKey: key)),
            Content(properties: properties, body: Array(body.utf8)))
    }

    mutating func acks(_ tag: UInt64, multiple: Bool = false) {
        program(.basicAck(BasicAck(deliveryTag: tag, multiple: multiple)))
    }

    mutating func rejects(_ tag: UInt64, requeue: Bool = false) {
        program(.basicReject(BasicReject(deliveryTag: tag, requeue: requeue)))
    }

    mutating func publishes(
        _ body: String, _ properties: BasicProperties = .init(), exchange: ShortString = "", key: ShortString
    ) {
        program(
            .basicPublish(BasicPublish(exchange: exchange, routingKey: key)),
            Content(properties: properties, body: Array(body.utf8)))
    }

    mutating func isRefused(_ code: ReplyCode, _ text: ShortString) {
        broker(.channelClose(ChannelClose(replyCode: code, replyText: text)))
    }

    /// The answer to a question after a queue that is not there.
    mutating func asksInVain(for queue: ShortString, passively: Bool = true) {
        program(.queueDeclare(QueueDeclare(queue: queue, passive: passively)))
        broker(.channelClose(ChannelClose(replyCode: .notFound, replyText: "NOT_FOUND", cause: QueueDeclare.id)))
    }

    mutating func closes() {
        program(.connectionClose(ConnectionClose(replyCode: .replySuccess)))
    }
}

// MARK: - Programs that several suites judge

extension MadeUpLog {
    /// A worker whose tasks take so many milliseconds each.
    static func worker(
        _ times: [Int64], _ arguments: FieldTable = [:], _ before: (inout MadeUpLog) -> Void = { _ in }
    ) -> MadeUpLog {
        var made = MadeUpLog()
        made.opens()
        made.declares("task_queue", durable: true, arguments)
        before(&made)
        made.program(.basicQos(BasicQos(prefetchCount: 1)))
        made.consumes("task_queue")
        for (index, time) in times.enumerated() {
            made.gets(UInt64(index + 1), WorkerCheck.tasks[index])
            made.pass(time)
            made.acks(UInt64(index + 1))
        }
        return made
    }
}

extension ConfirmsJudge.Act {
    /// What a publisher did in one run, and how that ended.
    static func made(
        status: Int32? = 0, printing printed: [String] = [], _ scene: (inout MadeUpLog) -> Void
    ) -> ConfirmsJudge.Act {
        var made = MadeUpLog()
        made.connects()
        scene(&made)
        return ConfirmsJudge.Act(made.log, run: 1, status: status, printed: printed)
    }
}
