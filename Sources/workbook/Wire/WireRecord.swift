import AMQPTransport
import AMQPWire
import Interceptor
import Synchronization

/// What has been seen so far of all that passes a place: facts, and frames where somebody wants them.
final class WireRecord: Sendable {
    private struct State: Sendable {
        var log = WireLog()
        var observations: [Observation] = []
        /// How much of memory they take, in octets.
        var kept = 0
        var connections = 0
    }

    /// Nobody looks at more than this, in octets: of a program that never ends the beginning is enough.
    private static let mostKept = 64 << 20
    private let state = Mutex(State())
    private let time = SystemTime()
    let start: Int64
    /// For a trace: all that was seen, frame by frame. A check needs the facts alone.
    let keepsFrames: Bool

    /// - Parameter start: of another record, whose times are compared with those of this one
    init(keepsFrames: Bool, since start: Int64? = nil) {
        self.keepsFrames = keepsFrames
        self.start = start ?? time.now
    }

    func connect() -> Int {
        state.withLock { state in
            state.connections += 1
            return state.connections
        }
    }

    func add(
        _ run: Int, _ connection: Int, _ direction: Direction, _ channel: UInt16, _ what: Observation.What,
        _ frames: [Frame] = []
    ) {
        let now = time.now - start
        let seen = Observation(
            time: now, run: run, connection: connection, channel: channel, direction: direction, what: what,
            frames: frames)
        state.withLock { state in
            state.log.add(seen)
            guard keepsFrames, state.kept < Self.mostKept else { return }
            state.observations.append(seen)
            state.kept += frames.reduce(256 + seen.body.count) { $0 + $1.payload.count }
        }
    }

    /// Milliseconds since it began.
    var now: Int64 { time.now - start }

    /// When something was seen last.
    var lastTime: Int64? { state.withLock { $0.log.now } }

    /// When a program got a message, published one, or settled one last.
    var lastDeed: Int64? { state.withLock { $0.log.lastDeed } }

    /// More was published than anybody watches.
    var isFlooded: Bool { state.withLock { $0.log.load > WireLog.mostLoad } }

    /// The facts so far.
    var log: WireLog {
        var log = state.withLock(\.log)
        log.now = now
        return log
    }

    /// All that was seen, where that is kept; of much the beginning.
    var observations: [Observation] { state.withLock(\.observations) }
}

/// Notes what passes one connection, in the order in which it passes: causes stand before their effects.
final class WireNote: Hook {
    private let run: Int
    private let connection: Int
    private let record: WireRecord
    private let watches: Mutex<(toBroker: WireWatch, toClient: WireWatch)>

    init(_ run: Int, _ connection: Int, _ record: WireRecord) {
        (self.run, self.connection, self.record) = (run, connection, record)
        let watch = WireWatch(keepsFrames: record.keepsFrames)
        watches = Mutex((watch, watch))
    }

    func decide(_ piece: WirePiece, _ direction: Direction) -> Verdict {
        let seen = watches.withLock { watches in
            direction == .toBroker ? watches.toBroker.read(piece) : watches.toClient.read(piece)
        }
        if let (channel, what, frames) = seen { record.add(run, connection, direction, channel, what, frames) }
        return .pass
    }

    func ended(_ direction: Direction, _ end: ConversationEnd) {
        if direction == .toBroker { record.add(run, connection, direction, 0, .disconnected) }
    }
}
