import Platform
import Synchronization

/// One thread that waits for many sockets. It starts with the first use and ends with ``stop()``.
///
/// Of each wake-up every ready connection gets one turn: one read of at most 256 KiB. So a connection that never stops
/// sending delays the others by one read, not more. Newcomers, whom nobody has let in yet, share a few turns of each wake-up
/// (on Linux): however many come and go, those that are in are served first.
public final class EventLoop: Sendable {
    /// The loop of those who don't bring their own: clients.
    public static let shared = EventLoop()

    private struct State: Sendable {
        var poller: (any Poller)?
        var isStopped = false
        var handlers: [UInt64: any EventHandler] = [:]
        var lastToken: UInt64 = 0
        var jobs: [@Sendable () -> Void] = []
        /// The thread is in `wait`, or about to be, and nobody has woken it up yet.
        var isAsleep = false
        var afterWakeUp: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())
    private let kind: PollerKind
    /// How many seconds a closed stream waits for a peer that takes nothing, or does not close its side.
    let patience: Int
    private static let largestRead = 256 * 1024
    private let readSize = Atomic(EventLoop.largestRead)

    public convenience init() { self.init(.best) }

    init(_ kind: PollerKind, patience: Int = 10) {
        self.kind = kind
        self.patience = patience
    }

    /// Called on the loop's thread after everything that one wake-up brought was handled: the place to send, in one
    /// piece per connection, what the handling produced.
    public var afterWakeUp: (@Sendable () -> Void)? {
        get { state.withLock { $0.afterWakeUp } }
        set { state.withLock { $0.afterWakeUp = newValue } }
    }

    /// Runs work on the loop's thread, soon and in order; also when called from that thread it runs later, but before
    /// the loop sleeps. After ``stop()`` the work is dropped.
    public func execute(_ work: @Sendable @escaping () -> Void) {
        let poller: (any Poller)? = state.withLock { state in
            guard !state.isStopped else { return nil }
            state.jobs.append(work)
            // Without a poller (no descriptors left) the work waits for a later start.
            _ = start(&state)
            return wake(&state)
        }
        poller?.wakeUp()
    }

    /// Ends the thread. Streams of this loop end with a reset of their peers, listeners close. Does not wait for it.
    public func stop() {
        let poller: (any Poller)? = state.withLock { state in
            state.isStopped = true
            return wake(&state)
        }
        poller?.wakeUp()
    }

    /// The poller to wake up, if that is needed.
    private func wake(_ state: inout State) -> (any Poller)? {
        guard state.isAsleep else { return nil }
        state.isAsleep = false
        return state.poller
    }

    /// From its next wake-up on it reads no more than so many octets of a connection at a time. What was read waits in
    /// memory until it is handled; what was not waits with the peer.
    package func limitReads(to octets: Int) {
        readSize.store(min(max(1, octets), Self.largestRead), ordering: .relaxed)
    }

    // MARK: Registration

    /// Watches a descriptor. Returns 0 and the registration's token, or an `errno`.
    func register(
        _ fd: Int32, _ handler: any EventHandler, for interest: Readiness, isNewcomer: Bool = false
    ) -> Result<UInt64, SystemError> {
        state.withLock { state in
            guard !state.isStopped else { return .failure(SystemError(code: Errno.cancelled)) }
            let code = start(&state)
            guard code == 0, let poller = state.poller else { return .failure(SystemError(code: code)) }
            state.lastToken += 1
            let token = state.lastToken
            let failure = poller.add(fd, token: token, for: interest, isNewcomer: isNewcomer)
            guard failure == 0 else { return .failure(SystemError(code: failure)) }
            state.handlers[token] = handler
            return .success(token)
        }
    }

    func update(_ fd: Int32, _ token: UInt64, for interest: Readiness) {
        let poller = state.withLock { $0.handlers[token] == nil ? nil : $0.poller }
        _ = poller?.change(fd, token: token, for: interest)
    }

    /// Lets a newcomer in. Returns 0, or an `errno` when it is watched no more.
    func admit(_ fd: Int32, _ token: UInt64, for interest: Readiness) -> Int32 {
        let poller = state.withLock { $0.handlers[token] == nil ? nil : $0.poller }
        return poller?.admit(fd, token: token, for: interest) ?? 0
    }

    /// To be called before the descriptor is closed. Events that were found before and not handled yet are dropped.
    func unregister(_ fd: Int32, _ token: UInt64) {
        let poller = state.withLock { $0.handlers.removeValue(forKey: token) == nil ? nil : $0.poller }
        poller?.forget(fd)
    }

    // MARK: The thread

    /// Returns 0 or an `errno`.
    private func start(_ state: inout State) -> Int32 {
        guard state.poller == nil else { return 0 }
        switch kind.make() {
        case .failure(let error): return error.code
        case .success(let poller):
            let code = SystemThread.start { self.run(poller) }
            if code == 0 { state.poller = poller }
            return code
        }
    }

    private func run(_ poller: any Poller) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.largestRead, alignment: 64)
        defer { buffer.deallocate() }
        var events: [PollEvent] = []
        while true {
            let (isStopped, mayBlock) = state.withLock { state in
                state.isAsleep = state.jobs.isEmpty && !state.isStopped
                return (state.isStopped, state.isAsleep)
            }
            if isStopped { break }
            poller.wait(block: mayBlock, into: &events)
            state.withLock { $0.isAsleep = false }
            let readable = UnsafeMutableRawBufferPointer(rebasing: buffer[..<readSize.load(ordering: .relaxed)])
            for event in events {
                // Asked for one by one: handling an event may unregister those that come after it.
                let handler = state.withLock { $0.handlers[event.token] }
                handler?.ready(event.readiness, readable)
            }
            let afterWakeUp = runJobs()
            afterWakeUp?()
        }
        shutDown()
    }

    /// Runs the work that is there; what it adds comes with the next wake-up, so the sockets get their turn in between.
    private func runJobs() -> (@Sendable () -> Void)? {
        let (jobs, afterWakeUp) = state.withLock { state in
            let jobs = state.jobs
            if !jobs.isEmpty { state.jobs = [] }
            return (jobs, state.afterWakeUp)
        }
        for job in jobs { job() }
        return afterWakeUp
    }

    private func shutDown() {
        let handlers = state.withLock { Array($0.handlers.values) }
        for handler in handlers { handler.loopStopped() }
        while true {
            let jobs = state.withLock { state in
                let jobs = state.jobs
                state.jobs = []
                return jobs
            }
            if jobs.isEmpty { break }
            for job in jobs { job() }
        }
        state.withLock { state in
            state.poller = nil
            state.handlers = [:]
            state.afterWakeUp = nil
        }
    }
}

/// Who a registered descriptor belongs to. The loop holds on to it until it is unregistered.
protocol EventHandler: AnyObject, Sendable {
    /// Called on the loop's thread. The buffer is for the handler's use during the call.
    func ready(_ readiness: Readiness, _ buffer: UnsafeMutableRawBufferPointer)
    /// Called on the loop's thread as it ends.
    func loopStopped()
}
