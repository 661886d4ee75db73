import AMQPTransport
import AMQPWire
import Interceptor
import Synchronization

/// What all connections of a broker share: what is to go wrong, and what has passed.
final class Desk: Sendable {
    struct State: Sendable {
        var plan = FailurePlan()
        var recorded = TestBroker.Recorded()
        /// Why publishers are held back; nil: they are not.
        var blockedReason: String?
        var holdsConfirms = false
    }

    private let state = Mutex(State())

    var recorded: TestBroker.Recorded { state.withLock { $0.recorded } }
    func plan(_ failure: TestBroker.Failure) { state.withLock { $0.plan.add(failure) } }
    func block(_ reason: String) { state.withLock { $0.blockedReason = reason } }
    func holdConfirms() { state.withLock { $0.holdsConfirms = true } }

    /// True: publishers were held back.
    func mend() -> Bool {
        state.withLock { state in
            state.plan.removeAll()
            state.holdsConfirms = false
            return state.blockedReason.take() != nil
        }
    }

    func withLock<Value: Sendable>(_ body: (inout State) -> Value) -> Value { state.withLock { body(&$0) } }
}

/// One connection, as it passes between a client and the broker.
final class Link: Sendable {
    private let inner: any ByteStream
    private let hook: LinkHook
    private let isSevered = Atomic<Bool>(false)
    /// The client's.
    let stream: Interceptor

    init(_ inner: any ByteStream, _ desk: Desk) {
        self.inner = inner
        hook = LinkHook(desk)
        stream = Interceptor(inner, hook)
    }

    var isOver: Bool { hook.phase == .over }
    /// Logged in, and not lost.
    var isOpen: Bool { hook.phase == .open && !isSevered.load(ordering: .relaxed) }

    /// Nothing is on its way, and the client is not in the middle of its login, which no time is to pass in.
    var isAtRest: Bool {
        let isLoggingIn = hook.phase == .loggingIn && !isSevered.load(ordering: .relaxed)
        return !isLoggingIn && (inner as? MemoryStream)?.isAtRest ?? true
    }

    func cut(_ cut: TestBroker.Cut) {
        switch cut {
        case .reset:
            stream.cut()
            hook.end()
        case .halfOpen:
            isSevered.store(true, ordering: .relaxed)
            stream.sever()
        }
    }

    /// - Parameter reason: nil: it takes publishes again.
    func release() { stream.release() }
    func tell(blocked reason: String?) { stream.carryOut([Conversation.blocked(reason)]) }
}

/// Has a ``Conversation`` decide what passes.
private final class LinkHook: Hook {
    private let desk: Desk
    private let conversation = Mutex(Conversation())

    init(_ desk: Desk) { self.desk = desk }

    var phase: Conversation.Phase { conversation.withLock { $0.phase } }
    func end() { conversation.withLock { $0.end() } }

    func steps(for pieces: [WirePiece], _ direction: Direction) -> [Step] {
        conversation.withLock { conversation in
            desk.withLock { desk in pieces.flatMap { conversation.steps(for: $0, direction, &desk) } }
        }
    }

    func ended(_ direction: Direction, _ end: ConversationEnd) { conversation.withLock { $0.end() } }
}
