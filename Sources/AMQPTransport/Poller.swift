import Platform
import Synchronization

#if os(Linux)
    import CEpoll
#endif

/// What a file descriptor is watched for, and what it turned out to be.
struct Readiness: OptionSet, Sendable {
    let rawValue: UInt8
    static let readable = Readiness(rawValue: 1)
    static let writable = Readiness(rawValue: 2)
    /// Both directions are over, or an error is pending. Reported whether or not it was asked for.
    static let hungUp = Readiness(rawValue: 4)
}

struct PollEvent: Sendable {
    /// The registration, not the descriptor: descriptors are reused, and an event may be older than the reuse.
    let token: UInt64
    let readiness: Readiness
}

/// Watches file descriptors, level-triggered. Everything but `wait` may be called from any thread.
protocol Poller: AnyObject, Sendable {
    /// Watches a descriptor, of a newcomer or not. Returns 0 or an `errno`.
    func add(_ fd: Int32, token: UInt64, for interest: Readiness, isNewcomer: Bool) -> Int32
    /// Changes what a descriptor is watched for. Returns 0 or an `errno`.
    func change(_ fd: Int32, token: UInt64, for interest: Readiness) -> Int32
    /// A descriptor is no newcomer's any more. Returns 0 or an `errno`, and then it is not watched.
    func admit(_ fd: Int32, token: UInt64, for interest: Readiness) -> Int32
    /// Forgets a descriptor, which must still be open.
    func forget(_ fd: Int32)
    /// Makes the `wait` that is under way return, or the next one.
    func wakeUp()
    /// Replaces `events` by what happened, having waited for the first unless `block` is false.
    func wait(block: Bool, into events: inout [PollEvent])
}

/// Which system call the loop waits in.
enum PollerKind: Sendable {
    /// poll(2), on every system; its cost grows with the number of descriptors.
    case poll
    #if os(Linux)
        case epoll
    #endif

    static var best: PollerKind {
        #if os(Linux)
            .epoll
        #else
            .poll
        #endif
    }

    func make() -> Result<any Poller, SystemError> {
        switch self {
        case .poll: PollPoller.make().map { $0 }
        #if os(Linux)
            case .epoll: EpollPoller.make().map { $0 }
        #endif
        }
    }
}

/// The two ends of a pipe, closed together.
final class WakeUpPipe: Sendable {
    let readEnd: Int32
    private let writeEnd: Int32

    init(_ ends: (Int32, Int32)) { (readEnd, writeEnd) = ends }

    deinit {
        Socket.close(readEnd)
        Socket.close(writeEnd)
    }

    func signal() { Socket.signal(pipe: writeEnd) }
    func drain() { Socket.drain(pipe: readEnd) }
}

/// A ``Poller`` on poll(2).
final class PollPoller: Poller {
    private struct State: Sendable {
        var watched: [Int32: (token: UInt64, interest: Readiness)] = [:]
        var isWaiting = false
    }

    private let state = Mutex(State())
    private let pipe: WakeUpPipe

    private init(_ pipe: WakeUpPipe) { self.pipe = pipe }

    static func make() -> Result<PollPoller, SystemError> {
        Socket.wakeUpPipe().map { PollPoller(WakeUpPipe($0)) }
    }

    /// poll(2) finds all at once, and so newcomers as well.
    func add(_ fd: Int32, token: UInt64, for interest: Readiness, isNewcomer: Bool) -> Int32 {
        change { $0[fd] = (token, interest) }
        return 0
    }

    func change(_ fd: Int32, token: UInt64, for interest: Readiness) -> Int32 {
        change { $0[fd] = (token, interest) }
        return 0
    }

    func admit(_ fd: Int32, token: UInt64, for interest: Readiness) -> Int32 { 0 }

    func forget(_ fd: Int32) {
        change { $0[fd] = nil }
    }

    /// A `poll` under way has a copy of the old list: it must return and take the new one.
    private func change(_ body: (inout [Int32: (token: UInt64, interest: Readiness)]) -> Void) {
        let isWaiting = state.withLock { state in
            body(&state.watched)
            return state.isWaiting
        }
        if isWaiting { wakeUp() }
    }

    func wakeUp() { pipe.signal() }

    func wait(block: Bool, into events: inout [PollEvent]) {
        var tokens: [UInt64] = [0]
        var list = [pollfd(fd: pipe.readEnd, events: Int16(POLLIN), revents: 0)]
        state.withLock { state in
            state.isWaiting = true
            for (fd, (token, interest)) in state.watched {
                var wanted: Int32 = 0
                if interest.contains(.readable) { wanted |= Int32(POLLIN) }
                if interest.contains(.writable) { wanted |= Int32(POLLOUT) }
                tokens.append(token)
                list.append(pollfd(fd: fd, events: Int16(wanted), revents: 0))
            }
        }
        events.removeAll(keepingCapacity: true)
        let found = poll(&list, nfds_t(list.count), block ? -1 : 0)
        state.withLock { $0.isWaiting = false }
        guard found > 0 else { return }
        if list[0].revents != 0 { pipe.drain() }
        for (entry, token) in zip(list, tokens).dropFirst() where entry.revents != 0 {
            let flags = Int32(entry.revents)
            var readiness: Readiness = []
            if flags & Int32(POLLIN) != 0 { readiness.insert(.readable) }
            if flags & Int32(POLLOUT) != 0 { readiness.insert(.writable) }
            if flags & Int32(POLLERR | POLLHUP) != 0 { readiness.insert(.hungUp) }
            events.append(PollEvent(token: token, readiness: readiness))
        }
    }
}

#if os(Linux)
    /// A ``Poller`` on epoll(7).
    ///
    /// The kernel hands out what is ready in the order in which it became so. Ten thousand who connect and leave would stand
    /// before everybody else, so newcomers have an epoll of their own, which the other one watches like a descriptor: of
    /// them a few have their turn in each wake-up.
    final class EpollPoller: Poller {
        // The kernel's values: their imported Swift types differ between Glibc and Musl.
        private static let readable: UInt32 = 0x1
        private static let writable: UInt32 = 0x4
        private static let failedOrHungUp: UInt32 = 0x8 | 0x10
        private static let maxEvents = 256
        /// So many newcomers are found at a time.
        static let maxNewcomers = 32
        private static let (tokenOfPipe, tokenOfNewcomers) = (UInt64(0), UInt64.max)

        private let members: Int32
        private let newcomers: Int32
        private let pipe: WakeUpPipe

        private init(members: Int32, newcomers: Int32, pipe: WakeUpPipe) {
            (self.members, self.newcomers, self.pipe) = (members, newcomers, pipe)
            _ = control(members, EPOLL_CTL_ADD, pipe.readEnd, token: Self.tokenOfPipe, .readable)
            _ = control(members, EPOLL_CTL_ADD, newcomers, token: Self.tokenOfNewcomers, .readable)
        }

        deinit {
            Socket.close(newcomers)
            Socket.close(members)
        }

        static func make() -> Result<EpollPoller, SystemError> {
            Socket.wakeUpPipe().flatMap { ends in
                let pipe = WakeUpPipe(ends)
                let members = epoll_create1(0)
                guard members >= 0 else { return .failure(SystemError(code: errno)) }
                let newcomers = epoll_create1(0)
                guard newcomers >= 0 else {
                    defer { Socket.close(members) }
                    return .failure(SystemError(code: errno))
                }
                for fd in [members, newcomers] { _ = fcntl(fd, F_SETFD, FD_CLOEXEC) }
                return .success(EpollPoller(members: members, newcomers: newcomers, pipe: pipe))
            }
        }

        private func control(
            _ epoll: Int32, _ operation: Int32, _ fd: Int32, token: UInt64, _ interest: Readiness
        ) -> Int32 {
            var event = epoll_event()
            if interest.contains(.readable) { event.events |= Self.readable }
            if interest.contains(.writable) { event.events |= Self.writable }
            event.data.u64 = token
            return epoll_ctl(epoll, operation, fd, &event) == 0 ? 0 : errno
        }

        func add(_ fd: Int32, token: UInt64, for interest: Readiness, isNewcomer: Bool) -> Int32 {
            control(isNewcomer ? newcomers : members, EPOLL_CTL_ADD, fd, token: token, interest)
        }

        func change(_ fd: Int32, token: UInt64, for interest: Readiness) -> Int32 {
            let code = control(members, EPOLL_CTL_MOD, fd, token: token, interest)
            return code == ENOENT ? control(newcomers, EPOLL_CTL_MOD, fd, token: token, interest) : code
        }

        func admit(_ fd: Int32, token: UInt64, for interest: Readiness) -> Int32 {
            _ = control(newcomers, EPOLL_CTL_DEL, fd, token: token, [])
            return control(members, EPOLL_CTL_ADD, fd, token: token, interest)
        }

        func forget(_ fd: Int32) {
            if control(members, EPOLL_CTL_DEL, fd, token: 0, []) == ENOENT {
                _ = control(newcomers, EPOLL_CTL_DEL, fd, token: 0, [])
            }
        }

        func wakeUp() { pipe.signal() }

        func wait(block: Bool, into events: inout [PollEvent]) {
            events.removeAll(keepingCapacity: true)
            withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.maxEvents) { found in
                let count = epoll_wait(members, found.baseAddress, Int32(Self.maxEvents), block ? -1 : 0)
                guard take(found.prefix(Int(max(0, count))), into: &events) else { return }
                let more = epoll_wait(newcomers, found.baseAddress, Int32(Self.maxNewcomers), 0)
                _ = take(found.prefix(Int(max(0, more))), into: &events)
            }
        }

        /// Returns whether there are newcomers too. An interrupted wait found nothing; the loop comes back.
        private func take(
            _ found: UnsafeMutableBufferPointer<epoll_event>.SubSequence, into events: inout [PollEvent]
        ) -> Bool {
            var hasNewcomers = false
            for event in found {
                switch event.data.u64 {
                case Self.tokenOfPipe: pipe.drain()
                case Self.tokenOfNewcomers: hasNewcomers = true
                case let token:
                    var readiness: Readiness = []
                    if event.events & Self.readable != 0 { readiness.insert(.readable) }
                    if event.events & Self.writable != 0 { readiness.insert(.writable) }
                    if event.events & Self.failedOrHungUp != 0 { readiness.insert(.hungUp) }
                    events.append(PollEvent(token: token, readiness: readiness))
                }
            }
            return hasNewcomers
        }
    }
#endif
