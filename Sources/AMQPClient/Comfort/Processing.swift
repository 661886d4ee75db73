import AMQPWire

/// What becomes of a delivery that was given to the work of ``Queue/process(concurrency:arguments:failure:_:)``:
///
/// | the work | the delivery |
/// |---|---|
/// | returns | is acknowledged |
/// | throws | as this policy says, also when a deadline of the work's own is over |
/// | throws, whatever it is, or has not begun, and the task is cancelled | goes back into the queue |
/// | is cut off, with the channel or the connection | goes back into the queue: the broker sees to that |
///
/// The task is cancelled when processing is, when the work on another delivery ends it (``Verdict/stop``), and by
/// ``Client/run(_:)`` after a loss, or when its grace is over. What goes back is marked as redelivered when it comes again,
/// and may have been worked on in part.
///
/// What goes back over a cancellation has not failed: RabbitMQ 4.3 doesn't count it toward a quorum queue's delivery limit.
///
/// A stream keeps every message, and takes none back. Deliveries of a queue that was declared as one are acknowledged when
/// they would be rejected or go back, so the next one comes.
public struct FailurePolicy: Sendable {
    /// What to do about an error of the work.
    public enum Verdict: Sendable, Equatable {
        /// The work counts as done.
        case ack
        /// Away with it, or to the queue's dead-letter exchange (basic.reject).
        case reject
        /// Back into the queue (basic.reject with requeue).
        case requeue
        /// Back into the queue, and processing ends with the error.
        case stop
    }

    /// What the work has come to.
    enum Outcome: Sendable {
        case notBegun
        case returned
        case threw(any Error)
    }

    private let onError: @Sendable (Delivery, any Error) -> Verdict

    /// All decisions on deliveries are made here.
    func verdict(on delivery: Delivery, _ outcome: Outcome, isCancelled: Bool) -> Verdict {
        switch outcome {
        case .returned: .ack
        // In a task that is cancelled, whatever it throws may be what it makes of that: no failure of the delivery's.
        case .threw(let error) where !isCancelled: onError(delivery, error)
        case .notBegun, .threw: .requeue
        }
    }

    /// Decided by a closure, which is called for each error, on any thread, unless the task is cancelled.
    public init(_ verdict: @escaping @Sendable (Delivery, any Error) -> Verdict) { onError = verdict }

    /// Away with it, or to the queue's dead-letter exchange.
    public static let reject = FailurePolicy { _, _ in .reject }
    /// Back into the queue, once; one that was delivered before is rejected, so that what always fails does not go round
    /// forever. A delivery that a cancellation or a loss has put back has been delivered before.
    public static let requeueOnce = FailurePolicy { delivery, _ in delivery.redelivered ? .reject : .requeue }
    /// Processing ends with the error, and the delivery goes back.
    public static let stop = FailurePolicy { _, _ in .stop }
}

extension Queue {
    /// Works on the queue's messages, up to `concurrency` at a time: each is acknowledged when the closure returns, and
    /// settled by the policy when it throws.
    ///
    /// ```swift
    /// try await queue.process(concurrency: 8) { job in try await resize(job.body) }
    /// ```
    /// Returns when the task is cancelled: the work in hand is cancelled with it, and what that has not finished goes back to
    /// the queue. Under ``Client/run(_:)`` a stop lets it finish first. ``FailurePolicy`` has all that may happen.
    ///
    /// - Parameters:
    ///   - concurrency: 1 to 65535. As many are here unacknowledged (basic.qos), so the consumers of a queue share its
    ///     messages by who has time.
    ///   - arguments: the consumer's, such as `x-priority`, or `x-stream-offset` for a stream.
    ///   - failure: what becomes of a delivery whose work has thrown.
    ///   - work: what is to be done with each.
    /// - Throws: ``AMQPError`` as ``Consumer`` does, or of a closed channel; the closure's error, if the policy says `stop`.
    public func process(
        concurrency: Int = 1, arguments: FieldTable = [:], failure: FailurePolicy = .requeueOnce,
        _ work: @escaping @Sendable (Delivery) async throws -> Void
    ) async throws {
        guard concurrency > 0 else {
            throw AMQPError.badArgument("The concurrency is \(concurrency), it must be 1 to 65535")
        }
        try await channel.qos(prefetchCount: concurrency)
        let consumer = try await consume(arguments: arguments)
        // Several loops on one consumer share its deliveries.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<concurrency {
                group.addTask {
                    for try await delivery in consumer { try await process(delivery, failure, work) }
                }
            }
            // The first error ends the others.
            while try await group.next() != nil {}
        }
    }

    private func process(
        _ delivery: Delivery, _ failure: FailurePolicy, _ work: @Sendable (Delivery) async throws -> Void
    ) async throws {
        let end = await outcome(of: work, on: delivery)
        let isCancelled = Task.isCancelled
        switch failure.verdict(on: delivery, end, isCancelled: isCancelled) {
        case .ack: try await delivery.ack()
        case .reject: try await refuse(delivery, requeue: false)
        case .requeue where isCancelled && !isStream: try channel.giveBack(delivery.deliveryTag)
        case .requeue: try await refuse(delivery, requeue: true)
        case .stop:
            // If the channel is gone, the broker has put it back; the work's error is why processing ends all the same.
            if channel.isOpen { try await refuse(delivery, requeue: true) }
            if case .threw(let error) = end { throw error }
        }
    }

    private func refuse(_ delivery: Delivery, requeue: Bool) async throws(AMQPError) {
        if isStream { try await delivery.ack() } else { try await delivery.reject(requeue: requeue) }
    }

    private func outcome(
        of work: @Sendable (Delivery) async throws -> Void, on delivery: Delivery
    ) async -> FailurePolicy.Outcome {
        // It came with the cancellation.
        if Task.isCancelled { return .notBegun }
        do {
            if let working = channel.engine.configuration.hooks.working {
                try await working(delivery) { try await work(delivery) }
            } else {
                try await work(delivery)
            }
            return .returned
        } catch {
            return .threw(error)
        }
    }
}
