import AMQPTransport
import AMQPWire
import Interceptor
import Synchronization
import TestSupport
import Testing

/// Hears one end of a stream: how many octets came, how often it drained, how it ended.
private final class Count: ByteStreamReceiver {
    private struct State: Sendable {
        var octets = 0
        var drains = 0
        var end: StreamEnd?
    }
    private let state = Mutex(State())

    var octets: Int { state.withLock { $0.octets } }
    var drains: Int { state.withLock { $0.drains } }
    var end: StreamEnd? { state.withLock { $0.end } }

    func streamReceived(_ bytes: RawSpan) { state.withLock { $0.octets += bytes.byteCount } }
    func streamDrained() { state.withLock { $0.drains += 1 } }
    func streamEnded(_ end: StreamEnd) { state.withLock { $0.end = end } }
}

private func octets(_ channel: UInt16, _ payload: [UInt8]) -> [UInt8] {
    WirePiece.frame(Frame(.body, channel: channel, payload: payload[...])).octets
}

/// Cuts before a frame of channel 1, answers one of channel 2 itself, and lets the others pass.
private struct Answers: Hook {
    static let answer = octets(2, [9])

    func steps(for pieces: [WirePiece], _ direction: Direction) -> [Step] {
        pieces.flatMap { piece -> [Step] in
            switch (direction, piece.frame?.channel) {
            case (.toBroker, 1): [.cut]
            case (.toBroker, 2): [.send(Self.answer, .toClient)]
            default: [.send(piece.octets, direction)]
            }
        }
    }
}

private struct Through: Hook {}

/// Two interceptors, one behind the other, over TCP.
@Suite(.watched)
struct RowTests {
    private let client: Interceptor
    private let broker: any ByteStream
    private let listener: TCPListener
    private let atClient = Count()
    private let atBroker = Count()

    init() async throws {
        let accepted = Mutex<(any ByteStream)?>(nil)
        let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: .shared) { stream in
            accepted.withLock { $0 = stream }
        }
        let stream = try await TCPStream.connect(host: "127.0.0.1", port: listener.port)
        await Self.eventually { accepted.withLock { $0 != nil } }
        self.listener = listener
        broker = try #require(accepted.withLock { $0 })
        client = Interceptor(Interceptor(stream, Answers()), Through())
        client.start(atClient)
    }

    private static func eventually(_ isSo: () -> Bool) async {
        let limit = ContinuousClock.now + .patience
        while !isSo(), ContinuousClock.now < limit { try? await Task.sleep(for: .milliseconds(1)) }
    }

    private func frame(_ channel: UInt16, _ count: Int = 1) -> [UInt8] {
        octets(channel, Array(repeating: 7, count: count))
    }

    private func finish() {
        client.abort()
        broker.abort()
        listener.close()
    }

    @Test func theInnerOneAnswersAndCutsWhileTheOuterOneSends() async {
        defer { finish() }
        broker.start(atBroker)
        client.send((frame(3) + frame(2) + frame(2)).span.bytes)
        await Self.eventually { atClient.octets == 2 * Answers.answer.count }
        #expect(atClient.octets == 2 * Answers.answer.count)
        await Self.eventually { atBroker.octets == frame(3).count }
        #expect(atBroker.octets == frame(3).count)
        client.send(frame(1).span.bytes)
        await Self.eventually { atBroker.end != nil }
        #expect(atClient.end == .reset("the connection was cut"))
        guard case .reset? = atBroker.end else {
            Issue.record("\(String(describing: atBroker.end)) instead of a reset")
            return
        }
    }

    @Test func aStreamThatWasFullSaysThatItHasDrained() async {
        defer { finish() }
        // The other end does not read yet, so the kernel takes no more after a while.
        let large = frame(3, 100_000)
        var sent = 0
        while client.send(large.span.bytes) == 0, sent < 2_000 { sent += 1 }
        #expect(client.unsent > 0)
        #expect(atClient.drains == 0)
        broker.start(atBroker)
        await Self.eventually { atBroker.octets == (sent + 1) * large.count && atClient.drains > 0 }
        #expect(atBroker.octets == (sent + 1) * large.count)
        #expect(atClient.drains == 1)
        #expect(client.unsent == 0)
    }
}
