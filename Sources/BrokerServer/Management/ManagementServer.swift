import AMQPTransport
import BrokerCore
import Synchronization

/// Serves the listing API on a port.
///
/// It has an event loop of its own: putting together a long list, or checking a password, takes its time, and must not
/// hold up a message.
final class ManagementServer: Sendable {
    private let state = Mutex(State())
    private let api: ListingAPI
    private let loginChecker: LoginChecker
    private let names: HostNames
    private let time: any TimeSource
    private let loop = EventLoop()
    let watchers: Watchers

    private struct State: Sendable {
        var listener: TCPListener?
        var sessions: [UInt64: ManagementSession] = [:]
        var lastNumber: UInt64 = 0
        var isSweepSet = false
        /// Streams that were closed here, the latest at the end. As long as their clients don't close their side, they have
        /// their descriptors.
        var closed: [any ByteStream] = []
    }

    /// The most clients at a time. For one that comes then another has to go: the one that has done nothing for longest.
    /// They all come from this machine, so there are no addresses by which to give each a share.
    static let mostSessions = 100
    /// How many more may not have closed their side of what was closed here. For one that comes then another is dropped.
    static let mostClosed = 50
    /// How long a client may take for a request, or leave an answer unread, or do nothing, in milliseconds.
    static let patience: Int64 = 30_000
    /// So many octets of answers may wait to be read, of all clients together.
    private let mostUnread: Int

    init(
        _ api: ListingAPI, time: any TimeSource, _ loginChecker: LoginChecker = LoginChecker(),
        names: HostNames = HostNames(), mostUnread: Int = 64 << 20
    ) {
        self.api = api
        self.mostUnread = mostUnread
        self.names = names
        self.loginChecker = loginChecker
        self.time = time
        watchers = Watchers(api.source, time: time)
    }

    deinit { loop.stop() }

    /// Opens the port; 0 takes a free one. Returns the port.
    func listen(host: String, port: Int) throws(TransportError) -> Int {
        let listener = try TCPListener(host: host, port: port, loop: loop, awaitsAdmission: true) { [weak self] in
            self?.accept($0)
        }
        state.withLock { $0.listener = listener }
        return listener.port
    }

    func close() {
        let (listener, sessions) = state.withLock { state in
            defer { state.listener = nil }
            return (state.listener, Array(state.sessions.values))
        }
        listener?.close()
        // Who watches has no answer to wait for.
        for session in sessions { session.isWatching ? session.stream.abort() : session.stream.close() }
    }

    func accept(_ stream: any ByteStream) {
        let now = time.now
        let (session, surplus) = state.withLock { state in
            state.lastNumber += 1
            let session = ManagementSession(state.lastNumber, stream, self, now: now)
            let surplus = state.sessions.count < Self.mostSessions ? nil : Self.leastUsed(state.sessions)
            if let surplus { state.sessions[surplus.number] = nil }
            state.sessions[session.number] = session
            setSweep(&state, now)
            return (session, surplus)
        }
        surplus?.stream.abort()
        stream.start(session)
    }

    /// The session that is least missed: one that waits for its client rather than for us, and for longest.
    private static func leastUsed(_ sessions: [UInt64: ManagementSession]) -> ManagementSession? {
        sessions.values.min { ($0.isBusy ? 1 : 0, $0.lastUse, $0.number) < ($1.isBusy ? 1 : 0, $1.lastUse, $1.number) }
    }

    /// Answers a request, as soon as it is known whose it is.
    func begin(_ request: HTTPRequest, of session: ManagementSession) {
        guard isMeant(request, session) else { return }
        findUser(of: request, session) { [weak self] user, isRefused in
            self?.answer(request, to: session, by: user, isRefused: isRefused)
        }
    }

    /// Lets the long body of a request come, if it is from somebody who may send one.
    func admit(_ head: HTTPRequest, of session: ManagementSession) {
        guard isMeant(head, session) else { return }
        findUser(of: head, session) { [weak self] user, _ in
            guard let self else { return }
            if user?.isAdministrator ?? false { return session.admit() }
            let tooLong = HTTPResponse.failure(413, "bad_request", "only administrators may send such a long body")
            let answer = user == nil ? api.answer(head, by: nil) : tooLong
            session.send(answer, withBody: true, isLast: true)
        }
    }

    /// False, and answered, if it asks for another server: before any password is looked at.
    private func isMeant(_ request: HTTPRequest, _ session: ManagementSession) -> Bool {
        let advice = "the broker's option --management-host names others"
        guard let refusal = names.refusal(of: request, advice: advice) else { return true }
        session.send(refusal, withBody: request.method != "HEAD", isLast: true)
        return false
    }

    /// Hands over nil for a request that is nobody's, and true if it is one with a wrong password.
    private func findUser(
        of request: HTTPRequest, _ session: ManagementSession,
        _ body: @escaping @Sendable (_ user: BrokerConfiguration.User?, _ isRefused: Bool) -> Void
    ) {
        guard let login = api.login(request, isLoopback: session.stream.isLoopback) else { return body(nil, false) }
        switch login.check {
        case .known(let isRight): body(isRight ? login.user : nil, !isRight)
        case .costly(let check):
            loginChecker.check(
                LoginQueue.Check(
                    ticket: .listing(session.number), source: session.stream.source, name: login.name, run: check
                ) { [weak self] isRight in
                    self?.later { body(isRight ? login.user : nil, !isRight) }
                })
        }
    }

    /// After a wrong password the client has to connect again: no one connection tries many.
    private func answer(
        _ request: HTTPRequest, to session: ManagementSession, by user: BrokerConfiguration.User?,
        isRefused: Bool = false
    ) {
        if let user, request.method == "GET", request.path == ["events"] {
            return watch(request.parameter("vhost"), session, by: user)
        }
        session.note(user: user?.name ?? "")
        session.send(api.answer(request, by: user), withBody: request.method != "HEAD", isLast: isRefused)
        boundUnread(behind: session)
    }

    /// An answer is as long as what clients have made there to be listed, and waits in memory until it is read. Where all
    /// together are too long, the user who has most of that loses the answer that has waited longest, and so on. The one that
    /// was just given stays, however long it is.
    private func boundUnread(behind latest: ManagementSession) {
        let sessions = state.withLock { Array($0.sessions.values) }.filter { !$0.isWatching }
        var unread = sessions.map { (session: $0, count: $0.stream.unsent) }.filter { $0.count > 0 }
        while unread.reduce(0, { $0 + $1.count }) > mostUnread {
            let users = Dictionary(grouping: unread, by: \.session.user)
            let counts = users.mapValues { $0.reduce(0) { $0 + $1.count } }
            // Of several with as much, always the same one.
            guard let most = counts.max(by: { ($0.value, $0.key) < ($1.value, $1.key) }), let theirs = users[most.key],
                let loser = theirs.map(\.session).filter({ $0 !== latest })
                    .min(by: { ($0.lastUse, $0.number) < ($1.lastUse, $1.number) })
            else { return }
            unread.removeAll { $0.session === loser }
            loser.stream.abort()
        }
    }

    /// Sends pictures of a virtual host to a session from now on; without a name, of the first that the user may open.
    private func watch(_ name: String?, _ session: ManagementSession, by user: BrokerConfiguration.User) {
        let hosts = api.source.look([], nil)?.broker.virtualHosts.filter { user.mayOpen($0) } ?? []
        guard let virtualHost = name ?? hosts.first, hosts.contains(virtualHost) else {
            return session.send(.refused("User not authorised to access virtual host"), withBody: true)
        }
        let surplus = watchers.add(session, user: user.name, virtualHost: virtualHost) { [weak self] in self?.later($0)
        }
        if let surplus {
            return session.send(.failure(503, "too_many", surplus.sentence), withBody: true, isLast: true)
        }
        session.watch()
        // One that ended meanwhile was looked for before it was there.
        if session.isClosing { watchers.remove(session.number) }
    }

    /// Does something when all other clients have had their turn.
    func later(_ body: @escaping @Sendable () -> Void) { loop.execute(body) }

    var now: Int64 { time.now }

    func ended(_ session: ManagementSession) {
        loginChecker.drop(.listing(session.number))
        watchers.remove(session.number)
        let surplus = state.withLock { state -> (any ByteStream)? in
            state.sessions[session.number] = nil
            state.closed.append(session.stream)
            return state.closed.count > Self.mostClosed ? state.closed.removeFirst() : nil
        }
        surplus?.abort()
    }

    // MARK: Clients that take too long

    private func setSweep(_ state: inout State, _ now: Int64) {
        guard !state.isSweepSet else { return }
        state.isSweepSet = true
        time.wake(at: now + Self.patience / 4) { [weak self] in self?.sweep() }
    }

    private func sweep() {
        let now = time.now
        let late = state.withLock { state in
            state.isSweepSet = false
            if !state.sessions.isEmpty { setSweep(&state, now) }
            return state.sessions.values.filter { !$0.isWatching && $0.lastUse + Self.patience <= now }
        }
        for session in late { session.stream.abort() }
    }
}
