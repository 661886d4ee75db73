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
/// consumer. Deliveries that were on their way or waiting here go back to the queue, except with `noAck`: those the broker
/// has forgotten already, and they are lost. To lose none, call ``cancel()`` and let the loop run to its end.
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

    /// Cancels the consumer (basic.cancel): no further deliveries come, and the loop ends after those that wait here.
    public func cancel() async throws(AMQPError) {
        let channel = subscription.channel
        _ = try await channel.call(.basicCancel(BasicCancel(consumerTag: ShortString(tag, as: "consumer tag"))))
    }

    /// One loop takes all deliveries; several at once share them.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(subscription) }

    public struct AsyncIterator: AsyncIteratorProtocol {
        /// Leaves the consumer when the loop is left.
        private final class Leave: Sendable {
            let subscription: Subscription
            init(_ subscription: Subscription) { self.subscription = subscription }
            deinit { subscription.leave() }
        }

        private let leave: Leave

        init(_ subscription: Subscription) { leave = Leave(subscription) }

        /// The next delivery; nil after a cancel. Throws as ``Consumer`` says.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(AMQPError) -> Delivery? {
            try await leave.subscription.next()
        }
    }
}

/// A consumer as long as anybody holds it.
final class Subscription: Sendable {
    private let id: ConsumerID
    private let mailbox: Mailbox<RawDelivery>
    let channel: Channel

    init(_ id: ConsumerID, _ mailbox: Mailbox<RawDelivery>, _ channel: Channel) {
        self.id = id
        self.mailbox = mailbox
        self.channel = channel
    }

    deinit { leave() }

    func leave() { channel.engine.leave(id, mailbox) }

    nonisolated(nonsending)
        func next() async throws(AMQPError) -> Delivery?
    {
        // Also when something waits: a cancelled task is to stop, not to work through a backlog first.
        if Task.isCancelled {
            leave()
            return nil
        }
        guard let raw = try await mailbox.next() else { return nil }
        channel.engine.taken(raw.cost)
        return Delivery(raw, channel)
    }
}
