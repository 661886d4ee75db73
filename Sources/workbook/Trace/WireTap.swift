import AMQPTransport
import AMQPWire
import BrokerServer
import Synchronization

/// A frame on its way between a program and the broker.
struct TappedFrame: Equatable, Sendable {
    /// In the order in which they were made, from 1.
    var connection: Int
    var isFromBroker: Bool
    var frame: Frame
}

/// A broker on a free port, and every frame that goes to it or comes from it.
///
/// Each connection is joined to one of the broker's in memory; nothing is changed on the way.
final class WireTap: Sendable {
    let port: Int
    private let broker = Broker.patient
    private let listener: TCPListener
    private let tape: Tape

    fileprivate final class Tape: Sendable {
        let state = Mutex((frames: [TappedFrame](), connections: 0))

        func connect() -> Int {
            state.withLock { state in
                state.connections += 1
                return state.connections
            }
        }

        func add(_ frames: [TappedFrame]) { state.withLock { $0.frames += frames } }
    }

    init() throws(TransportError) {
        let (broker, tape) = (self.broker, Tape())
        self.tape = tape
        listener = try TCPListener(host: "localhost", port: 0, loop: .shared) { stream in
            let connection = tape.connect()
            let inside = broker.connect()
            let toProgram = Pickup(to: stream, tape, connection, isFromBroker: true)
            let toBroker = Pickup(to: inside, tape, connection, isFromBroker: false)
            inside.start(toProgram)
            stream.start(toBroker)
        }
        port = listener.port
    }

    var url: String { "amqp://guest:guest@localhost:\(port)/" }

    /// In the order in which they were seen; what a program says stands before the broker's answer.
    var frames: [TappedFrame] { tape.state.withLock { $0.frames } }

    func shutDown() {
        listener.close()
        broker.shutDown()
    }
}

/// Hands octets on from one stream to another, and notes the frames in them.
private final class Pickup: ByteStreamReceiver {
    private let target: any ByteStream
    private let tape: WireTap.Tape
    private let connection: Int
    private let isFromBroker: Bool
    private let reader: Mutex<(frames: FrameReader, isAtHeader: Bool)>

    init(to target: any ByteStream, _ tape: WireTap.Tape, _ connection: Int, isFromBroker: Bool) {
        (self.target, self.tape, self.connection, self.isFromBroker) = (target, tape, connection, isFromBroker)
        // What a client sends begins with the protocol header. 0: no limit; the two agree on one themselves.
        reader = Mutex((FrameReader(frameMax: 0), !isFromBroker))
    }

    func streamReceived(_ bytes: RawSpan) {
        // A copy of the octets: a span can't be carried into the lock.
        let octets = bytes.withUnsafeBytes { Array($0) }
        tape.add(read(octets))
        target.send(octets.span.bytes)
    }

    func streamDrained() {}

    func streamEnded(_ end: StreamEnd) {
        if case .reset = end { target.abort() } else { target.close() }
    }

    private func read(_ octets: [UInt8]) -> [TappedFrame] {
        reader.withLock { reader in
            reader.frames.append(octets)
            if reader.isAtHeader {
                guard reader.frames.take(8) != nil else { return [] }
                reader.isAtHeader = false
            }
            var seen: [TappedFrame] = []
            // Our own programs send no broken frames; from another there would be nothing more to show.
            while let frame = try? reader.frames.next() {
                seen.append(TappedFrame(connection: connection, isFromBroker: isFromBroker, frame: frame))
            }
            return seen
        }
    }
}
