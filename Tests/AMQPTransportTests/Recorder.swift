import AMQPTLS
import Synchronization
import TestSupport
import Testing

@testable import AMQPTransport

/// A receiver that remembers what it heard, and lets a test wait for it.
final class Recorder: ByteStreamReceiver {
    struct Heard: Sendable {
        var bytes: [UInt8] = []
        var deliveries = 0
        var drained = 0
        var ends: [StreamEnd] = []
        /// Something was heard after the end.
        var heardAfterEnd = false
        var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    private struct Waiter: Sendable {
        let condition: @Sendable (Heard) -> Bool
        let continuation: CheckedContinuation<Heard, Never>
    }

    private struct State: Sendable {
        var heard = Heard()
        var waiters: [Waiter] = []
    }

    private let state = Mutex(State())
    private let onReceived: @Sendable ([UInt8]) -> Void

    init(onReceived: @escaping @Sendable ([UInt8]) -> Void = { _ in }) { self.onReceived = onReceived }

    var heard: Heard { state.withLock { $0.heard } }

    /// What was heard once the condition holds.
    @discardableResult
    func until(_ condition: @escaping @Sendable (Heard) -> Bool) async -> Heard {
        await withCheckedContinuation { continuation in
            let now: Heard? = state.withLock { state in
                if condition(state.heard) { return state.heard }
                state.waiters.append(Waiter(condition: condition, continuation: continuation))
                return nil
            }
            if let now { continuation.resume(returning: now) }
        }
    }

    func untilEnd() async -> Heard { await until { !$0.ends.isEmpty } }

    private func note(_ change: (inout Heard) -> Void) {
        let (heard, satisfied) = state.withLock { state in
            if !state.heard.ends.isEmpty { state.heard.heardAfterEnd = true }
            change(&state.heard)
            let heard = state.heard
            let satisfied = state.waiters.filter { $0.condition(heard) }
            state.waiters.removeAll { $0.condition(heard) }
            return (heard, satisfied)
        }
        for waiter in satisfied { waiter.continuation.resume(returning: heard) }
    }

    func streamReceived(_ bytes: RawSpan) {
        let copy = bytes.withUnsafeBytes { bytes in
            [UInt8](unsafeUninitializedCapacity: bytes.count) { buffer, count in
                UnsafeMutableRawBufferPointer(buffer).copyMemory(from: bytes)
                count = bytes.count
            }
        }
        onReceived(copy)
        note {
            $0.bytes += copy
            $0.deliveries += 1
        }
    }

    func streamDrained() { note { $0.drained += 1 } }

    func streamEnded(_ end: StreamEnd) { note { $0.ends.append(end) } }
}

extension ByteStream {
    @discardableResult
    func send(_ text: String) -> Int { send(Array(text.utf8).span.bytes) }
}

/// The ways two peers can be joined; every rule of ``ByteStream`` holds for each.
enum Kind: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case memory, tcp, tcpOnPoll, tlsInMemory, tls
    var testDescription: String { rawValue }

    static var allCases: [Kind] {
        [.memory, .tcp, .tcpOnPoll] + (Certificates.missing == nil ? [.tlsInMemory, .tls] : [])
    }

    // On a busy machine a peer in the same process may take nothing for long.
    static let epollLoop = EventLoop(.best, patience: 180)
    static let pollLoop = EventLoop(.poll, patience: 180)

    var loop: EventLoop { self == .tcpOnPoll ? Self.pollLoop : Self.epollLoop }

    /// The side that connected, and the side that accepted.
    func pair() async throws -> (any ByteStream, any ByteStream) {
        switch self {
        case .memory: MemoryStream.pair()
        case .tcp, .tcpOnPoll: try await tcpPair(loop: loop)
        case .tlsInMemory: try await tlsPair(over: MemoryStream.pair())
        case .tls: try await tlsPair(over: tcpPair(loop: loop))
        }
    }

    var isInMemory: Bool { self == .memory || self == .tlsInMemory }
}

func tcpPair(loop: EventLoop) async throws -> (TCPStream, TCPStream) {
    let accepted = Box<TCPStream>()
    let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: loop) { accepted.put($0) }
    defer { listener.close() }
    let stream = try await TCPStream.connect(
        host: "127.0.0.1", port: listener.port, timeoutMilliseconds: 20_000, loop: loop)
    return (stream, await accepted.take())
}

private func tlsPair(over pair: (any ByteStream, any ByteStream)) async throws -> (any ByteStream, any ByteStream) {
    let certificates = try await Certificates.made()
    let accepted = Box<Result<TLSStream, TLSError>>()
    let time = SystemTime()
    TLSStream.accept(
        over: pair.1, try TLSContext(server: certificates.server()), milliseconds: 900_000, time: time
    ) { accepted.put($0) }
    let stream = try await TLSStream.connect(
        over: pair.0, certificates.client, host: "localhost", milliseconds: 900_000, time: time)
    return (stream, try await accepted.take().get())
}

/// One value on its way from a callback to a test.
final class Box<Value: Sendable>: Sendable {
    private let state = Mutex<([Value], [CheckedContinuation<Value, Never>])>(([], []))

    func put(_ value: Value) {
        let waiter: CheckedContinuation<Value, Never>? = state.withLock { state in
            if !state.1.isEmpty { return state.1.removeFirst() }
            state.0.append(value)
            return nil
        }
        waiter?.resume(returning: value)
    }

    func take() async -> Value {
        await withCheckedContinuation { continuation in
            let value: Value? = state.withLock { state in
                if !state.0.isEmpty { return state.0.removeFirst() }
                state.1.append(continuation)
                return nil
            }
            if let value { continuation.resume(returning: value) }
        }
    }
}
