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
            let changed = mind.change(
                state.toBroker.cut(octets), of: connection, mind.fault.request, mind.fault.octetsIn, isOut: false)
            return pass(changed.octets + changed.extra, changed.hangsUp)
        }
    }

    func streamReceived(_ bytes: RawSpan) {
        let octets = bytes.withUnsafeBytes { Array($0) }
        let (passed, receiver) = state.withLock { state in
            let changed = mind.change(
                state.toClient.cut(octets), of: connection, mind.fault.reply, mind.fault.octetsOut, isOut: true)
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

/// What all connections to one broken broker share: its fault, and what that remembers.
final class FaultyMind: Sendable {
    let fault: Fault
    private let memory = Mutex(Fault.Memory())
    private let connections = Mutex(0)
    /// Octets have passed that are neither a protocol header nor a method nor its content.
    let oddIn = Atomic(false)
    let oddOut = Atomic(false)

    init(_ fault: Fault) { self.fault = fault }

    func connect() -> Int {
        connections.withLock { count in
            count += 1
            return count
        }
    }

    /// What becomes of the pieces of one direction; `extra` goes to the broker, whichever direction it is.
    func change(
        _ pieces: [Cut.Piece], of connection: Int, _ hook: Fault.Hook?, _ octetsHook: Fault.OctetsHook?,
        isOut: Bool
    ) -> (octets: [UInt8], extra: [UInt8], hangsUp: Bool) {
        memory.withLock { memory in
            memory.connection = connection
            var octets: [UInt8] = []
            var rest = pieces[...]
            while let piece = rest.first {
                if let hook, let parcel = Parcel(rest) {
                    for parcel in hook(parcel, &memory) { octets += parcel.octets }
                    rest = rest.dropFirst(parcel.frames)
                    continue
                }
                var raw = piece.octets
                if raw != ProtocolHeader.amqp091 {
                    if isOut { oddOut.store(true, ordering: .relaxed) } else { oddIn.store(true, ordering: .relaxed) }
                }
                if piece.frame?.kind != .method { octetsHook?(&raw, &memory) }
                octets += raw
                rest = rest.dropFirst()
            }
            defer { (memory.extra, memory.hangsUp) = ([], false) }
            return (octets, memory.extra.flatMap(\.octets), memory.hangsUp)
        }
    }
}
