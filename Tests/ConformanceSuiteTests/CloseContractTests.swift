import AMQPTransport
import AMQPWire
import ConformanceReport
import Synchronization
import Testing

@testable import ConformanceSuite

/// The probe's one assertion about closes, against a broker that breaks its contract in one way at a time.
@Suite("The close contract notices") struct CloseContractTests {
    @Test("nothing, when all is well") func allIsWell() async throws {
        let (outcome, findings) = try await refusal(by: RudeBroker())
        #expect(outcome == .channelClose(.notFound))
        #expect(findings == [])
    }

    @Test("the wrong class and method id") func wrongCause() async throws {
        var broker = RudeBroker()
        broker.cause = MethodID(50, 10)
        #expect(try await refusal(by: broker).findings == [.nonStrict])
    }

    @Test("a sibling channel that is closed as well") func siblingDies() async throws {
        var broker = RudeBroker()
        broker.closesSiblings = true
        #expect(try await refusal(by: broker).findings == [.failed])
    }

    @Test("a channel number that stays taken") func numberStaysTaken() async throws {
        var broker = RudeBroker()
        broker.refusesReopening = true
        #expect(try await refusal(by: broker).findings == [.failed])
    }

    @Test("another code than asked for") func otherCode() async throws {
        var broker = RudeBroker()
        broker.code = .accessRefused
        #expect(try await refusal(by: broker).findings == [.nonStrict])
    }

    @Test("that it was not refused at all") func noRefusal() async throws {
        var broker = RudeBroker()
        broker.isPushover = true
        let (outcome, findings) = try await refusal(by: broker)
        #expect(outcome == .ok)
        #expect(findings == [.failed])
    }

    @Test("a reset, a clean end and a connection.close, each for what it is") func waysToEnd() async throws {
        for (end, expected) in [
            (RudeBroker.End.fin, Outcome.endOfStream), (.reset, .reset), (.close, .connectionClose(.notFound)),
        ] {
            var broker = RudeBroker()
            broker.end = end
            #expect(try await refusal(by: broker).outcome == expected)
        }
    }

    /// Binds to a missing exchange, and gives what came of it and which findings were noted.
    private func refusal(by broker: RudeBroker) async throws -> (outcome: Outcome, findings: [Verdict]) {
        let run = CaseRun(id: "x", peer: broker)
        return try await CaseRun.$current.withValue(run) {
            let channel = try await Probe.openChannel()
            let outcome = try await channel.outcome(of: QueueBind(queue: "q", exchange: "missing"))
            expect(outcome, .channelClose(.notFound))
            return (outcome, run.findings.map(\.verdict))
        }
    }
}

/// A broker of a few lines that refuses every queue.bind, in a way to be chosen.
struct RudeBroker: Peer {
    enum End: Sendable { case none, fin, reset, close }

    var code = ReplyCode.notFound
    var cause = QueueBind.id
    var closesSiblings = false
    var refusesReopening = false
    var isPushover = false
    var end = End.none

    let label = "a rude broker"
    var baseline = Baseline()
    var release: Release?
    let isShared = false
    let login = Login()

    func connect() async throws -> any ByteStream {
        let (client, server) = MemoryStream.pair()
        server.start(Session(self, server))
        return client
    }

    func advance(milliseconds: Int) async throws -> Bool { true }
    func lacks(_ need: Need) -> String? { nil }

    func answer(to method: Method, on channel: UInt16, refused: Bool, _ writer: inout FrameWriter) {
        switch method {
        case .connectionStartOk:
            writer.method(ConnectionTune(channelMax: 10, frameMax: 4096, heartbeat: 0), channel: 0)
        case .connectionOpen: writer.method(ConnectionOpenOk(), channel: 0)
        case .channelOpen where refused && refusesReopening:
            writer.method(ConnectionClose(replyCode: .channelError, cause: ChannelOpen.id), channel: 0)
        case .channelOpen: writer.method(ChannelOpenOk(), channel: channel)
        case .exchangeDeclare where refused && closesSiblings:
            writer.method(ChannelClose(replyCode: code, cause: cause), channel: channel)
        case .exchangeDeclare: writer.method(ExchangeDeclareOk(), channel: channel)
        case .queueBind where isPushover: writer.method(QueueBindOk(), channel: channel)
        case .queueBind where end == .close:
            writer.method(ConnectionClose(replyCode: code, cause: cause), channel: 0)
        case .queueBind where end == .none:
            writer.method(ChannelClose(replyCode: code, cause: cause), channel: channel)
        default: break
        }
    }

    private final class Session: ByteStreamReceiver {
        private let broker: RudeBroker
        private let stream: any ByteStream
        private let state = Mutex((reader: WireReader(), refused: false))

        init(_ broker: RudeBroker, _ stream: any ByteStream) { (self.broker, self.stream) = (broker, stream) }

        func streamReceived(_ bytes: RawSpan) {
            let octets = bytes.withUnsafeBytes { Array($0) }
            for part in state.withLock({ $0.reader.read(octets) }) {
                var writer = FrameWriter()
                switch part {
                case .header:
                    writer.method(
                        ConnectionStart(mechanisms: Array("PLAIN".utf8), locales: Array("en_US".utf8)), channel: 0)
                case .frame(let frame):
                    guard let method = try? Method(frame.payload) else { continue }
                    broker.answer(to: method, on: frame.channel, refused: state.withLock { $0.refused }, &writer)
                    if method.id == QueueBind.id {
                        state.withLock { $0.refused = true }
                        if broker.end == .fin { return stream.close() }
                        if broker.end == .reset { return stream.abort() }
                    }
                    if method.id == ConnectionCloseOk.id { stream.close() }
                default: break
                }
                stream.send(writer.octets.span.bytes)
            }
        }

        func streamDrained() {}
        func streamEnded(_ end: StreamEnd) {}
    }
}
