import AMQPWire
import BrokerCore

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

// One message on its way through a broker whose functions report when they are entered: Scripts/message-path compiles
// it, and looks up which functions those were whose places are printed here.

@_silgen_name("backtrace")
private func backtrace(_ frames: UnsafeMutablePointer<UnsafeMutableRawPointer?>, _ most: CInt) -> CInt

/// The functions that were entered, in order: how deep the stack was, and a place in their code.
nonisolated(unsafe) private var entries: [(depth: CInt, place: UInt)] = []
nonisolated(unsafe) private var isRecording = false

/// The compiler puts a call of this at the start of every function of BrokerCore.
@_cdecl("__sanitizer_cov_trace_pc_guard")
public func functionEntered(_: UnsafeMutablePointer<UInt32>) {
    guard isRecording else { return }
    // This function is the first frame, the one that was entered the second, then come those that called it.
    withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer?.self, capacity: 256) { frames in
        guard let start = frames.baseAddress else { return }
        let depth = backtrace(start, 256)
        // Where a call returns to; the call itself is just before.
        if depth > 1 { entries.append((depth, UInt(bitPattern: start[1]) - 1)) }
    }
}

@_cdecl("__sanitizer_cov_trace_pc_guard_init")
public func coverageBegins(_: UnsafeMutablePointer<UInt32>, _: UnsafeMutablePointer<UInt32>) {}

@main
struct OneMessage {
    private let core = BrokerCore(now: 0)

    static func main() {
        let broker = OneMessage()
        broker.connect(
            1,
            [
                ExchangeDeclare(exchange: "logs", type: "direct"), QueueDeclare(queue: "errors"),
                QueueBind(queue: "errors", exchange: "logs", routingKey: "error"), BasicConsume(queue: "errors"),
            ])
        broker.connect(2, [])
        var publish = FrameWriter()
        publish.content(
            BasicPublish(exchange: "logs", routingKey: "error"), BasicProperties(), body: Array("disk full".utf8),
            channel: 1, frameMax: 131_072)
        isRecording = true
        let written = broker.send(publish.octets, from: 2)
        isRecording = false
        guard written > 0 else { fatalError("nothing was delivered") }
        for (depth, place) in entries { print(depth, "0x" + String(place, radix: 16)) }
    }

    /// Opens a connection and its channel 1, and sends what is to be sent there first.
    private func connect(_ number: UInt64, _ methods: [any MethodFields]) {
        _ = core.step(.connected(ConnectionID(number: number), peer: "client", isLoopback: true), now: 0)
        var writer = FrameWriter()
        writer.protocolHeader()
        let handshake: [any MethodFields] = [
            ConnectionStartOk(mechanism: "PLAIN", response: Array("\0guest\0guest".utf8)),
            ConnectionTuneOk(channelMax: 2047, frameMax: 131_072, heartbeat: 0), ConnectionOpen(),
        ]
        for method in handshake { writer.method(method, channel: 0) }
        for method in [ChannelOpen()] + methods { writer.method(method, channel: 1) }
        _ = send(writer.octets, from: number)
    }

    /// How many octets the broker has for its clients then.
    private func send(_ octets: [UInt8], from number: UInt64) -> Int {
        core.step(.received(octets.span.bytes, from: ConnectionID(number: number)), now: 0).writes
            .reduce(0) { $0 + $1.count }
    }
}
