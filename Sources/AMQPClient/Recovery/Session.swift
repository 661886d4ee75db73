import AMQPWire
import Synchronization

/// One life of a connection under a ``Client``: what ``Client/run(_:)`` hands to its closure, anew after every loss.
///
/// What belongs to it ends with it: a late acknowledgement of a delivery from an earlier session throws, and never meets a
/// delivery of this one that has the same tag.
public struct Session: Sendable {
    /// The connection, honest as ever: when it is lost, it is lost.
    public let connection: Connection
    /// A channel that was opened for the session. Others: ``Connection/openChannel()``.
    public let channel: Channel
    /// Counts the sessions of a run, from 1.
    public let number: Int
    /// The broker that it is connected to, `host:port`.
    public let host: String
    private let stopping: StopFlag

    init(_ connection: Connection, _ channel: Channel, number: Int, host: String, _ stopping: StopFlag) {
        self.connection = connection
        self.channel = channel
        self.number = number
        self.host = host
        self.stopping = stopping
    }

    /// True once the run is cancelled: what is in hand may be finished, nothing new should be begun. Consumers end by
    /// themselves.
    public var isStopping: Bool { stopping.isSet }
}

/// Set once, by whoever stops the run.
final class StopFlag: Sendable {
    private let flag = Atomic<Bool>(false)
    var isSet: Bool { flag.load(ordering: .acquiring) }
    func set() { flag.store(true, ordering: .releasing) }
}

extension ConnectionEngine {
    /// Ends all consumers, and those that are begun from now on: their loops end after the delivery that they are at. What
    /// waits for them goes back to its queue; with `noAck`, where the broker has forgotten it, it is still handed out. The
    /// answers to questions come on, for what is in hand.
    /// - Returns: how many consumers had work, or may have had.
    func stopConsumers() -> Int {
        step { state in
            state.stopsConsumers = true
            let consumers = state.mailboxes
            for (consumer, entry) in consumers where !entry.tag.isEmpty && !entry.outlivesStop {
                stop(consumer, entry, &state)
            }
            return consumers.values.count(where: \.isAtWork)
        }
    }

    func stop(_ consumer: ConsumerID, _ entry: ConsumerMailbox, _ state: inout State) {
        if entry.noAck {
            state.connection.cancel(tag: entry.tag, on: entry.channel, &state.effects)
        } else {
            leave(consumer, entry.mailbox, &state)
        }
    }
}

extension ConnectionState {
    /// Cancels a consumer; the deliveries that come before the broker's answer are handed out.
    mutating func cancel(tag: ShortString, on id: ChannelID, _ effects: inout Effects) {
        guard channels[id.number]?.id == id, channels[id.number]?.phase == .open else { return }
        channels[id.number]?.call(.basicCancel(BasicCancel(consumerTag: tag)), waiter: nil, &effects)
    }
}
