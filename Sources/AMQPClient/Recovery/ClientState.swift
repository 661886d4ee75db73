import Synchronization

/// What a ``Client`` is about at the moment. See ``Client/states``.
public enum ClientState: Sendable, Equatable {
    /// It connects to a host, `host:port`. The attempt is the how manyth since the last session, from 1.
    case connecting(host: String, attempt: Int)
    /// It is logged in, and the session has begun.
    case connected(host: String)
    /// No connection, or none any more, and why; it tries again after this time.
    case waiting(Duration, after: AMQPError)
    /// It was cancelled, and finishes what is in hand.
    case stopping
    /// It is over: with the reason that no further attempt would mend, or nil, when the closure returned, threw an error of
    /// its own, or was cancelled.
    case ended(AMQPError?)
}

/// Tells all who listen.
final class StateBroadcast: Sendable {
    private let listeners = Mutex<(state: ClientState?, all: Listeners<ClientState>)>((nil, Listeners()))

    deinit { listeners.withLock { $0.all.mailboxes }.forEach { $0.finish(nil)?() } }

    var notices: Notices<ClientState> {
        let mailbox = Mailbox<ClientState>(limit: Notices<ClientState>.limit)
        let number = listeners.withLock { listeners in
            if let state = listeners.state { _ = mailbox.put(state) }
            return listeners.all.add(mailbox)
        }
        return Notices(mailbox) { [weak self] in
            self?.listeners.withLock { $0.all.remove(number) }
        }
    }

    var state: ClientState? { listeners.withLock { $0.state } }

    func tell(_ state: ClientState) {
        let wakeups = listeners.withLock { listeners in
            listeners.state = state
            return listeners.all.mailboxes.map { $0.put(state) }
        }
        for wakeup in wakeups { wakeup?() }
    }
}
