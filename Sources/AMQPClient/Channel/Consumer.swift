import AMQPWire
import Synchronization

/// A consumer's deliveries, in the order in which the broker sent them.
///
/// ```swift
/// for try await delivery in try await queue.consume() {
///     print(delivery.text)
///     try await delivery.ack()
/// }
/// ```
/// **Leaving the loop cancels the consumer**: by `break`, by an error, by cancelling the task, by letting go of the
/// consumer. Several loops at once share the deliveries; then it is the last one's end that cancels it. Deliveries that
/// were on their way or waiting here go back to the queue, except with `noAck`: those the broker has forgotten already, and
/// they are lost. To lose none, call ``cancel()`` and let the loop run to its end. (A stream keeps all of them anyway, and is
/// sent nothing back.)
///
/// **How it ends.** The loop just ends after ``cancel()`` or when the task is cancelled. It throws ``AMQPError`` of kind
/// `consumerCancelled` when the broker ends the consumer, because its queue was deleted; and the reason of the close
/// when channel or connection are closed, from either side.
///
/// **How much waits here** is bounded by the prefetch, and without one (or with `noAck`) by the configuration's
/// `deliveryBufferLimit` for the whole connection: beyond it the client stops reading, which holds the broker back, and
/// goes on at half of it. Meanwhile answers wait unread behind the deliveries, so while somebody waits for one, reading
/// goes on up to eight times the limit. A silent broker is not missed while this side does not read.
public struct Consumer: AsyncSequence, Sendable {
    /// Its name on the channel.
    public let tag: String
    private let subscription: Subscription

    init(tag: String, _ subscription: Subscription) {
        self.tag = tag
        self.subscription = subscription
    }

    /// Cancels the consumer (basic.cancel): no further deliveries come, and the loop ends after those that wait here. In a
    /// task that is cancelled the cancel is sent all the same, and only the wait for its answer is skipped.
    /// - Throws: ``AMQPError`` as ``Channel`` says, but not `cancelled`.
    public func cancel() async throws(AMQPError) {
        let request = try BasicCancel(consumerTag: ShortString(tag, as: "consumer tag"))
        do throws(AMQPError) {
            _ = try await subscription.channel.call(.basicCancel(request), beginsCancelled: true)
        } catch {
            if error.kind != .cancelled { throw error }
        }
    }

    /// One loop takes all deliveries; several at once share them, and each may be left by itself.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(subscription) }

    /// One loop over the deliveries.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let loop: Subscription.Loop

        init(_ subscription: Subscription) { loop = Subscription.Loop(subscription) }

        /// The next delivery; nil after a cancel. Throws as ``Consumer`` says.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(AMQPError) -> Delivery? {
            try await loop.next()
        }
    }
}

/// How many loops go over a consumer.
final class LoopCount: Sendable {
    private let count = Atomic<Int>(0)
    var isZero: Bool { count.load(ordering: .acquiring) == 0 }
    func add() { count.add(1, ordering: .relaxed) }
    /// - Returns: true if that was the last.
    func remove() -> Bool { count.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 }
}

/// A consumer as long as anybody holds it.
final class Subscription: Sendable {
    private let id: ConsumerID
    private let mailbox: Mailbox<RawDelivery>
    private let loops: LoopCount
    let channel: Channel

    init(_ id: ConsumerID, _ mailbox: Mailbox<RawDelivery>, _ loops: LoopCount, _ channel: Channel) {
        self.id = id
        self.mailbox = mailbox
        self.loops = loops
        self.channel = channel
    }

    deinit { leave() }

    /// Nobody will take its deliveries any more.
    private func leave() { channel.engine.leave(id, mailbox) }

    /// One of the loops over it. The consumer is left with the last of them.
    final class Loop: Sendable {
        private let subscription: Subscription
        private let isLeft = Atomic<Bool>(false)

        init(_ subscription: Subscription) {
            self.subscription = subscription
            subscription.loops.add()
        }

        deinit { leave() }

        private func leave() {
            if isLeft.exchange(true, ordering: .relaxed) { return }
            if subscription.loops.remove() { subscription.leave() }
        }

        nonisolated(nonsending)
            func next() async throws(AMQPError) -> Delivery?
        {
            // Also when something waits: a cancelled task is to stop, not to work through a backlog first.
            if Task.isCancelled { leave() }
            if isLeft.load(ordering: .relaxed) { return nil }
            guard let raw = try await subscription.mailbox.next() else {
                // There is nothing more for anybody, or nothing more for this one.
                leave()
                return nil
            }
            subscription.channel.engine.taken(raw.cost)
            subscription.channel.engine.count(.delivered(octets: raw.message.body.count))
            return Delivery(raw, subscription.channel)
        }
    }
}
