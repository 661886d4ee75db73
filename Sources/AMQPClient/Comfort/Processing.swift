/// What becomes of a delivery whose work has thrown an error.
public struct FailurePolicy: Sendable {
    public enum Verdict: Sendable, Equatable {
        /// The work counts as done.
        case ack
        /// Away with it, or to the queue's dead-letter exchange.
        case reject
        /// Back into the queue.
        case requeue
        /// Back into the queue, and processing ends with the error.
        case stop
    }

    let verdict: @Sendable (Delivery, any Error) -> Verdict

    /// Decided by a closure.
    public init(_ verdict: @escaping @Sendable (Delivery, any Error) -> Verdict) { self.verdict = verdict }

    /// Away with it, or to the queue's dead-letter exchange.
    public static let reject = FailurePolicy { _, _ in .reject }
    /// Back into the queue, once; one that was delivered before is rejected, so that what always fails does not go round
    /// forever.
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
    /// Returns when the task is cancelled; under ``Client/run(_:)``, after the work in hand. What the cancelled work has not
    /// finished goes back to the queue, whatever the policy says.
    ///
    /// - Parameters:
    ///   - concurrency: 1 to 65535. As many are here unacknowledged (basic.qos), so the consumers of a queue share its
    ///     messages by who has time.
    ///   - failure: what becomes of a delivery whose work has thrown.
    ///   - work: what is to be done with each.
    /// - Throws: ``AMQPError`` as ``Consumer`` does, or of a closed channel; the closure's error, if the policy says `stop`.
    public func process(
        concurrency: Int = 1, failure: FailurePolicy = .requeueOnce,
        _ work: @escaping @Sendable (Delivery) async throws -> Void
    ) async throws {
        guard concurrency > 0 else {
            throw AMQPError.badArgument("The concurrency is \(concurrency), it must be 1 to 65535")
        }
        try await channel.qos(prefetchCount: concurrency)
        let consumer = try await consume()
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
        do {
            if let working = channel.engine.configuration.hooks.working {
                try await working(delivery) { try await work(delivery) }
            } else {
                try await work(delivery)
            }
        } catch {
            let isCancelled =
                Task.isCancelled && (error is CancellationError || (error as? AMQPError)?.kind == .cancelled)
            switch isCancelled ? .requeue : failure.verdict(delivery, error) {
            case .ack: break
            case .reject: return try await delivery.reject(requeue: false)
            case .requeue: return try await delivery.reject(requeue: true)
            case .stop:
                try await delivery.reject(requeue: true)
                throw error
            }
        }
        try await delivery.ack()
    }
}
