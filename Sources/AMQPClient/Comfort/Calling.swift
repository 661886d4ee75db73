import AMQPTransport
import AMQPWire
import Synchronization

/// Asks questions, and knows each answer again (RabbitMQ, page "Direct Reply-to"): no queue is declared for the answers.
///
/// ```swift
/// let caller = try await channel.caller()
/// let answer = try await caller.call(Message("30"), to: "rpc_queue", timeout: .seconds(5))
/// ```
/// Any number of tasks may ask at a time. It ends with its channel, or when it is let go of.
public final class Caller: Sendable {
    private static let replies = "amq.rabbitmq.reply-to"

    private struct State: Sendable {
        var lastID: UInt64 = 0
        var asked: [ShortString: Mailbox<Result<Message, AMQPError>>] = [:]
        /// Why no more answers come.
        var end: AMQPError?
    }

    /// What the readers hold, so that they do not hold the caller.
    private final class Questions: Sendable {
        let state = Mutex(State())

        func answer(_ id: ShortString?, _ result: Result<Message, AMQPError>) {
            guard let id else { return }
            state.withLock { $0.asked[id] }?.put(result)?()
        }

        func end(_ error: AMQPError) {
            let asked = state.withLock { state in
                state.end = error
                return state.asked.values.map { $0 }
            }
            for mailbox in asked { mailbox.put(.failure(error))?() }
        }
    }

    private let channel: Channel
    private let questions = Questions()
    private let readers: [Task<Void, Never>]

    init(_ channel: Channel) async throws(AMQPError) {
        self.channel = channel
        let returns = channel.returns
        // A stop of the session leaves it alone: the work in hand may have questions.
        let answers = try await channel.consume(
            BasicConsume(queue: ShortString(Self.replies, as: "queue name"), noAck: true), outlivesStop: true)
        readers = [
            Task { [questions, record = channel.record] in
                do throws(AMQPError) {
                    var answers = answers.makeAsyncIterator()
                    while let answer = try await answers.next(isolation: nil) {
                        questions.answer(answer.properties.correlationID, .success(answer.message))
                    }
                    questions.end(record.reason ?? .noMoreAnswers)
                } catch {
                    questions.end(error)
                }
            },
            Task { [questions] in
                var returns = returns.makeAsyncIterator()
                // What ends them ends the answers too, and is told there.
                while let message = try? await returns.next(isolation: nil) {
                    questions.answer(message.message.properties.correlationID, .failure(.returned(message)))
                }
            },
        ]
    }

    deinit { for reader in readers { reader.cancel() } }

    /// No more answers come. Whoever was told so by a question finds it here.
    var hasEnded: Bool { questions.state.withLock { $0.end != nil } }

    /// Returns when no more answers come: the channel is closed. A cancellation ends them too.
    func waitForEnd() async {
        await withTaskCancellationHandler {
            await readers[0].value
        } onCancel: {
            for reader in readers { reader.cancel() }
        }
    }

    /// Asks, and waits for the answer.
    ///
    /// - Parameters:
    ///   - question: its `correlationID` and `replyTo` are set here.
    ///   - key: the routing key; with the default exchange, the queue of those who answer.
    ///   - exchange: empty: the default exchange.
    ///   - timeout: more than zero; for sending it, which waits while there is no room, and for the answer together.
    /// - Throws: ``AMQPError``: `timedOut`; `returned` when no queue takes the question, so nobody could answer; `cancelled`
    ///   with the task; what ended the channel.
    public func call(
        _ question: Message, to key: String, exchange: String = "", timeout: Duration = .seconds(10)
    ) async throws(AMQPError) -> Message {
        let mailbox = Mailbox<Result<Message, AMQPError>>()
        let id = try questions.state.withLock { state throws(AMQPError) in
            if let end = state.end { throw end }
            state.lastID += 1
            let id = try ShortString("\(state.lastID)", as: "correlation id")
            state.asked[id] = mailbox
            return id
        }
        let time = channel.engine.configuration.time
        let milliseconds = Int(max(1, min(timeout.milliseconds, Int64(Int32.max))))
        let timer = time.wake(at: time.now + Int64(milliseconds)) {
            mailbox.put(.failure(.noAnswer(to: key, milliseconds)))?()
        }
        defer {
            timer.cancel()
            questions.state.withLock { $0.asked[id] = nil }
        }
        var message = question
        message.properties.correlationID = id
        message.properties.replyTo = try ShortString(Self.replies, as: "reply-to")
        // While the broker takes no publishes, the time passes all the same.
        try await channel.publish(message, exchange: exchange, routingKey: key, mandatory: true, room: milliseconds)
        guard let result = try await mailbox.next() else { throw .cancelled("an answer") }
        return try result.get()
    }
}

extension AMQPError {
    fileprivate static func noAnswer(to key: String, _ milliseconds: Int) -> AMQPError {
        var error = AMQPError.timedOut("a question to '\(key)'", milliseconds: milliseconds)
        error.nextStep = "Check that somebody answers there, or allow more time."
        return error
    }

    fileprivate static let noMoreAnswers = AMQPError(
        .closedByClient, scope: .client, text: "The caller was released while a question waited for its answer")
}

extension Channel {
    /// Makes ready to ask questions on this channel, which needs no confirms for it.
    /// - Throws: ``AMQPError``; on a channel that has a caller already, 406 from the broker.
    public func caller() async throws(AMQPError) -> Caller { try await Caller(self) }
}

extension Queue {
    /// Answers the questions in this queue, up to `concurrency` at a time, each to the queue that it names.
    ///
    /// A question without a reply-to is worked on and answered to nobody. The question is acknowledged after the answer has
    /// been sent, so one whose server dies is asked again.
    ///
    /// - Parameters:
    ///   - concurrency: 1 to 65535.
    ///   - failure: what becomes of a question over which the closure has thrown. Whoever asked waits in vain, so an error
    ///     that the other side is to know of is better returned as an answer.
    ///   - answer: makes the answer to a question.
    /// - Throws: as ``process(concurrency:arguments:failure:_:)``.
    public func serve(
        concurrency: Int = 1, failure: FailurePolicy = .reject,
        _ answer: @escaping @Sendable (Delivery) async throws -> Message
    ) async throws {
        try await process(concurrency: concurrency, failure: failure) { question in
            var message = try await answer(question)
            guard let replyTo = question.properties.replyTo else { return }
            message.properties.correlationID = question.properties.correlationID
            try await channel.publish(message, routingKey: replyTo.text)
        }
    }
}
