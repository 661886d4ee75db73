import AMQPTransport
import AMQPWire
import Synchronization
import TestSupport
import Testing

@testable import BrokerCore
@testable import BrokerServer

/// A client that takes nothing of what it is sent.
private final class DeafStream: ByteStream {
    let name = "deaf"
    let isLoopback = true
    private let state = Mutex(State())

    private struct State {
        var receiver: (any ByteStreamReceiver)?
        var unsent = 0
        var isDeaf = false
        var sendCount = 0
    }

    var unsent: Int { state.withLock { $0.unsent } }
    var sendCount: Int { state.withLock { $0.sendCount } }

    func start(_ receiver: any ByteStreamReceiver) { state.withLock { $0.receiver = receiver } }
    func stopReading() { state.withLock { $0.isDeaf = true } }
    func setReading(_ on: Bool) {}
    func close() {}
    func abort() {}

    @discardableResult func send(_ bytes: RawSpan) -> Int {
        state.withLock { state in
            state.sendCount += 1
            if state.isDeaf { state.unsent += bytes.byteCount }
            return state.unsent
        }
    }

    func bring(_ octets: [UInt8]) {
        state.withLock { $0.receiver }?.streamReceived(octets.span.bytes)
    }
}

@Suite(.watched) struct UnreadAnswersTests {
    /// Each turn ends with answers that stay unsent. That must not be the occasion for the next one: a hundred clients would
    /// have theirs one inside the other, until the stack is used up.
    @Test func turnsOfClientsThatDoNotReadAreNotNested() async throws {
        var configuration = BrokerConfiguration.patient
        configuration.work.turn = 100
        let broker = Broker(configuration)
        let streams = (0..<20).map { _ in DeafStream() }
        var writer = FrameWriter()
        writer.raw(ProtocolHeader.amqp091)
        writer.method(
            ConnectionStartOk(mechanism: "PLAIN", response: Array("\0guest\0guest".utf8)), channel: 0)
        writer.method(ConnectionTuneOk(channelMax: 2047, frameMax: 131_072, heartbeat: 0), channel: 0)
        writer.method(ConnectionOpen(), channel: 0)
        writer.method(ChannelOpen(), channel: 1)
        writer.method(QueueDeclare(queue: "q"), channel: 1)
        let opening = writer.take()
        for _ in 0..<200 { writer.method(QueueDeclare(queue: "q", passive: true), channel: 1) }
        let questions = writer.take()
        for stream in streams {
            broker.accept(stream, isInMemory: true)
            stream.bring(opening)
            stream.stopReading()
        }
        var most = 0
        for number in 1...20 as ClosedRange<UInt64> {
            // With the lock held nobody else takes a step.
            broker.state.withLock { state in
                let before = streams.reduce(0) { $0 + $1.sendCount }
                broker.step(.received(questions.span.bytes, from: ConnectionID(number: number)), &state)
                most = max(most, streams.reduce(0) { $0 + $1.sendCount } - before)
            }
        }
        // Its own turn, and that of one who has waited: of some 800.
        #expect(most <= 4)
        let answer = QueueDeclareOk(queue: "q", messageCount: 0, consumerCount: 0)
        writer.method(answer, channel: 1)
        let all = 200 * writer.take().count
        try await until { streams.allSatisfy { $0.unsent == all } }
        broker.shutDown()
    }
}
