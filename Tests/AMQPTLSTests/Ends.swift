import AMQPTransport
import Synchronization
import TestSupport
import Testing

@testable import AMQPTLS

/// What both sides of a handshake come to.
struct Ends {
    var client: Result<TLSStream, any Error>
    var server: Result<TLSStream, any Error>

    /// Over a pair of streams, in memory unless said otherwise.
    static func meet(
        _ client: TLSConfiguration, _ server: TLSServerConfiguration, host: String = "localhost",
        over pair: (any ByteStream, any ByteStream) = MemoryStream.pair()
    ) async throws -> Ends {
        let accepted = Result1<Result<TLSStream, TLSError>>()
        let time = SystemTime()
        TLSStream.accept(over: pair.1, try TLSContext(server: server), milliseconds: 900_000, time: time) {
            accepted.put($0)
        }
        let connected = await outcome {
            try await TLSStream.connect(over: pair.0, client, host: host, milliseconds: 900_000, time: time)
        }
        return Ends(client: connected, server: await accepted.value.mapError { $0 })
    }

    /// Both streams, each with a receiver that it has been started with.
    func open() throws -> (client: (TLSStream, Heard), server: (TLSStream, Heard)) {
        let streams = (try client.get(), try server.get())
        let heard = (Heard(), Heard())
        streams.0.start(heard.0)
        streams.1.start(heard.1)
        return ((streams.0, heard.0), (streams.1, heard.1))
    }
}

/// What a call comes to.
func outcome<Value>(_ body: () async throws -> Value) async -> Result<Value, any Error> {
    do {
        return .success(try await body())
    } catch {
        return .failure(error)
    }
}

extension Result {
    var failure: Failure? { if case .failure(let error) = self { error } else { nil } }
}

/// One value that comes once.
final class Result1<Value: Sendable>: Sendable {
    private let state = Mutex<(value: Value?, waiting: CheckedContinuation<Value, Never>?)>((nil, nil))

    func put(_ value: Value) {
        state.withLock { state in
            state.value = value
            defer { state.waiting = nil }
            return state.waiting
        }?.resume(returning: value)
    }

    var value: Value {
        get async {
            await withCheckedContinuation { continuation in
                let value = state.withLock { state in
                    if state.value == nil { state.waiting = continuation }
                    return state.value
                }
                if let value { continuation.resume(returning: value) }
            }
        }
    }
}

/// A receiver that keeps what it hears.
final class Heard: ByteStreamReceiver {
    private let bytes = Mutex<[UInt8]>([])
    private let awaited = Mutex<(count: Int, reached: Result1<Void>)?>(nil)
    let end = Result1<StreamEnd>()
    private let onReceived: @Sendable () -> Void

    init(onReceived: @escaping @Sendable () -> Void = {}) { self.onReceived = onReceived }

    var octets: [UInt8] { bytes.withLock { $0 } }
    var text: String { String(decoding: octets, as: UTF8.self) }

    func until(_ count: Int) async {
        let reached = Result1<Void>()
        awaited.withLock { $0 = (count, reached) }
        look()
        await reached.value
    }

    private func look() {
        let count = bytes.withLock { $0.count }
        awaited.withLock { if let wait = $0, count >= wait.count { wait.reached.put(()) } }
    }

    func streamReceived(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { more in self.bytes.withLock { $0 += more } }
        onReceived()
        look()
    }

    func streamDrained() {}
    func streamEnded(_ end: StreamEnd) { self.end.put(end) }
}

/// A stream between, which changes what arrives: cuts it up, spoils it, or ends it.
final class Meddler: ByteStream, ByteStreamReceiver {
    /// Given the octet's number, counted from 0, and the octet: what is delivered for it; nil: the stream breaks.
    typealias Change = @Sendable (Int, UInt8) -> UInt8?

    private let inner: any ByteStream
    private let change: Change
    private let state = Mutex<(receiver: (any ByteStreamReceiver)?, count: Int)>((nil, 0))

    init(_ inner: any ByteStream, _ change: @escaping Change = { $1 }) { (self.inner, self.change) = (inner, change) }

    var name: String { inner.name }
    var isLoopback: Bool { inner.isLoopback }
    var unsent: Int { inner.unsent }
    func send(_ bytes: RawSpan) -> Int { inner.send(bytes) }
    func setReading(_ on: Bool) { inner.setReading(on) }
    func close() { inner.close() }
    func abort() { inner.abort() }

    func start(_ receiver: any ByteStreamReceiver) {
        state.withLock { $0.receiver = receiver }
        inner.start(self)
    }

    /// Octet by octet.
    func streamReceived(_ bytes: RawSpan) {
        let octets = bytes.withUnsafeBytes { Array($0) }
        for octet in octets {
            let (receiver, number) = state.withLock { state in
                defer { state.count += 1 }
                return (state.receiver, state.count)
            }
            guard let octet = change(number, octet) else { return inner.abort() }
            receiver?.streamReceived([octet].span.bytes)
        }
    }

    func streamDrained() { state.withLock { $0.receiver }?.streamDrained() }
    func streamEnded(_ end: StreamEnd) { state.withLock { $0.receiver }?.streamEnded(end) }
}

extension ByteStream {
    func send(_ text: String) { _ = send(Array(text.utf8).span.bytes) }
}
