import AMQPTLS

/// What a ``RawConnection`` writes to and reads from.
protocol RawSocket {
    func write(_ bytes: UnsafeRawBufferPointer) throws(BenchError)
    /// Waits for octets; returns how many came, at least one.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(BenchError) -> Int
}

extension BlockingSocket: RawSocket {}

/// A socket whose calls block, with TLS over it. For one thread.
final class EncryptedSocket: RawSocket {
    private let socket: BlockingSocket
    private var session: TLSSession
    /// Decrypted and not yet taken, from `start` on.
    private var plain: [UInt8] = []
    private var start = 0
    private let received = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

    init(_ socket: BlockingSocket, _ configuration: TLSConfiguration, host: String) throws(BenchError) {
        self.socket = socket
        do throws(TLSError) {
            session = try TLSSession.make(try TLSContext(client: configuration), host: host)
        } catch {
            throw BenchError("\(error)")
        }
        while true {
            let step = session.handshake()
            try flush()
            switch step {
            case .done: return
            case .wantsMore: try feed()
            case .closed: throw BenchError("the broker ended the TLS handshake")
            case .failed(let error): throw BenchError("\(error)")
            }
        }
    }

    deinit { received.deallocate() }

    private func flush() throws(BenchError) {
        var octets: [UInt8] = []
        session.takeOutput { octets += $0 }
        let outcome = octets.withUnsafeBytes { bytes in
            Result { () throws(BenchError) in try socket.write(bytes) }
        }
        try outcome.get()
    }

    private func feed() throws(BenchError) {
        let count = try socket.read(into: received)
        session.feed(UnsafeRawBufferPointer(rebasing: received[..<count]))
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(BenchError) {
        var rest = bytes
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 16))
            rest = UnsafeRawBufferPointer(rebasing: rest[piece.count...])
            guard session.encrypt(piece) else { throw BenchError("the TLS session can send no more") }
            try flush()
        }
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(BenchError) -> Int {
        while start == plain.count {
            (plain, start) = ([], 0)
            try feed()
            switch session.decrypt(into: &plain) {
            case .done, .wantsMore: break
            case .closed where plain.isEmpty: throw BenchError("the broker closed the connection without a word")
            case .closed: break
            case .failed(let error): throw BenchError("\(error)")
            }
        }
        let count = min(buffer.count, plain.count - start)
        plain.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
        start += count
        return count
    }
}
