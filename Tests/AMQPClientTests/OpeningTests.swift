import AMQPTransport
import Synchronization
import TestSupport
import Testing

@testable import AMQPClient

/// A host with several addresses: which of them are tried, and for how long.
@Suite(.watched) struct OpeningTests {
    /// Its addresses are streams in memory; a test says what becomes of them at the other ends. There are six seconds.
    private final class Host: Sendable {
        let time = ManualTime()
        let peers: [RawPeer]
        /// nil: nobody listens there.
        private let streams: Mutex<ArraySlice<(any ByteStream)?>>

        init(_ count: Int, andOneThatRefuses: Bool = false) {
            let pairs = (0..<count).map { _ in MemoryStream.pair() }
            peers = pairs.map { RawPeer($0.1) }
            let refusing: [(any ByteStream)?] = andOneThatRefuses ? [nil] : []
            let streams = pairs.map { $0.0 as (any ByteStream)? } + refusing
            self.streams = Mutex(streams[...])
        }

        var untried: Int { streams.withLock { $0.count } }

        func open() async throws(AMQPError) -> Connection {
            var configuration = ConnectionConfiguration()
            (configuration.time, configuration.connectionTimeout) = (time, .seconds(6))
            return try await Connection.open(configuration) { _ throws(AMQPError) in
                let (stream, others) = streams.withLock { streams -> ((any ByteStream)?, Int) in
                    (streams.popFirst().flatMap { $0 }, streams.count)
                }
                guard let stream else { throw AMQPError(.unreachable, scope: .connection, text: "refused") }
                return (stream, others)
            }
        }
    }

    enum Silence: CaseIterable, Sendable { case nothing, hangUp, reset, halfAGreeting }

    @Test(arguments: Silence.allCases) func silenceIsPassedOver(silence: Silence) async throws {
        let host = Host(3)
        async let opening = host.open()
        let first = host.peers[0]
        #expect(try await first.greeted() == ProtocolHeader.amqp091)
        switch silence {
        case .nothing:
            host.time.advance(by: 1_999)
            #expect(host.untried == 2)
            host.time.advance(by: 1)
        case .hangUp: first.hangUp()
        case .reset: first.reset()
        case .halfAGreeting:
            first.send([1, 0, 0, 0, 0])
            first.hangUp()
        }
        try await first.expectHangUp()
        try await host.peers[1].handshake()
        _ = try await opening
        #expect(host.untried == 1)
    }

    @Test func allHaveOneDeadline() async throws {
        let host = Host(3)
        async let error = failure { _ = try await host.open() }
        for peer in host.peers {
            _ = try await peer.greeted()
            host.time.advance(by: 2_000)
        }
        #expect(await error?.kind == .timedOut)
        #expect(await error?.text == "No answer to the login within 6000 ms")
    }

    /// What an address that took the connection has come to says more than that nobody listens at another.
    @Test func theErrorThatSaysMore() async throws {
        let host = Host(1, andOneThatRefuses: true)
        async let error = failure { _ = try await host.open() }
        _ = try await host.peers[0].greeted()
        host.peers[0].hangUp()
        #expect(await error?.kind == .connectionLost)
        #expect(host.untried == 0)
    }

    enum Answer: CaseIterable, Sendable { case somethingElse, refusedLogin, lostLogin }

    @Test(arguments: Answer.allCases) func anAnswerIsFinal(answer: Answer) async throws {
        let host = Host(2)
        async let error = failure { _ = try await host.open() }
        let peer = host.peers[0]
        switch answer {
        case .somethingElse: peer.send(Array("HTTP/1.1 400 Bad Request\r\n".utf8))
        case .refusedLogin:
            try await peer.login()
            peer.send(ConnectionClose(replyCode: .accessRefused, replyText: "ACCESS_REFUSED"))
        case .lostLogin:
            try await peer.login()
            peer.hangUp()
        }
        let kinds: [Answer: AMQPError.Kind] = [
            .somethingElse: .protocolViolation, .refusedLogin: .loginRefused, .lostLogin: .connectionLost,
        ]
        #expect(await error?.kind == kinds[answer])
        #expect(host.untried == 1)
    }

    /// Brokers hold the answer to a wrong password back: a login that has begun has all the time that is left.
    @Test func aSlowLogin() async throws {
        let host = Host(2)
        let end = host.time.now + 6_000
        async let error = failure { _ = try await host.open() }
        try await host.peers[0].login()
        host.time.advance(by: 3_000)
        try await until { host.time.nextDue == end }
        host.time.advance(by: 3_000)
        #expect(await error?.text == "No answer to the login within 6000 ms")
        #expect(host.untried == 1)
    }

    @Test func aCancellationIsFinal() async throws {
        let host = Host(2)
        let opening = Task { await failure { _ = try await host.open() } }
        _ = try await host.peers[0].greeted()
        opening.cancel()
        #expect(await opening.value?.kind == .cancelled)
        #expect(host.untried == 1)
    }
}
