import Dispatch
import Synchronization

/// A ``ByteStream`` inside one process, with the observable behaviour of TCP.
///
/// Octets are handed over on a serial queue of the receiving end, so a `send` inside a lock never comes back to the caller.
/// What is sent while a hand-over is pending goes with it, as one batch.
public final class MemoryStream: ByteStream {
    public let name = "memory"
    public let isLoopback = true
    private let link: MemoryLink
    private let end: MemoryLink.End

    private init(_ link: MemoryLink, _ end: MemoryLink.End) {
        (self.link, self.end) = (link, end)
    }

    deinit {
        // Only an end that was never started gets here unclosed: a started one is held by its link.
        link.close(end)
    }

    /// Two streams: what is sent on one is received on the other.
    public static func pair() -> (MemoryStream, MemoryStream) {
        let link = MemoryLink()
        return (MemoryStream(link, .first), MemoryStream(link, .second))
    }

    public func start(_ receiver: any ByteStreamReceiver) { link.start(end, self, receiver) }

    @discardableResult
    public func send(_ bytes: RawSpan) -> Int { bytes.withUnsafeBytes { link.send($0, from: end) } }

    /// How many octets the peer's receiver has not been handed yet.
    public var unsent: Int { link.unsent(of: end) }

    /// Neither end's receiver is being called or has anything to hear. What receivers have others do is not seen.
    public var isAtRest: Bool { link.isAtRest }

    public func setReading(_ on: Bool) { link.setReading(end, on) }

    public func close() { link.close(end) }

    public func abort() { link.abort(end) }
}

/// What the two ends of a memory stream share: one lock, and for each end a queue on which its receiver is called.
private final class MemoryLink: Sendable {
    enum End: Int, Sendable {
        case first, second
        var peer: End { self == .first ? .second : .first }
    }

    private struct Side: Sendable {
        var receiver: (any ByteStreamReceiver)?
        /// Held from the start to the end, as a loop holds a TCP stream: a dropped reference must not end it.
        var stream: MemoryStream?
        var isReading = true
        /// Sent by the peer, not yet handed to the receiver.
        var inbox: [UInt8] = []
        /// The peer closed: after the inbox comes the end.
        var isPeerFinished = false
        /// The receiver is to be told so before anything else.
        var end: StreamEnd?
        var isOver = false
        var owesDrained = false
        var isScheduled = false

        /// Neither sends nor receives any more.
        var isShut: Bool { isOver || end != nil }
        var hasWork: Bool {
            guard receiver != nil, !isOver else { return false }
            return end != nil || owesDrained || isReading && (!inbox.isEmpty || isPeerFinished)
        }
    }

    private struct State: Sendable {
        var first = Side()
        var second = Side()

        subscript(end: End) -> Side {
            get { end == .first ? first : second }
            _modify { if end == .first { yield &first } else { yield &second } }
        }
    }

    private enum Step {
        case received([UInt8])
        case drained
        /// The last step releases the stream, outside of the lock: its deinit takes the lock.
        case ended(StreamEnd, MemoryStream?)
    }

    private let state = Mutex(State())
    private let queues = (
        DispatchQueue(label: "AMQPTransport.MemoryStream.first"),
        DispatchQueue(label: "AMQPTransport.MemoryStream.second")
    )

    // MARK: What the ends ask for

    func start(_ end: End, _ stream: MemoryStream, _ receiver: any ByteStreamReceiver) {
        change(end) { state in
            guard state[end].receiver == nil, !state[end].isOver else { return }
            state[end].receiver = receiver
            state[end].stream = stream
        }
    }

    func send(_ bytes: UnsafeRawBufferPointer, from end: End) -> Int {
        change(end) { state in
            if !state[end].isShut, !state[end].isPeerFinished, !state[end.peer].isShut {
                state[end.peer].inbox.append(contentsOf: bytes)
            }
            return state[end.peer].inbox.count
        }
    }

    func unsent(of end: End) -> Int { state.withLock { $0[end.peer].inbox.count } }

    var isAtRest: Bool {
        state.withLock { state in
            ![state.first, state.second].contains { $0.isScheduled || $0.hasWork }
        }
    }

    func setReading(_ end: End, _ on: Bool) {
        change(end) { $0[end].isReading = on }
    }

    func close(_ end: End) {
        change(end) { state in
            guard !state[end].isShut else { return }
            state[end].end = .closedHere
            discardInbox(of: end, &state)
            state[end.peer].isPeerFinished = true
        }
    }

    func abort(_ end: End) {
        change(end) { state in
            guard !state[end].isOver else { return }
            state[end].end = state[end].end ?? .closedHere
            discardInbox(of: end, &state)
            guard !state[end.peer].isShut else { return }
            state[end.peer].inbox = []
            state[end.peer].end = .reset(Errno.text(Errno.reset))
        }
    }

    /// What a closed end has not received, it never will; the sender is rid of it.
    private func discardInbox(of end: End, _ state: inout State) {
        if !state[end].inbox.isEmpty { state[end.peer].owesDrained = true }
        state[end].inbox = []
    }

    // MARK: Handing over

    /// Changes the state, then sees to it that whoever now has something to hear is called.
    private func change<R: Sendable>(_ end: End, _ body: (inout State) -> R) -> R {
        state.withLock { state in
            let result = body(&state)
            schedule(.first, &state)
            schedule(.second, &state)
            return result
        }
    }

    private func schedule(_ end: End, _ state: inout State) {
        guard state[end].hasWork, !state[end].isScheduled else { return }
        state[end].isScheduled = true
        (end == .first ? queues.0 : queues.1).async { self.deliver(to: end) }
    }

    /// On the end's queue.
    private func deliver(to end: End) {
        while true {
            let (receiver, step) = state.withLock { state -> ((any ByteStreamReceiver)?, Step?) in
                let receiver = state[end].receiver
                guard let step = next(end, &state) else {
                    state[end].isScheduled = false
                    return (nil, nil)
                }
                schedule(end.peer, &state)
                return (receiver, step)
            }
            switch step {
            case .received(let bytes)?: receiver?.streamReceived(bytes.span.bytes)
            case .drained?: receiver?.streamDrained()
            case .ended(let end, _)?: receiver?.streamEnded(end)
            case nil: return
            }
        }
    }

    /// Takes the next thing the end's receiver is to hear.
    private func next(_ end: End, _ state: inout State) -> Step? {
        guard state[end].hasWork else { return nil }
        if let reason = state[end].end ?? finished(end, state) {
            state[end].isOver = true
            state[end].end = reason
            state[end].receiver = nil
            discardInbox(of: end, &state)
            defer { state[end].stream = nil }
            return .ended(reason, state[end].stream)
        }
        if state[end].owesDrained {
            state[end].owesDrained = false
            return .drained
        }
        var bytes: [UInt8] = []
        swap(&bytes, &state[end].inbox)
        state[end.peer].owesDrained = true
        return .received(bytes)
    }

    private func finished(_ end: End, _ state: State) -> StreamEnd? {
        let side = state[end]
        return side.isPeerFinished && side.isReading && side.inbox.isEmpty && !side.owesDrained ? .finished : nil
    }
}
