import AMQPTransport
import Dispatch
import Synchronization

/// A ``ByteStream`` that is encrypted on its way over another one (RFC 8446, RFC 5246).
///
/// There is one once the handshake is over: ``connect(over:_:host:milliseconds:time:)`` and
/// ``accept(over:_:milliseconds:time:schedule:finished:)`` make it. One lock guards the OpenSSL session, and all that it says goes to
/// the stream below with the lock held, so that records leave in the order in which they were numbered. The receiver is
/// never called with the lock held, and by one thread at a time: the one that brings something while no other does.
///
/// Nothing is kept here but a record that has not come whole, and what was decrypted of one delivery while reading was
/// off. What the peer does not take waits in the stream below, and is counted there; so `unsent` is in encrypted octets.
///
/// A peer that ends its stream without `close_notify` may have been cut off by somebody on the way: that is a reset.
package final class TLSStream: ByteStream {
    typealias Completion = @Sendable (Result<TLSStream, TLSError>) -> Void

    package let name: String
    package let isLoopback: Bool
    package let source: String
    let stream: any ByteStream
    private let schedule: @Sendable (@escaping @Sendable () -> Void) -> Void
    let state: Mutex<State>

    enum Phase { case handshake, open, over }

    struct State: ~Copyable, Sendable {
        var session: TLSSession
        var phase = Phase.handshake
        var completion: Completion?
        var failure: TLSError?
        /// The peer's first octets, four at most, to tell what else than TLS it speaks.
        var head: [UInt8] = []
        var receiver: (any ByteStreamReceiver)?
        var isReading = true
        var plain: [UInt8] = []
        var hasReceived = false
        /// Something that was sent here waits below; what the handshake sent is nobody's news.
        var awaitsDrain = false
        var owesDrained = false
        var end: StreamEnd?
        /// Closed or aborted on this side: whatever the peer does now, that is how it ended.
        var isEndedHere = false
        var isEndReported = false
        /// A thread calls the receiver; what others bring meanwhile it delivers too.
        var isDelivering = false
        var deadline: TimerHandle?
    }

    private enum Step {
        case handshake(Completion, TLSError?)
        case received(any ByteStreamReceiver, [UInt8])
        case drained(any ByteStreamReceiver)
        case ended(any ByteStreamReceiver, StreamEnd)
    }

    private static let laterQueue = DispatchQueue(label: "AMQPTLS.TLSStream")
    static let later: @Sendable (@escaping @Sendable () -> Void) -> Void = { work in laterQueue.async { work() } }

    init(
        _ stream: any ByteStream, _ session: consuming sending TLSSession,
        schedule: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void = TLSStream.later,
        finished: @escaping Completion
    ) {
        (name, isLoopback, source) = (stream.name, stream.isLoopback, stream.source)
        self.stream = stream
        self.schedule = schedule
        state = Mutex(State(session: session, completion: finished))
    }

    /// Begins the handshake, which ends with a failure at the deadline.
    func begin(milliseconds: Int, _ time: any TimeSource) {
        let deadline = time.wake(at: time.now + Int64(milliseconds)) { [weak self] in
            self?.giveUp(.timedOut(milliseconds))
        }
        let isOver = state.withLock { state in
            state.deadline = deadline
            // The client speaks first, the server wants more.
            advance(&state)
            return state.phase == .over
        }
        if isOver {
            // It could not even begin: the peer has nothing to answer, so nothing else would ever report that.
            stream.close()
            deliver()
        }
        stream.start(self)
    }

    /// Drops a handshake that is not over.
    func giveUp(_ reason: TLSError) {
        let isGivenUp = state.withLock { state in
            guard state.phase == .handshake else { return false }
            fail(reason, &state)
            return true
        }
        guard isGivenUp else { return }
        stream.abort()
        deliver()
    }

    /// Why TLS has ended the stream, if it has.
    package var failure: TLSError? { state.withLock { $0.failure } }

    // MARK: ByteStream

    package var unsent: Int { stream.unsent }

    package func start(_ receiver: any ByteStreamReceiver) {
        state.withLock { state in
            guard state.receiver == nil, !state.isEndReported else { return }
            state.receiver = receiver
            readingChanged(&state)
        }
    }

    package func admit() { stream.admit() }

    package func setReading(_ on: Bool) {
        state.withLock { state in
            state.isReading = on
            readingChanged(&state)
        }
    }

    @discardableResult
    package func send(_ bytes: RawSpan) -> Int {
        bytes.withUnsafeBytes { bytes in
            state.withLock { state in
                var rest = bytes
                // In pieces, so that what is encrypted and not yet handed on stays small.
                while state.phase == .open, !rest.isEmpty {
                    let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 16))
                    rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
                    if state.session.encrypt(piece) {
                        flush(state.session)
                        state.awaitsDrain = stream.unsent > 0
                    } else {
                        fail(TLSError(.refused, "The TLS session can send no more"), &state)
                        stream.abort()
                    }
                }
            }
        }
        return stream.unsent
    }

    package func close() {
        state.withLock { state in
            if state.phase == .open {
                state.session.shutDown()
                flush(state.session)
            }
            endHere(&state)
        }
        stream.close()
    }

    package func abort() {
        state.withLock { endHere(&$0) }
        stream.abort()
    }

    // MARK: With the lock held

    private func flush(_ session: borrowing TLSSession) { session.takeOutput { stream.send($0.bytes) } }

    /// During the handshake the stream below is read whatever the receiver wants; then as it wants.
    private func readingChanged(_ state: inout State) {
        guard state.phase != .handshake else { return }
        let reads = state.isReading && state.receiver != nil
        stream.setReading(reads)
        // The receiver must not be called from here: its own locks may be held.
        let isDue = reads && (!state.plain.isEmpty || state.end != nil)
        if isDue, !state.isDelivering { schedule { self.deliver() } }
    }

    /// The stream below reports the end, unless it has done so and the peer's goodbye waits here for reading to be on.
    private func endHere(_ state: inout State) {
        state.plain = []
        if state.phase == .over, state.end == .finished {
            state.end = .closedHere
            schedule { self.deliver() }
        }
        state.phase = .over
        state.isEndedHere = true
    }

    func fail(_ reason: TLSError, _ state: inout State) {
        state.failure = reason
        state.phase = .over
        state.end = state.end ?? .reset(reason.description)
    }

    /// Takes the handshake further, then decrypts.
    func advance(_ state: inout State) {
        if state.phase == .handshake {
            let step = state.session.handshake()
            flush(state.session)
            switch step {
            case .done:
                state.phase = .open
                readingChanged(&state)
            case .wantsMore: return
            case .closed: return fail(TLSError(.lost, "The peer ended the TLS handshake without a reason"), &state)
            case .failed(let error): return fail(error, &state)
            }
        }
        guard state.phase == .open else { return }
        let step = state.session.decrypt(into: &state.plain)
        if !state.plain.isEmpty { state.hasReceived = true }
        switch step {
        case .done, .wantsMore: break
        case .closed:
            state.phase = .over
            state.end = .finished
            state.session.shutDown()
        case .failed(let error): fail(error, &state)
        }
        flush(state.session)
    }

    func speaksPlainAMQP(_ bytes: UnsafeRawBufferPointer, _ state: inout State) -> Bool {
        guard state.phase == .handshake, state.head.count < 4 else { return false }
        state.head += bytes.prefix(4 - state.head.count)
        return state.head.elementsEqual("AMQP".utf8)
    }

    // MARK: Delivering

    /// Calls whoever has something to hear, until there is nothing.
    func deliver() {
        var isMine = false
        while let step = state.withLock({ next(&$0, &isMine) }) {
            switch step {
            case .handshake(let completion, let failure?): completion(.failure(failure))
            case .handshake(let completion, nil): completion(.success(self))
            case .received(let receiver, let bytes): receiver.streamReceived(bytes.span.bytes)
            case .drained(let receiver): receiver.streamDrained()
            case .ended(let receiver, let end): receiver.streamEnded(end)
            }
        }
    }

    private func next(_ state: inout State, _ isMine: inout Bool) -> Step? {
        guard isMine || !state.isDelivering else { return nil }
        let step = next(&state)
        isMine = step != nil
        state.isDelivering = isMine
        return step
    }

    private func next(_ state: inout State) -> Step? {
        if state.phase != .handshake, let completion = state.completion {
            state.completion = nil
            state.deadline?.cancel()
            state.deadline = nil
            return .handshake(completion, state.failure)
        }
        guard let receiver = state.receiver else { return nil }
        if state.isReading, !state.plain.isEmpty {
            var plain: [UInt8] = []
            swap(&plain, &state.plain)
            return .received(receiver, plain)
        }
        if let end = state.end {
            // Behind what came before it; a break is news all the same.
            guard state.isReading || end != .finished else { return nil }
            state.isEndReported = true
            state.receiver = nil
            return .ended(receiver, end)
        }
        guard state.owesDrained else { return nil }
        state.owesDrained = false
        return .drained(receiver)
    }
}
