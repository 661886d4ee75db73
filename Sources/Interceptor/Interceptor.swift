import AMQPTransport
import AMQPWire
import Synchronization

/// Stands between a client and a broker, and does to what passes whatever its ``Hook`` decides, frame by frame.
///
/// It is a client's stream to a broker, made of another: in memory or over TCP. Two of them may stand one behind the
/// other. A client in another process reaches one through a ``Relay``.
public final class Interceptor: ByteStream, ByteStreamReceiver {
    private enum Arrival: Sendable {
        case octets([UInt8])
        case drained
        case ended(StreamEnd)
    }

    private enum Departure: Sendable {
        case octets([UInt8])
        case close
        case abort
    }

    private struct State: Sendable {
        var toBroker: WireReader
        var toClient: WireReader
        var receiver: (any ByteStreamReceiver)?
        var held: [Step] = []
        var isCut = false
        /// The two sides don't hear of each other any more.
        var isSevered = false
        /// For the receiver, in order; one thread at a time hands it over, so that calls never overlap.
        var arrivals: [Arrival] = []
        var isDelivering = false
        /// For the stream, likewise: no other object is ever called with the lock held.
        var departures: [Departure] = []
        var isSending = false

        var passes: Bool { !isCut && !isSevered }
    }

    private let stream: any ByteStream
    private let hook: any Hook
    private let state: Mutex<State>

    public init(_ stream: any ByteStream, _ hook: any Hook) {
        self.stream = stream
        self.hook = hook
        state = Mutex(State(toBroker: WireReader(hook.mode), toClient: WireReader(hook.mode)))
    }

    public var name: String { stream.name }
    public var isLoopback: Bool { stream.isLoopback }
    public var unsent: Int { stream.unsent }

    public func start(_ receiver: any ByteStreamReceiver) {
        state.withLock { $0.receiver = receiver }
        stream.start(self)
        deliver()
    }

    @discardableResult public func send(_ bytes: RawSpan) -> Int {
        // A copy of the octets: a span can't be carried into the lock.
        let octets = bytes.withUnsafeBytes { Array($0) }
        state.withLock { state in
            if state.passes { carryOut(hook.steps(for: state.toBroker.read(octets), .toBroker), &state) }
        }
        deliver()
        return stream.unsent
    }

    public func setReading(_ on: Bool) { stream.setReading(on) }

    public func close() {
        state.withLock { state in
            if state.isSevered { return state.arrivals.append(.ended(.closedHere)) }
            end(.toBroker, .finished, &state)
            state.departures.append(.close)
        }
        deliver()
    }

    public func abort() {
        state.withLock { state in
            if state.isSevered { return state.arrivals.append(.ended(.closedHere)) }
            if !state.isCut { hook.ended(.toBroker, .reset("")) }
            state.isCut = true
            state.departures.append(.abort)
        }
        deliver()
    }

    /// What was held goes on its way, in the order in which it came.
    public func release() {
        state.withLock { state in
            defer { state.held = [] }
            carryOut(state.held, &state)
        }
        deliver()
    }

    /// Breaks the connection now, at both ends; what was held is lost with it.
    public func cut() {
        state.withLock { carryOut([.cut], &$0) }
        deliver()
    }

    /// From now on nothing passes, not even that a side has ended: a cable that was pulled out somewhere in between. Each
    /// side finds out by itself, if ever.
    public func sever() {
        state.withLock { state in
            state.isSevered = true
            state.held = []
        }
    }

    /// Puts something between what passes, as if a side had sent it.
    public func carryOut(_ steps: [Step]) {
        state.withLock { if $0.passes { carryOut(steps, &$0) } }
        deliver()
    }

    private func carryOut(_ steps: [Step], _ state: inout State) {
        for step in steps where !state.isCut {
            switch step {
            case .send(let octets, _) where octets.isEmpty: break
            case .send(let octets, .toBroker): state.departures.append(.octets(octets))
            case .send(let octets, .toClient): state.arrivals.append(.octets(octets))
            case .hold(let octets, let direction): state.held.append(.send(octets, direction))
            case .cut:
                state.isCut = true
                state.held = []
                state.departures.append(.abort)
                state.arrivals.append(.ended(.reset("the connection was cut")))
            }
        }
    }

    /// What was begun and never became whole passes too.
    private func end(_ direction: Direction, _ end: ConversationEnd, _ state: inout State) {
        guard !state.isCut else { return }
        let rest = direction == .toBroker ? state.toBroker.end() : state.toClient.end()
        if !rest.isEmpty { carryOut(hook.steps(for: rest, direction), &state) }
        hook.ended(direction, end)
    }

    // MARK: What the broker sends

    public func streamReceived(_ bytes: RawSpan) {
        let octets = bytes.withUnsafeBytes { Array($0) }
        state.withLock { state in
            if state.passes { carryOut(hook.steps(for: state.toClient.read(octets), .toClient), &state) }
        }
        deliver()
    }

    public func streamDrained() {
        state.withLock { $0.arrivals.append(.drained) }
        deliver()
    }

    public func streamEnded(_ end: StreamEnd) {
        state.withLock { state in
            if state.isSevered { return }
            switch end {
            case .finished: self.end(.toClient, .finished, &state)
            case .reset(let text): self.end(.toClient, .reset(text), &state)
            case .closedHere: break
            }
            state.arrivals.append(.ended(end))
        }
        deliver()
    }

    /// Hands over what has been decided, in that order; another thread may be at it already.
    private func deliver() {
        depart()
        arrive()
    }

    private func depart() {
        var mine = false
        while true {
            let next = state.withLock { state -> Departure? in
                guard mine || !state.isSending else { return nil }
                mine = !state.departures.isEmpty
                state.isSending = mine
                return mine ? state.departures.removeFirst() : nil
            }
            switch next {
            case nil: return
            case .octets(let octets): stream.send(octets.span.bytes)
            case .close: stream.close()
            case .abort: stream.abort()
            }
        }
    }

    private func arrive() {
        var mine = false
        while true {
            let next = state.withLock { state -> (Arrival, any ByteStreamReceiver)? in
                guard mine || !state.isDelivering else { return nil }
                guard let receiver = state.receiver, !state.arrivals.isEmpty else {
                    state.isDelivering = false
                    return nil
                }
                mine = true
                state.isDelivering = true
                let first = state.arrivals.removeFirst()
                // The last call, whatever comes behind it.
                if case .ended = first { state.receiver = nil }
                return (first, receiver)
            }
            guard let (arrival, receiver) = next else { return }
            switch arrival {
            case .octets(let octets): receiver.streamReceived(octets.span.bytes)
            case .drained: receiver.streamDrained()
            case .ended(let end): receiver.streamEnded(end)
            }
        }
    }
}
