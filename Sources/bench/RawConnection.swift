import AMQPClient
import AMQPWire

/// A connection with one channel, number 1, that does no more than a measurement needs: its methods block, nothing is
/// kept, nothing is checked twice. For one thread.
final class RawConnection {
    private let socket: any RawSocket
    private var buffer: UnsafeMutableRawBufferPointer
    private var start = 0
    private var end = 0
    private(set) var frameMax: UInt32 = 0
    /// What the broker calls itself.
    private(set) var product = "unknown"

    /// A frame where it stands in the buffer: valid until the next read.
    struct RawFrame {
        let kind: UInt8
        let payload: UnsafeRawBufferPointer

        /// Class and method in one number; 0 for what is not a method.
        var method: UInt32 {
            kind == Frame.Kind.method.rawValue && payload.count >= 4
                ? UInt32(bigEndian: payload.loadUnaligned(as: UInt32.self)) : 0
        }
    }

    static func number(_ id: MethodID) -> UInt32 { UInt32(id.classID) << 16 | UInt32(id.methodID) }

    init(_ target: ConnectionConfiguration) throws(BenchError) {
        let plain = try BlockingSocket(host: target.host, port: target.port)
        if let tls = target.tls {
            socket = try EncryptedSocket(plain, tls, host: target.host)
        } else {
            socket = plain
        }
        buffer = .allocate(byteCount: 1 << 20, alignment: 16)
        var opening = FrameWriter()
        opening.protocolHeader()
        try send(opening)
        let begin = try expect(ConnectionStart.self)
        let texts = ["product", "version"].compactMap { begin.serverProperties[ShortString(truncating: $0)]?.text }
        if !texts.isEmpty { product = texts.joined(separator: " ") }
        // This repository's broker announces itself as RabbitMQ, and says who it is in its information.
        if let own = begin.serverProperties["information"]?.text?.split(separator: ":").first,
            own.hasPrefix("Messaging Patterns in Swift ")
        {
            product = String(own)
        }
        let response = [0] + Array(target.user.utf8) + [0] + Array(target.password.utf8)
        try send(ConnectionStartOk(mechanism: "PLAIN", response: response), channel: 0)
        let tune = try expect(ConnectionTune.self)
        frameMax = tune.frameMax == 0 ? 131_072 : min(tune.frameMax, 131_072)
        try send(ConnectionTuneOk(channelMax: tune.channelMax, frameMax: frameMax, heartbeat: 0), channel: 0)
        try send(ConnectionOpen(virtualHost: ShortString(truncating: target.virtualHost)), channel: 0)
        _ = try expect(ConnectionOpenOk.self)
        _ = try call(ChannelOpen(), ChannelOpenOk.self)
    }

    deinit { buffer.deallocate() }

    /// Says goodbye, so that the broker's log stays clean.
    func close() throws(BenchError) {
        try send(ConnectionClose(replyCode: .replySuccess), channel: 0)
        _ = try expect(ConnectionCloseOk.self)
    }

    // MARK: Out

    private func send(_ writer: FrameWriter) throws(BenchError) { try send(writer.octets) }

    func send(_ octets: [UInt8]) throws(BenchError) {
        // `withUnsafeBytes` hands on untyped errors only, so the error leaves by a result.
        let outcome = octets.withUnsafeBytes { bytes in
            Result { () throws(BenchError) in try socket.write(bytes) }
        }
        try outcome.get()
    }

    func send(_ bytes: UnsafeRawBufferPointer) throws(BenchError) { try socket.write(bytes) }

    func send(_ method: some MethodFields, channel: UInt16 = 1) throws(BenchError) {
        var writer = FrameWriter()
        writer.method(method, channel: channel)
        try send(writer)
    }

    /// Sends a method and waits for its answer.
    func call<Reply: MethodFields>(_ method: some MethodFields, _ reply: Reply.Type) throws(BenchError) -> Reply {
        try send(method)
        return try expect(reply)
    }

    // MARK: In

    /// The next frame.
    @inline(__always)
    func nextFrame() throws(BenchError) -> RawFrame {
        if end - start < 7 { try fill(7) }
        let header = UnsafeRawBufferPointer(rebasing: buffer[start..<start + 7])
        let size = Int(UInt32(bigEndian: header.loadUnaligned(fromByteOffset: 3, as: UInt32.self)))
        let kind = header[0]
        if end - start < size + 8 { try fill(size + 8) }
        let payload = UnsafeRawBufferPointer(rebasing: buffer[start + 7..<start + 7 + size])
        guard buffer[start + 7 + size] == Frame.end else { throw BenchError("a frame does not end in 206") }
        start += size + 8
        return RawFrame(kind: kind, payload: payload)
    }

    /// Reads until at least `count` octets wait.
    private func fill(_ count: Int) throws(BenchError) {
        if start == end { (start, end) = (0, 0) }
        if buffer.count - start < max(count, 65_536) {
            let capacity = max(buffer.count, count + 65_536)
            let waiting = UnsafeRawBufferPointer(rebasing: buffer[start..<end])
            let target = capacity > buffer.count ? .allocate(byteCount: capacity, alignment: 16) : buffer
            // The regions may overlap, which this copy allows.
            target.copyMemory(from: waiting)
            if capacity > buffer.count {
                buffer.deallocate()
                buffer = target
            }
            (start, end) = (0, waiting.count)
        }
        while end - start < count {
            end += try socket.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[end...]))
        }
    }

    private func expect<Reply: MethodFields>(_ reply: Reply.Type) throws(BenchError) -> Reply {
        while true {
            let frame = try nextFrame()
            if frame.method == Self.number(Reply.id) { return try decode(frame, reply) }
            try checkForClose(frame)
        }
    }

    func decode<Fields: MethodFields>(_ frame: RawFrame, _: Fields.Type) throws(BenchError) -> Fields {
        var reader = ByteReader(Array(frame.payload.dropFirst(4)))
        do throws(WireError) {
            return try Fields(from: &reader)
        } catch {
            throw BenchError("\(Fields.id) can't be read: \(error.reason)")
        }
    }

    /// Throws the broker's own words when the frame ends channel, connection or consumer.
    func checkForClose(_ frame: RawFrame) throws(BenchError) {
        switch frame.method {
        case Self.number(ConnectionClose.id):
            let close = try decode(frame, ConnectionClose.self)
            throw BenchError("the broker closed the connection: \(close.replyCode.rawValue) \(close.replyText)")
        case Self.number(ChannelClose.id):
            let close = try decode(frame, ChannelClose.self)
            throw BenchError("the broker closed the channel: \(close.replyCode.rawValue) \(close.replyText)")
        case Self.number(BasicCancel.id): throw BenchError("the broker cancelled the consumer")
        case Self.number(BasicNack.id): throw BenchError("the broker refused a message")
        default: break
        }
    }
}
