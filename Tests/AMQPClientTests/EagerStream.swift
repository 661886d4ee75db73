import AMQPTransport
import Synchronization

/// A stream that delivers before its `start` returns: the earliest that any stream may, on another thread, in memory or
/// over TCP.
final class EagerStream: ByteStream {
    enum Event: Sendable {
        case octets([UInt8])
        case end(StreamEnd)
    }

    let name = "eager"
    let isLoopback = true
    let unsent = 0
    private let event: Event
    private let state = Mutex((sent: 0, isClosed: false))

    init(_ event: Event) { self.event = event }

    /// Octets.
    var sent: Int { state.withLock { $0.sent } }
    var isClosed: Bool { state.withLock { $0.isClosed } }

    func start(_ receiver: any ByteStreamReceiver) {
        switch event {
        case .octets(let octets): receiver.streamReceived(octets.span.bytes)
        case .end(let end): receiver.streamEnded(end)
        }
    }

    func send(_ bytes: RawSpan) -> Int {
        state.withLock { $0.sent += bytes.byteCount }
        return 0
    }

    func setReading(_ on: Bool) {}

    func close() { state.withLock { $0.isClosed = true } }

    func abort() { close() }
}
