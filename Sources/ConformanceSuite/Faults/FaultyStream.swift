import AMQPTransport
import AMQPWire
import Synchronization

/// A client's stream to a broker that has a fault.
final class FaultyStream: ByteStream, ByteStreamReceiver {
    private struct State: Sendable {
        var toBroker = Cut()
        var toClient = Cut()
        var receiver: (any ByteStreamReceiver)?
    }

    private let stream: any ByteStream
    private let mind: FaultyMind
    private let connection: Int
    private let state = Mutex(State())

    init(_ stream: any ByteStream, _ mind: FaultyMind) {
        self.stream = stream
        self.mind = mind
        connection = mind.connect()
    }

    var name: String { stream.name }
    var isLoopback: Bool { stream.isLoopback }
    var unsent: Int { stream.unsent }

    func start(_ receiver: any ByteStreamReceiver) {
        state.withLock { $0.receiver = receiver }
        stream.start(self)
    }

    @discardableResult func send(_ bytes: RawSpan) -> Int {
        let octets = bytes.withUnsafeBytes { Array($0) }
        return state.withLock { state in
            let changed = mind.change(Passing.parse(state.toBroker.cut(octets)), of: connection, isOut: false)
            return pass(changed.octets + changed.extra, changed.hangsUp)
        }
    }

    func streamReceived(_ bytes: RawSpan) {
        let octets = bytes.withUnsafeBytes { Array($0) }
        let (passed, receiver) = state.withLock { state in
            let changed = mind.change(Passing.parse(state.toClient.cut(octets)), of: connection, isOut: true)
            _ = pass(changed.extra, changed.hangsUp)
            return (changed.octets, state.receiver)
        }
        if !passed.isEmpty { receiver?.streamReceived(passed.span.bytes) }
    }

    private func pass(_ octets: [UInt8], _ hangsUp: Bool) -> Int {
        defer { if hangsUp { stream.abort() } }
        return octets.isEmpty ? stream.unsent : stream.send(octets.span.bytes)
    }

    func setReading(_ on: Bool) { stream.setReading(on) }
    func close() { stream.close() }
    func abort() { stream.abort() }
    func streamDrained() { state.withLock { $0.receiver }?.streamDrained() }

    func streamEnded(_ end: StreamEnd) {
        let receiver = state.withLock { state in
            defer { state.receiver = nil }
            return state.receiver
        }
        receiver?.streamEnded(end)
    }
}
