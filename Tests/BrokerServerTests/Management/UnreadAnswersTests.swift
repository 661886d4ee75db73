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
        var isAborted = false
        var sendCount = 0
    }

    var unsent: Int { state.withLock { $0.unsent } }
    var sendCount: Int { state.withLock { $0.sendCount } }
    var isAborted: Bool { state.withLock { $0.isAborted } }

    func start(_ receiver: any ByteStreamReceiver) { state.withLock { $0.receiver = receiver } }
    func stopReading() { state.withLock { $0.isDeaf = true } }
    func setReading(_ on: Bool) {}
    func close() {}
    func abort() { state.withLock { ($0.isAborted, $0.unsent) = (true, 0) } }

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

    /// Asks for a list, and does not read it.
    private func ask(_ server: ManagementServer, as user: String) -> DeafStream {
        let stream = DeafStream()
        stream.stopReading()
        server.accept(stream)
        let credentials = Base64.encode(Array("\(user):pw".utf8))
        let head = "GET /api/exchanges HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic \(credentials)\r\n\r\n"
        stream.bring(Array(head.utf8))
        return stream
    }

    /// A hundred clients could keep a hundred lists of all that there is.
    @Test func listsThatNobodyReadsAreGivenUpWhereTheyAreTooLong() {
        var configuration = BrokerConfiguration()
        configuration.users = ["alice", "bob"].map { .user($0, password: "pw") }
        let broker = Broker(configuration)
        defer { broker.shutDown() }
        let server = ManagementServer(broker.listingAPI, time: ManualTime(), mostUnread: 20_000)
        let other = ask(server, as: "bob")
        let streams = (0..<60).map { _ in ask(server, as: "alice") }
        let unsent = ([other] + streams).map(\.unsent)
        #expect(other.unsent > 500 && unsent.reduce(0, +) <= 20_000)
        // The oldest of the user who has most.
        let given = streams.map(\.isAborted)
        let lostCount = given.count { $0 }
        #expect(!other.isAborted && given == streams.indices.map { $0 < lostCount })
        // One that is longer than all may be is given all the same.
        let small = ManagementServer(broker.listingAPI, time: ManualTime(), mostUnread: 10)
        let first = ask(small, as: "alice")
        #expect(first.unsent > 10 && !first.isAborted)
        let second = ask(small, as: "alice")
        #expect(second.unsent > 10 && first.isAborted && !second.isAborted)
    }
}
