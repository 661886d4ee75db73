import AMQPTransport
import AMQPWire
import BrokerServer
import Interceptor
import Synchronization

/// A broker of its own on a free port, which notes down what programs and it say to each other: for `check` and `trace`.
///
/// Each of the program's connections is joined to one of the broker's in memory. What a check does to the conversation on
/// the way is ``Interference``'s.
final class ObservingBroker: Sendable {
    let broker: Broker
    let port: Int
    /// What is done to the conversation; nothing, until a check asks for it.
    let interference = Interference()
    private let listener: TCPListener
    private let record: Record

    /// What has been seen so far, and who waits for more.
    fileprivate final class Record: Sendable {
        struct State: Sendable {
            var observations: [Observation] = []
            var connections = 0
        }
        let state = Mutex(State())
        let time = SystemTime()
        let start: Int64

        init() { start = time.now }

        func connect() -> Int {
            state.withLock { state in
                state.connections += 1
                return state.connections
            }
        }

        func add(
            _ connection: Int, _ direction: Direction, _ channel: UInt16, _ what: Observation.What,
            _ frames: [Frame] = []
        ) {
            let now = time.now - start
            state.withLock { state in
                state.observations.append(
                    Observation(
                        time: now, connection: connection, channel: channel, direction: direction, what: what,
                        frames: frames))
            }
        }
    }

    init(_ broker: Broker = .patient) throws(TransportError) {
        let (record, interference) = (Record(), self.interference)
        self.broker = broker
        self.record = record
        listener = try TCPListener(host: "localhost", port: 0, loop: .shared) { stream in
            let connection = record.connect()
            record.add(connection, .toBroker, 0, .connected)
            // What is noted is what the program gets, so the note stands on its side of the interference.
            let inside = Interceptor(broker.connect(), interference)
            interference.joined(inside)
            Relay.join(stream, Interceptor(inside, Note(connection, record)))
        }
        port = listener.port
    }

    var url: String { "amqp://guest:guest@localhost:\(port)/" }

    var observations: [Observation] { record.state.withLock { $0.observations } }

    /// Milliseconds since the watch began.
    var now: Int64 { record.time.now - record.start }

    func shutDown() {
        listener.close()
        broker.shutDown()
    }
}

/// Notes what passes one connection, in the order in which it passes: causes stand before their effects.
private final class Note: Hook {
    private let connection: Int
    private let record: ObservingBroker.Record
    private let watches = Mutex((toBroker: WireWatch(), toClient: WireWatch()))

    init(_ connection: Int, _ record: ObservingBroker.Record) { (self.connection, self.record) = (connection, record) }

    func decide(_ piece: WirePiece, _ direction: Direction) -> Verdict {
        let seen = watches.withLock { watches in
            direction == .toBroker ? watches.toBroker.read(piece) : watches.toClient.read(piece)
        }
        if let (channel, what, frames) = seen { record.add(connection, direction, channel, what, frames) }
        return .pass
    }

    func ended(_ direction: Direction, _ end: ConversationEnd) {
        if direction == .toBroker { record.add(connection, direction, 0, .disconnected) }
    }
}
