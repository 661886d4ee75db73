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
    private let listeners = Mutex<[Int: TCPListener]>([:])
    private let record: WireRecord

    init(_ broker: Broker = .patient, keepsFrames: Bool = false) {
        self.broker = broker
        record = WireRecord(keepsFrames: keepsFrames)
    }

    /// Opens a port for a program, and returns its address. Without a path: clients don't agree on whether the slash at
    /// the end of an address names the virtual host `/` or one without a name, but they do on what no path means.
    func address(forRun run: Int) throws(TransportError) -> String {
        let (record, interference, broker) = (self.record, self.interference, self.broker)
        let listener = try TCPListener(host: "localhost", port: 0, loop: .shared) { stream in
            let connection = record.connect()
            record.add(run, connection, .toBroker, 0, .connected)
            // What is noted is what the program gets, so the note stands on its side of the interference.
            let inside = interference.join(broker.connect(), of: run)
            Relay.join(stream, Interceptor(inside, WireNote(run, connection, record)))
        }
        listeners.withLock { $0[run] = listener }
        return "amqp://guest:guest@localhost:\(listener.port)"
    }

    /// A program was killed. It may be only what started it that has gone, and itself run in a container or on another
    /// machine: then its connections are cut, and it can't make others.
    func leave(_ run: Int) {
        guard let listener = listeners.withLock({ $0.removeValue(forKey: run) }) else { return }
        listener.close()
        Task {
            await eventually(.seconds(2)) { log.isAway(run) }
            interference.cut(run: run)
        }
    }

    /// The facts so far.
    var log: WireLog { record.log }

    var isFlooded: Bool { record.isFlooded }
    var lastDeed: Int64? { record.lastDeed }

    /// All that was seen, where that is kept.
    var observations: [Observation] { record.observations }

    /// Milliseconds since the watch began.
    var now: Int64 { record.now }

    func shutDown() {
        for listener in listeners.withLock({ Array($0.values) }) { listener.close() }
        broker.shutDown()
        interference.end()
    }
}
