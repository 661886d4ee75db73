import AMQPClient
import AMQPWire
import Synchronization

/// Plays the other role of a step against the broker itself. Its connection is lost with a restart, and made again.
final class Counterpart: Sendable {
    /// Where messages for a program go.
    struct Target: Sendable, Equatable {
        var exchange = ""
        var key: String
        var headers: FieldTable?
    }

    private struct State: Sendable {
        var connection: Connection?
        var sent: [String] = []
        var replies: [(correlation: String, body: String)] = []
        var replyQueue: String?
        var tasks: [Task<Void, Never>] = []
        /// The ids of messages, by their bodies.
        var ids: [String: String] = [:]
        var isSending = false
        var hasFailed = false
    }

    private let broker: FireBroker
    private let state = Mutex(State())
    /// Digits, and others in each run: a program may remember what it got in another.
    private let salt = UInt64.random(in: 1_000_000_000 ... .max)

    init(_ broker: FireBroker) { self.broker = broker }

    var sent: [String] { state.withLock(\.sent) }
    var replies: [(correlation: String, body: String)] { state.withLock { $0.replies } }
    /// In the middle of its messages the broker is not restarted: nobody would know whether it has the next one.
    var isSending: Bool {
        get { state.withLock(\.isSending) }
        set { state.withLock { $0.isSending = newValue } }
    }

    /// It could not play its part, and that was not because the broker refused something.
    var hasFailed: Bool { state.withLock(\.hasFailed) }

    func end() { for task in state.withLock(\.tasks) { task.cancel() } }

    /// Does something on a channel of its own; nil: the broker refused.
    func attempt<Result: Sendable>(_ body: (Channel) async throws -> Result) async -> Result? {
        for _ in 0..<2 {
            do {
                let channel = try await connected().openChannel()
                let result = try await body(channel)
                try? await channel.close()
                return result
            } catch let error as AMQPError where error.scope != .connection && error.kind == .closedByBroker {
                return nil
            } catch {
                state.withLock { $0.connection = nil }
            }
        }
        state.withLock { $0.hasFailed = true }
        return nil
    }

    private func connected() async throws -> Connection {
        if let connection = state.withLock(\.connection) { return connection }
        let connection = try await broker.connect()
        state.withLock { $0.connection = connection }
        return connection
    }

    func declare(_ queue: String, isDurable: Bool) async {
        _ = await attempt { try await $0.declareQueue(queue, durable: isDurable) }
    }

    enum Sent: Sendable { case taken, returned, refused }

    /// The message-id of a message: a message that is sent twice has the same.
    private func id(of body: String) -> String {
        state.withLock { state in
            let id = state.ids[body] ?? "\(salt)\(state.ids.count)"
            state.ids[body] = id
            return id
        }
    }

    /// How many messages are ready in a queue; nil where there is no such queue, or none that may be asked.
    func count(_ queue: String) async -> Int? {
        await attempt { try await $0.declareQueue(queue, passive: true).messageCount }
    }

    /// Sends a message, and notes it when a queue has it.
    @discardableResult func send(_ body: String, to target: Target, asks: Bool, hasID: Bool = false) async -> Sent {
        let replyTo = asks ? await replyQueue() : nil
        let sent = await attempt { channel -> Sent in
            let properties = try BasicProperties(
                headers: target.headers, correlationID: asks ? ShortString(body) : nil,
                replyTo: replyTo.map { try ShortString($0) }, messageID: hasID ? ShortString(self.id(of: body)) : nil)
            do {
                try await channel.publishAndConfirm(
                    Message(body, persistent: true, properties: properties), exchange: target.exchange,
                    routingKey: target.key, mandatory: true)
            } catch let error as AMQPError {
                guard case .returned = error.kind else { throw error }
                return .returned
            }
            return .taken
        }
        if sent == .taken { state.withLock { $0.sent.append(body) } }
        return sent ?? .refused
    }

    /// Takes what a queue holds; nil where there is no such queue, or it belongs to somebody's connection alone.
    func take(_ queue: String) async -> [String]? {
        await attempt { channel in
            var bodies: [String] = []
            while bodies.count < 1000, let next = try await channel.get(queue, noAck: true) { bodies.append(next.text) }
            return bodies
        }
    }

    func delete(_ queue: String) async { _ = await attempt { try await $0.deleteQueue(queue) } }

    // MARK: Questions and answers

    private func replyQueue() async -> String? {
        if let queue = state.withLock(\.replyQueue) { return queue }
        // Not exclusive: it has to be there for whoever listens after a restart. By name, so that it can be declared again;
        // another's in each run, so that none hears what was said to the one before.
        let queue = "the asker's answers \(salt)"
        state.withLock { $0.replyQueue = queue }
        let isLasting = broker.isElsewhere
        // Should this process be killed, the queue does not stay for ever on a broker that does.
        let expires: FieldTable = isLasting ? ["x-expires": .int32(600_000)] : [:]
        keepAtIt { [weak self] channel in
            try await channel.declareQueue(queue, durable: true, arguments: expires)
            for try await reply in try await channel.consume(queue, noAck: true) {
                let correlation = reply.properties.correlationID?.text ?? ""
                self?.state.withLock { $0.replies.append((correlation, reply.text)) }
            }
        }
        _ = await attempt { try await $0.declareQueue(queue, durable: true, arguments: expires) }
        return queue
    }

    /// No answer is awaited any more, and the queue for them goes.
    func stopListening() async {
        let (tasks, queue) = state.withLock { state in
            defer { state.tasks = [] }
            return (state.tasks, state.replyQueue)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
        if let queue { await delete(queue) }
    }

    /// Answers what comes to a queue, as the blow has it.
    func answer(_ queue: String, _ blow: Blow?, strike: @escaping @Sendable () -> Void) async {
        await declare(queue, isDurable: false)
        keepAtIt { channel in
            try await channel.declareQueue(queue)
            for try await question in try await channel.consume(queue) {
                if blow?.isOthers == true { strike() }
                let reply = Message(
                    Fibonacci.answer(to: question.text) ?? "error",
                    properties: BasicProperties(correlationID: question.properties.correlationID))
                let queue = question.properties.replyTo?.text ?? ""
                switch blow {
                case .silence?:
                    try await channel.ack(question.deliveryTag)
                    continue
                case .stranger?:
                    let strange = Message(
                        Fibonacci.strange, properties: BasicProperties(correlationID: "somebody else's"))
                    try await channel.publish(strange, routingKey: queue)
                case .twice?: try await channel.publish(reply, routingKey: queue)
                case .late?: try await Task.sleep(for: .milliseconds(700))
                default: break
                }
                try await channel.publish(reply, routingKey: queue)
                try await channel.ack(question.deliveryTag)
            }
        }
    }

    /// Again whenever its connection is lost.
    private func keepAtIt(_ body: @escaping @Sendable (Channel) async throws -> Void) {
        let task = Task { [broker] in
            while !Task.isCancelled {
                do {
                    let connection = try await broker.connect()
                    try await body(try await connection.openChannel())
                } catch {}
                try? await Task.sleep(for: .milliseconds(20))
            }
        }
        state.withLock { $0.tasks.append(task) }
    }
}

extension Counterpart.Target {
    /// Where a message has to go to reach this consumer: as the program bound its queue, or else straight into the queue.
    init(reaching consumption: WireLog.Consumption, in log: WireLog) {
        let binding = log.bindings.last { $0.queue == consumption.queue && $0.isGranted }
        let type = binding.flatMap { log.declaration(ofExchange: $0.exchange) }?.method.type.text ?? ""
        // An exchange of RabbitMQ's own types chooses one of its queues, which may be another.
        guard let binding, !type.hasPrefix("x-") else {
            self.init(key: consumption.queue)
            return
        }
        let headers = binding.method.arguments.fields.filter { !$0.name.text.hasPrefix("x-") }
        self.init(
            exchange: binding.exchange, key: type == "topic" ? TopicCheck.key(for: binding.key) : binding.key,
            headers: headers.isEmpty ? nil : FieldTable(headers))
    }
}
