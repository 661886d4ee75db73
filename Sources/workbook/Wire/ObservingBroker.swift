import AMQPTransport
import AMQPWire
import BrokerServer
import Interceptor
import Synchronization

/// A broker of its own, which notes down what programs and it say to each other: for `check` and `trace`.
///
/// Each program gets a port to itself, so it is known which program a connection belongs to, however many it makes. Each
/// connection is joined to one of the broker's in memory. What a check does to the conversation on the way is
/// ``Interference``'s.
final class ObservingBroker: Sendable {
    let broker: Broker
    /// What is done to the conversation; nothing, until a check asks for it.
    let interference = Interference()
    private let listeners = Mutex<[TCPListener]>([])
    private let record: Record

    /// What has been seen so far.
    fileprivate final class Record: Sendable {
        struct State: Sendable {
            var log = WireLog()
            var observations: [Observation] = []
            var connections = 0
        }
        let state = Mutex(State())
        let time = SystemTime()
        let start: Int64
        /// For a trace: all that was seen, frame by frame. A check needs the facts alone.
        let keepsFrames: Bool

        init(keepsFrames: Bool) {
            self.keepsFrames = keepsFrames
            start = time.now
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
                if keepsFrames { state.observations.append(seen) }
            }
        }
    }

    init(_ broker: Broker = .patient, keepsFrames: Bool = false) {
        self.broker = broker
        record = Record(keepsFrames: keepsFrames)
    }

    /// Opens a port for a program, and returns its address. Without a path: clients don't agree on whether the slash at
    /// the end of an address names the virtual host `/` or one without a name, but they do on what no path means.
    func address(forRun run: Int) throws(TransportError) -> String {
        let (record, interference, broker) = (self.record, self.interference, self.broker)
        let listener = try TCPListener(host: "localhost", port: 0, loop: .shared) { stream in
            let connection = record.connect()
            record.add(run, connection, .toBroker, 0, .connected)
            // What is noted is what the program gets, so the note stands on its side of the interference.
            let inside = interference.join(broker.connect())
            Relay.join(stream, Interceptor(inside, Note(run, connection, record)))
        }
        listeners.withLock { $0.append(listener) }
        return "amqp://guest:guest@localhost:\(listener.port)"
    }

    /// The facts so far.
    var log: WireLog {
        var log = record.state.withLock(\.log)
        log.now = now
        return log
    }

    /// All that was seen, where that is kept.
    var observations: [Observation] { record.state.withLock(\.observations) }

    /// Milliseconds since the watch began.
    var now: Int64 { record.time.now - record.start }

    func shutDown() {
        for listener in listeners.withLock({ $0 }) { listener.close() }
        broker.shutDown()
        interference.end()
    }
}

/// Notes what passes one connection, in the order in which it passes: causes stand before their effects.
private final class Note: Hook {
    private let run: Int
    private let connection: Int
    private let record: ObservingBroker.Record
    private let watches: Mutex<(toBroker: WireWatch, toClient: WireWatch)>

    init(_ run: Int, _ connection: Int, _ record: ObservingBroker.Record) {
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
