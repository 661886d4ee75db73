import Dispatch
import Synchronization

/// A ``ByteStream`` over TCP.
///
/// One lock guards the descriptor: it is read, written and closed only while the lock is held, so no thread can use the
/// number after it was closed and given to somebody else. The receiver is never called with the lock held.
public final class TCPStream: ByteStream {
    public let name: String
    public let isLoopback: Bool
    public let source: String
    private let loop: EventLoop
    /// It has a place there as long as the descriptor is open.
    private let limit: ConnectionLimit?
    private let state: Mutex<State>

    /// Takes over a connected, non-blocking socket. `isAccepted` tells which side comes first in the name, `isNewcomer`
    /// whether it waits to be let in.
    init(
        connected fd: Int32, isAccepted: Bool, loop: EventLoop, limit: ConnectionLimit? = nil, isNewcomer: Bool = false
    ) {
        Socket.setNoDelay(fd)
        let (here, peer) = (SocketAddress.ofThisEnd(fd), SocketAddress.ofPeer(fd))
        let texts = (here?.text ?? "?", peer?.text ?? "?")
        name = isAccepted ? "\(texts.1) -> \(texts.0)" : "\(texts.0) -> \(texts.1)"
        isLoopback = peer?.isLoopback ?? false
        source = peer?.source ?? "?"
        self.loop = loop
        self.limit = limit
        state = Mutex(State(fd: fd, isNewcomer: isNewcomer))
    }

    deinit {
        // Only a stream that was never started gets here with an open descriptor: a started one is held by its loop.
        state.withLock { state in
            if state.fd >= 0 { closeDescriptor(&state) }
        }
    }

    public var unsent: Int { state.withLock { $0.queue.count } }

    public func start(_ receiver: any ByteStreamReceiver) {
        let isOver = state.withLock { state in
            guard !state.isStarted else { return false }
            state.isStarted = true
            state.receiver = receiver
            watch(&state)
            return state.end != nil
        }
        if isOver { loop.execute { self.reportEnd() } }
    }

    public func setReading(_ on: Bool) {
        state.withLock { state in
            state.isReading = on
            watch(&state)
        }
    }

    public func admit() {
        state.withLock { state in
            guard state.isNewcomer, state.phase != .gone else { return }
            state.isNewcomer = false
            guard let registration = state.registration else { return }
            let code = loop.admit(state.fd, registration, for: state.interest)
            if code != 0 { giveUp(code, &state) }
        }
    }

    @discardableResult
    public func send(_ bytes: RawSpan) -> Int {
        bytes.withUnsafeBytes { bytes in state.withLock { send(bytes, &$0) } }
    }

    private func send(_ bytes: UnsafeRawBufferPointer, _ state: inout State) -> Int {
        guard state.phase == .open, state.writeError == nil, state.end == nil, !bytes.isEmpty else {
            return state.queue.count
        }
        var taken = 0
        if state.queue.isEmpty {
            // At once, from the caller's thread: going through the loop would cost each message two thread switches.
            switch Socket.write(state.fd, bytes) {
            case .done(let count): taken = count
            case .wouldBlock: break
            case .failed(let code):
                fail(code, &state)
                return 0
            }
            state.written += taken
        }
        if taken < bytes.count {
            state.queue.append(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
            watch(&state)
        }
        return state.queue.count
    }

    /// Nothing more can be written. What has been received may still be read; the loop comes by, for the socket hangs up.
    private func fail(_ code: Int32, _ state: inout State) {
        state.writeError = code
        state.queue.removeAll()
        Socket.finishBoth(state.fd)
        watch(&state)
    }

    public func close() {
        let isOver = state.withLock { state in
            guard state.phase == .open, state.end == nil else { return false }
            state.phase = .flushing
            giveUpLater(state.written)
            if state.queue.isEmpty { finishSending(&state) }
            watch(&state)
            return state.end != nil
        }
        if isOver { loop.execute { self.reportEnd() } }
    }

    public func abort() {
        let isOver = state.withLock { state in
            guard state.phase != .gone else { return false }
            tearDown(&state, .closedHere, reset: true)
            return true
        }
        if isOver { loop.execute { self.reportEnd() } }
    }

    // MARK: With the lock held

    /// Tells the loop what this stream waits for in its present state.
    private func watch(_ state: inout State) {
        guard state.phase != .gone else { return }
        let interest = state.wanted
        if let registration = state.registration {
            if interest == state.interest { return }
            loop.update(state.fd, registration, for: interest)
        } else {
            if !state.isStarted, interest.isEmpty { return }
            switch loop.register(state.fd, self, for: interest, isNewcomer: state.isNewcomer) {
            case .success(let registration): state.registration = registration
            case .failure(let error): giveUp(error.code, &state)
            }
        }
        state.interest = interest
    }

    /// The loop can't watch it.
    private func giveUp(_ code: Int32, _ state: inout State) {
        tearDown(&state, .reset(Errno.text(code)), reset: true)
        loop.execute { self.reportEnd() }
    }

    /// Everything queued has left a closing stream.
    private func finishSending(_ state: inout State) {
        if state.isPeerFinished {
            tearDown(&state, .closedHere, reset: false)
        } else {
            Socket.finishSending(state.fd)
            state.phase = .lingering
            state.end = state.end ?? .closedHere
        }
    }

    /// Closes the descriptor; `end` is what the receiver is told unless it was told before.
    private func tearDown(_ state: inout State, _ end: StreamEnd, reset: Bool) {
        if let registration = state.registration { loop.unregister(state.fd, registration) }
        if reset { Socket.setResetOnClose(state.fd) }
        closeDescriptor(&state)
        state.phase = .gone
        state.registration = nil
        state.queue.removeAll()
        state.end = state.end ?? end
    }

    private func closeDescriptor(_ state: inout State) {
        Socket.close(state.fd)
        state.fd = -1
        limit?.giveBack()
    }

    // MARK: A peer that does not close its side

    private func giveUpLater(_ written: Int) {
        TCPTimers.queue.asyncAfter(deadline: .now() + .seconds(loop.patience)) { [weak self] in
            self?.giveUp(unlessBeyond: written)
        }
    }

    private func giveUp(unlessBeyond written: Int) {
        let isOver = state.withLock { state in
            switch state.phase {
            case .open, .gone: return false
            case .flushing where state.written > written:
                giveUpLater(state.written)
                return false
            case .flushing, .lingering:
                tearDown(&state, .closedHere, reset: !state.queue.isEmpty)
                return true
            }
        }
        if isOver { loop.execute { self.reportEnd() } }
    }

    /// On the loop's thread.
    private func reportEnd() {
        let (receiver, end) = state.withLock { state -> ((any ByteStreamReceiver)?, StreamEnd?) in
            guard state.isStarted, !state.isEndReported, let end = state.end else { return (nil, nil) }
            state.isEndReported = true
            defer { state.receiver = nil }
            return (state.receiver, end)
        }
        if let end { receiver?.streamEnded(end) }
    }
}

extension TCPStream: EventHandler {
    func ready(_ readiness: Readiness, _ buffer: UnsafeMutableRawBufferPointer) {
        if !readiness.isDisjoint(with: [.writable, .hungUp]) {
            let drained = state.withLock { flush(&$0) }
            drained?.streamDrained()
        }
        if !readiness.isDisjoint(with: [.readable, .hungUp]) {
            let (receiver, count) = state.withLock { read(&$0, readiness, buffer) }
            if count > 0 { receiver?.streamReceived(UnsafeRawBufferPointer(rebasing: buffer[..<count]).bytes) }
        }
        reportEnd()
    }

    func loopStopped() {
        state.withLock { state in
            if state.phase != .gone { tearDown(&state, .closedHere, reset: true) }
        }
        reportEnd()
    }

    /// Writes what the kernel takes. Returns the receiver if it is to hear that the queue is empty.
    private func flush(_ state: inout State) -> (any ByteStreamReceiver)? {
        guard state.phase == .open || state.phase == .flushing, !state.queue.isEmpty else { return nil }
        switch state.queue.withOldest({ Socket.write(state.fd, $0) }) {
        case .wouldBlock: return nil
        case .failed(let code):
            if state.phase == .open {
                fail(code, &state)
            } else {
                tearDown(&state, .reset(Errno.text(code)), reset: true)
            }
            return nil
        case .done(let count):
            state.written += count
            state.queue.removeFirst(count)
        }
        guard state.queue.isEmpty else { return nil }
        let receiver = state.end == nil ? state.receiver : nil
        if state.phase == .flushing { finishSending(&state) }
        watch(&state)
        return receiver
    }

    /// Reads once. Returns the receiver and how much of the buffer is for it.
    private func read(
        _ state: inout State, _ readiness: Readiness, _ buffer: UnsafeMutableRawBufferPointer
    ) -> ((any ByteStreamReceiver)?, Int) {
        switch state.phase {
        case .gone: break
        case .open where !(state.isStarted && state.isReading):
            // Nobody wants the octets now, but a broken connection is news all the same, and it would be reported anew
            // in every wake-up.
            guard readiness.contains(.hungUp) else { break }
            let code = state.writeError ?? Socket.takeError(state.fd)
            tearDown(&state, .reset(Errno.text(code == 0 ? Errno.reset : code)), reset: true)
        case .open:
            switch Socket.read(state.fd, into: buffer) {
            case .wouldBlock: break
            case .done(0):
                if let code = state.writeError {
                    tearDown(&state, .reset(Errno.text(code)), reset: true)
                } else {
                    peerFinished(&state)
                }
            case .done(let count): return (state.receiver, count)
            case .failed(let code):
                tearDown(&state, .reset(Errno.text(state.writeError ?? code)), reset: true)
            }
        case .flushing, .lingering:
            switch Socket.read(state.fd, into: buffer) {
            case .wouldBlock, .done(1...): break
            case .done:
                state.isPeerFinished = true
                if state.queue.isEmpty { tearDown(&state, .closedHere, reset: false) } else { watch(&state) }
            case .failed(let code):
                let end = state.phase == .flushing ? StreamEnd.reset(Errno.text(code)) : .closedHere
                tearDown(&state, end, reset: true)
            }
        }
        return (nil, 0)
    }

    /// The peer sends no more, but it may still read: what is queued for it goes out before the descriptor is closed.
    private func peerFinished(_ state: inout State) {
        state.isPeerFinished = true
        state.end = .finished
        if state.queue.isEmpty {
            tearDown(&state, .finished, reset: false)
        } else {
            state.phase = .flushing
            giveUpLater(state.written)
            watch(&state)
        }
    }
}
