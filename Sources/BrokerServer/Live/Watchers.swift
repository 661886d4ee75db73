import AMQPTransport
import BrokerCore
import Synchronization

/// Those who watch the live page: server-sent events (the HTML standard's `text/event-stream`), each a whole picture.
///
/// There is one look at the broker for all, twice a second at most, and only while somebody watches. A picture goes to
/// those who have read the one before. Who reads nothing for a while is dropped. So what is kept for a watcher is one
/// picture at most, and nobody waits for another.
final class Watchers: Sendable {
    static let most = 16

    /// Why one more may not watch.
    struct Surplus: Equatable, Sendable {
        let user: String
        /// As many are the user's own.
        let own: Int

        var sentence: String {
            let all = "\(Watchers.most) watch the page already, which is as many as may"
            return switch own {
            case 0: "\(all), each as another user: try again when one has gone"
            case 1: "\(all), one of them as '\(user)': close that page, or try again when another has gone"
            default: "\(all), \(own) of them as '\(user)': close one of those pages"
            }
        }
    }

    /// Milliseconds from one look to the next.
    static let interval: Int64 = 500
    /// How long a watcher may leave a picture unread.
    static let patience: Int64 = 10_000
    /// So often something is sent when nothing changes, so that who has gone is noticed.
    static let silence: Int64 = 10_000

    private let source: ListingAPI.Source
    private let time: any TimeSource
    private let state = Mutex(State())

    private struct State: Sendable {
        var watchers: [UInt64: Watcher] = [:]
        /// The next look is due, or going on.
        var isAwake = false
    }

    private struct Watcher: Sendable {
        let session: ManagementSession
        let user: String
        let virtualHost: String
        /// The picture that was sent last, and how often it has come.
        var last = ""
        var repeats = 0
        var sentAt: Int64
    }

    init(_ source: ListingAPI.Source, time: any TimeSource) {
        self.source = source
        self.time = time
    }

    var count: Int { state.withLock { $0.watchers.count } }

    private static let head = Array(
        ("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
            + "x-content-type-options: nosniff\r\nconnection: close\r\n\r\nretry: 2000\n\n").utf8)

    /// Begins to send to a session, which has nothing else to say from now on; or returns why not.
    ///
    /// They all come from this machine, so places go by user. When all are taken, a user who has fewer gets one from the user
    /// who has most, as long as that leaves the other no worse off: nobody can keep others out, and where nobody else
    /// wants to watch, one user may have all. Who loses a place is the last that came, and asks again by itself.
    ///
    /// - Parameter later: does something on the thread that answers requests
    func add(
        _ session: ManagementSession, user: String, virtualHost: String,
        later: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) -> Surplus? {
        let now = time.now
        let (surplus, loser, isFirst) = state.withLock { state -> (Surplus?, Watcher?, Bool) in
            var loser: Watcher?
            if state.watchers.count >= Self.most {
                let own = state.watchers.values.count { $0.user == user }
                loser = Self.last(ofWhoHasMoreThan: own + 1, state.watchers)
                guard let loser else { return (Surplus(user: user, own: own), nil, false) }
                state.watchers[loser.session.number] = nil
            }
            state.watchers[session.number] = Watcher(
                session: session, user: user, virtualHost: virtualHost, sentAt: now)
            defer { state.isAwake = true }
            return (nil, loser, !state.isAwake)
        }
        if let surplus { return surplus }
        loser?.session.stream.abort()
        session.stream.send(Self.head.span.bytes)
        if isFirst { later { [weak self] in self?.look(later) } }
        return nil
    }

    /// The last that came of the user with the most places, if there are more than `count`.
    private static func last(ofWhoHasMoreThan count: Int, _ watchers: [UInt64: Watcher]) -> Watcher? {
        let users = Dictionary(grouping: watchers.values, by: \.user)
        // Of several with as many, always the same one.
        let most = users.max { ($0.value.count, $0.key) < ($1.value.count, $1.key) }
        guard let most, most.value.count > count else { return nil }
        return most.value.max { $0.session.number < $1.session.number }
    }

    func remove(_ number: UInt64) { state.withLock { $0.watchers[number] = nil } }

    // MARK: Looking

    private func look(_ later: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) {
        let begun = time.now
        let watchers = state.withLock { state in
            if state.watchers.isEmpty { state.isAwake = false }
            return Array(state.watchers.values)
        }
        guard !watchers.isEmpty else { return }
        let hosts = Set(watchers.map(\.virtualHost))
        if let view = source.look(LivePicture.parts, hosts.count == 1 ? hosts.first : nil) { send(view, to: watchers) }
        // A broker with very much to list is looked at less often: it has other things to do.
        let pause = max(Self.interval, 19 * (time.now - begun))
        time.wake(at: time.now + pause) { [weak self] in
            guard let self else { return }
            later { [weak self] in self?.look(later) }
        }
    }

    private struct Sight: Hashable {
        var user: String
        var virtualHost: String
    }

    private func send(_ view: ListingView, to watchers: [Watcher]) {
        let users = source.users()
        var pictures: [Sight: String] = [:]
        for watcher in watchers {
            // Rights may have been taken away since.
            guard let user = users.first(where: { $0.name == watcher.user }), user.mayManage,
                user.mayOpen(watcher.virtualHost)
            else {
                watcher.session.stream.abort()
                continue
            }
            let sight = Sight(user: user.seesEverything ? "" : user.name, virtualHost: watcher.virtualHost)
            let picture =
                pictures[sight]
                ?? LivePicture(view: view.seen(by: user), virtualHost: watcher.virtualHost).json.text
            pictures[sight] = picture
            send(picture, to: watcher)
        }
    }

    private func send(_ picture: String, to watcher: Watcher) {
        let now = time.now
        guard watcher.session.stream.unsent == 0 else {
            if watcher.sentAt + Self.patience <= now { watcher.session.stream.abort() }
            return
        }
        // The same comes twice, so that the page sees that nothing moves any more.
        let repeats = picture == watcher.last ? watcher.repeats + 1 : 0
        let isNews = repeats < 2
        guard isNews || watcher.sentAt + Self.silence <= now else { return }
        let text = isNews ? "data: {\"at\":\(now),\"picture\":\(picture)}\n\n" : ":\n\n"
        state.withLock { state in
            state.watchers[watcher.session.number]?.last = picture
            state.watchers[watcher.session.number]?.repeats = repeats
            state.watchers[watcher.session.number]?.sentAt = now
        }
        watcher.session.stream.send(Array(text.utf8).span.bytes)
    }
}
