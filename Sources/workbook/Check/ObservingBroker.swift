import AMQPTransport
import AMQPWire
import BrokerServer
import Synchronization

/// A broker of its own on a free port, which notes down what a program and it say to each other.
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
    private final class Record: Sendable {
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
            _ connection: Int, _ direction: Observation.Direction, _ seen: [(channel: UInt16, what: Observation.What)]
        ) {
            let now = time.now - start
            state.withLock { state in
                for (channel, what) in seen {
                    state.observations.append(
                        Observation(
                            time: now, connection: connection, channel: channel, direction: direction, what: what))
                }
            }
        }
    }

    init(_ broker: Broker = .patient) throws(TransportError) {
        let (record, interference) = (Record(), self.interference)
        self.broker = broker
        self.record = record
        listener = try TCPListener(host: "localhost", port: 0, loop: .shared) { stream in
            let connection = record.connect()
            let inside = broker.connect()
            record.add(connection, .fromProgram, [(0, .connected)])
            // The program's octets are noted before the broker gets them, so causes stand before their effects.
            let program = Relay(to: inside, beginsWithHeader: true) { record.add(connection, .fromProgram, $0) }
            let answers = Relay(to: stream, beginsWithHeader: false, interference) {
                record.add(connection, .fromBroker, $0)
            }
            interference.joined(stream)
            inside.start(answers)
            stream.start(program)
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

/// Hands octets from one stream on to another, and shows them.
private final class Relay: ByteStreamReceiver {
    private let target: any ByteStream
    private let watch: Mutex<WireWatch>
    private let note: @Sendable ([(channel: UInt16, what: Observation.What)]) -> Void
    /// Only for what the broker says; nil: everything goes on as it came.
    private let interference: Interference?
    private let frames = Mutex(FrameReader(frameMax: 0))

    init(
        to target: any ByteStream, beginsWithHeader: Bool, _ interference: Interference? = nil,
        note: @escaping @Sendable ([(channel: UInt16, what: Observation.What)]) -> Void
    ) {
        self.target = target
        self.interference = interference
        watch = Mutex(WireWatch(beginsWithHeader: beginsWithHeader))
        self.note = note
    }

    func streamReceived(_ bytes: RawSpan) {
        // A copy of the octets: a span can't be carried into the lock.
        let octets = bytes.withUnsafeBytes { Array($0) }
        guard let interference else { return send(octets) }
        let whole = frames.withLock { reader in
            reader.append(octets.span.bytes)
            var whole: [Frame] = []
            // Our own broker's frames; should one ever be broken, the program gets nothing more.
            while let frame = try? reader.next() { whole.append(frame) }
            return whole
        }
        for frame in whole { interference.pass(frame) { self.send($0) } }
    }

    private func send(_ octets: [UInt8]) {
        note(watch.withLock { $0.read(octets.span.bytes) })
        target.send(octets.span.bytes)
    }

    func streamDrained() {}

    func streamEnded(_ end: StreamEnd) {
        if interference == nil { note([(0, .disconnected)]) }
        // Not aborted, whatever the end: what was seen on its way is to arrive, or the picture would be wrong.
        target.close()
    }
}
