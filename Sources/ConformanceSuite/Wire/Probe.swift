import AMQPTransport
import AMQPWire
import Synchronization
import Testing

/// A peer without manners: sends any octets, sees every frame, and says which kind of silence it is.
///
/// What arrives is sorted by channel and kept until the case asks for it. Every wait ends: with what was asked for, with
/// an error that says what came instead, or at the deadline.
final class Probe: ByteStreamReceiver {
    private struct State: Sendable {
        var mailbox = Mailbox()
        /// How often something has arrived; a waiter that has seen less looks again.
        var arrivals = 0
        var openChannels: Set<UInt16> = []
        var waiters: [Int: (continuation: CheckedContinuation<Void, Never>, alarm: Task<Void, any Error>)] = [:]
        var lastWaiter = 0
    }

    private let state = Mutex(State())
    private let tap: Tap
    /// Frames that `send` and `publish` make are cut to this size; the handshake sets it to what was agreed.
    private let agreedFrameMax = Mutex<UInt32>(Frame.minimumMax)
    private let agreedChannelMax = Mutex<UInt16>(0)

    /// - Parameter readsFrames: false for an ``OctetClient``, which looks at octets only.
    init(_ tap: Tap, readsFrames: Bool = true) {
        self.tap = tap
        state.withLock { $0.mailbox.readsFrames = readsFrames }
        tap.stream.start(self)
    }

    /// A stream to the broker, and nothing said yet.
    static func raw() async throws -> Probe { Probe(try await CaseRun.active().connect()) }

    /// A connection that is open, to one node of a cluster if that is named. Options say what the handshake does otherwise than
    /// an ordinary client's.
    static func connect(
        node: Int? = nil, _ options: (inout Handshake) -> Void = { _ in }
    ) async throws -> Probe {
        let run = try CaseRun.active()
        var handshake = Handshake(run.peer.login)
        options(&handshake)
        let probe = Probe(try await run.connect(node: node))
        try await probe.logIn(handshake)
        return probe
    }

    /// A connection that is open, with a channel on it: all that most cases need.
    static func openChannel(node: Int? = nil) async throws -> ProbeChannel {
        try await connect(node: node).openChannel()
    }

    var frameMax: UInt32 {
        get { agreedFrameMax.withLock { $0 } }
        set { agreedFrameMax.withLock { $0 = newValue } }
    }

    /// The highest channel number that was agreed on; 0: any. The handshake sets it.
    var channelMax: UInt16 {
        get { agreedChannelMax.withLock { $0 } }
        set { agreedChannelMax.withLock { $0 = newValue } }
    }

    // MARK: Sending

    func send(octets: [UInt8]) { tap.stream.send(octets.span.bytes) }

    func send(_ method: some MethodFields, on channel: UInt16 = 0) {
        send { $0.method(method, channel: channel) }
    }

    /// Several frames in one write: `probe.send { $0.method(…); $0.frame(.body, …) }`.
    func send(_ write: (inout FrameWriter) -> Void) {
        var writer = FrameWriter()
        write(&writer)
        send(octets: writer.octets)
    }

    /// Ends the stream cleanly (FIN), without connection.close.
    func finish() { tap.stream.close() }

    /// Drops the stream (reset).
    func abort() { tap.stream.abort() }

    /// Closes the connection as the specification has it: connection.close, connection.close-ok.
    func close() async throws {
        send(ConnectionClose(replyCode: .replySuccess, replyText: "done"))
        _ = try await receive(ConnectionCloseOk.self)
        tap.stream.close()
    }

    // MARK: Channels

    /// Opens the lowest free channel number, or the given one.
    func openChannel(_ number: UInt16? = nil) async throws -> ProbeChannel {
        let number = number ?? state.withLock { state in (1...).first { !state.openChannels.contains($0) } ?? 1 }
        let channel = ProbeChannel(probe: self, number: number)
        _ = try await channel.call(ChannelOpen(), ChannelOpenOk.self)
        mark(channel: number, isOpen: true)
        return channel
    }

    func mark(channel: UInt16, isOpen: Bool) {
        state.withLock { state in
            if isOpen {
                state.openChannels.insert(channel)
            } else {
                state.openChannels.remove(channel)
            }
        }
    }

    /// The channels that are open, but for one.
    func siblings(of channel: UInt16) -> [ProbeChannel] {
        state.withLock { $0.openChannels }.filter { $0 != channel }.sorted()
            .map { ProbeChannel(probe: self, number: $0) }
    }

    // MARK: Waiting

    /// The next method of a type. Others that come before it on the channel are kept; a close or the end throws.
    func receive<Fields: MethodFields>(
        _ type: Fields.Type, on channel: UInt16 = 0, at place: SourceLocation = #_sourceLocation
    ) async throws -> Fields {
        let event = try await event(on: channel, "\(Fields.id)", at: place) { $0.method?.id == Fields.id }
        guard let fields = event.method?.fields as? Fields else { throw SuiteError("not \(Fields.id)", at: place) }
        return fields
    }

    /// The next event on a channel that is wanted; others before it are kept. Throws when the channel or the connection is
    /// closed instead, and when nothing comes in time; `wanted` is what the error then says was expected.
    func event(
        on channel: UInt16 = 0, _ wanted: String, at place: SourceLocation = #_sourceLocation,
        where isWanted: (Event) -> Bool = { _ in true }
    ) async throws -> Event {
        let found = try await look { mailbox -> Result<Event, SuiteError>? in
            if let event = mailbox.take(on: channel, where: isWanted) { return .success(event) }
            let close = mailbox.take(on: channel, where: \.isClose) ?? mailbox.take(on: 0, where: \.isClose)
            guard let instead = close?.description ?? mailbox.end?.text else { return nil }
            return .failure(SuiteError(expected: "\(wanted) on channel \(channel)", instead, at: place))
        }
        guard let found else {
            throw SuiteError(expected: "\(wanted) on channel \(channel)", "nothing in time", at: place)
        }
        return try found.get()
    }

    /// All that has arrived on a channel and is wanted, without waiting. Meaningful behind a barrier.
    func arrived(on channel: UInt16 = 0, where isWanted: (Event) -> Bool = { _ in true }) -> [Event] {
        state.withLock { state in
            var events: [Event] = []
            while let event = state.mailbox.take(on: channel, where: isWanted) { events.append(event) }
            return events
        }
    }

    func forget(channel: UInt16) { state.withLock { $0.mailbox.clear(channel) } }

    /// Waits until the stream is over. Nil: it is still there at the deadline.
    func end() async throws -> StreamEnd? { try await look { $0.end } }

    /// The root of every wait: looks whenever something has arrived, until something is found (nil: the deadline passed).
    func look<Found>(_ find: (inout Mailbox) -> Found?) async throws -> Found? {
        let deadline = ContinuousClock.now + Deadline.ofAnAnswer
        while true {
            let (found, arrivals) = state.withLock { (find(&$0.mailbox), $0.arrivals) }
            if let found { return found }
            guard ContinuousClock.now < deadline else { return nil }
            await waitForMore(than: arrivals, until: deadline)
        }
    }

    private func waitForMore(than arrivals: Int, until deadline: ContinuousClock.Instant) async {
        await withCheckedContinuation { continuation in
            let isTooLate = state.withLock { state in
                guard state.arrivals == arrivals else { return true }
                state.lastWaiter += 1
                let id = state.lastWaiter
                let alarm = Task {
                    try await Task.sleep(until: deadline, clock: .continuous)
                    self.state.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume()
                }
                state.waiters[id] = (continuation, alarm)
                return false
            }
            if isTooLate { continuation.resume() }
        }
    }

    private func arrive(_ change: (inout Mailbox) -> Void) {
        let waiters = state.withLock { state in
            change(&state.mailbox)
            state.arrivals += 1
            defer { state.waiters = [:] }
            return state.waiters.values.map { $0 }
        }
        for waiter in waiters {
            waiter.alarm.cancel()
            waiter.continuation.resume()
        }
    }

    // MARK: ByteStreamReceiver

    func streamReceived(_ bytes: RawSpan) {
        let octets = bytes.withUnsafeBytes { Array($0) }
        arrive { $0.receive(octets) }
    }

    func streamDrained() {}

    func streamEnded(_ end: StreamEnd) { arrive { $0.end = end } }
}

extension StreamEnd {
    var text: String {
        switch self {
        case .finished: "a clean end of stream"
        case .reset(let text): "a reset (\(text))"
        case .closedHere: "nothing, because the stream was closed on this side"
        }
    }
}

extension Event {
    var isClose: Bool {
        switch self {
        case .method(.channelClose, _), .method(.connectionClose, _): true
        default: false
        }
    }
}
