import AMQPTransport
import Synchronization
import TestSupport
import Testing

@testable import AMQPClient

@Suite(.watched) struct HandshakeTests {
    /// What becomes of an opening when the peer does as `peer` says.
    private func refused(
        _ change: (inout ConnectionConfiguration) -> Void = { _ in },
        by peer: @escaping @Sendable (RawPeer) async throws -> Void
    ) async throws -> AMQPError? {
        let (ours, theirs) = MemoryStream.pair()
        let raw = RawPeer(theirs)
        var configuration = ConnectionConfiguration.unhurried
        configuration.time = ManualTime()
        change(&configuration)
        async let behaviour: Void = peer(raw)
        let error = await failure { [configuration] in _ = try await Connection.open(over: ours, configuration) }
        try await behaviour
        return error
    }

    @Test func announcesWhatItCan() async throws {
        let (ours, theirs) = MemoryStream.pair()
        let peer = RawPeer(theirs)
        var configuration = ConnectionConfiguration.unhurried
        configuration.user = "me"
        configuration.password = "pässword"
        configuration.connectionName = "a test"
        configuration.time = ManualTime()
        async let connection = Connection.open(over: ours, configuration)
        let login = try await peer.login()
        #expect(login.mechanism == "PLAIN")
        #expect(login.response == [0] + Array("me".utf8) + [0] + Array("pässword".utf8))
        #expect(login.locale == "en_US")
        let capabilities = try #require(login.clientProperties["capabilities"]?.table)
        for name: ShortString in [
            "publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify",
            "connection.blocked", "authentication_failure_close",
        ] {
            #expect(capabilities[name] == true, "\(name)")
        }
        #expect(login.clientProperties["connection_name"] == "a test")
        peer.send(ConnectionTune(channelMax: 10, frameMax: 4096, heartbeat: 30))
        #expect(try await peer.expect(ConnectionTuneOk.self) == .init(channelMax: 10, frameMax: 4096, heartbeat: 30))
        #expect(try await peer.expect(ConnectionOpen.self).virtualHost == "/")
        peer.send(ConnectionOpenOk())
        let open = try await connection
        #expect(open.channelMax == 10)
        #expect(open.frameMax == 4096)
        #expect(open.heartbeat == 30)
        #expect(open.serverProperties["product"] == "raw peer")
    }

    @Test(arguments: [
        // wish, offer, agreed: channels, frame, heartbeat
        ([2047, 131_072, 60], [2047, 131_072, 60], [2047, 131_072, 60]),
        ([2047, 131_072, 60], [100, 8192, 10], [100, 8192, 10]),
        ([100, 8192, 10], [2047, 131_072, 60], [100, 8192, 10]),
        ([2047, 131_072, 60], [0, 0, 0], [2047, 131_072, 60]),
        ([0, 0, 0], [100, 8192, 10], [100, 8192, 0]),
        ([0, 0, 0], [0, 0, 0], [65535, 0, 0]),
    ])
    func tuning(wish: [Int], offer: [Int], agreed: [Int]) {
        let wished = ConnectionState.Limits(
            channelMax: UInt16(wish[0]), frameMax: UInt32(wish[1]), heartbeat: UInt16(wish[2]))
        let tune = ConnectionTune(
            channelMax: UInt16(offer[0]), frameMax: UInt32(offer[1]), heartbeat: UInt16(offer[2]))
        let limits = ConnectionState.agree(wished, with: tune)
        #expect([Int(limits.channelMax), Int(limits.frameMax), Int(limits.heartbeat)] == agreed)
    }

    /// The task that opens a connection may be long in going on: on a busy machine longer than a broker waits for a beat.
    @Test func heartsBeatBeforeTheOpenerGoesOn() throws {
        var configuration = ConnectionConfiguration.unhurried
        let time = ManualTime()
        configuration.time = time
        let stream = EagerStream(.octets([]))
        let engine = ConnectionEngine(stream, configuration)
        try engine.step { state throws(AMQPError) in
            try state.connection.start(WaiterID(number: 1), &state.effects)
        }
        var writer = FrameWriter()
        writer.method(ConnectionStart(serverProperties: [:], mechanisms: plain, locales: english), channel: 0)
        writer.method(ConnectionTune(channelMax: 0, frameMax: 0, heartbeat: 10), channel: 0)
        writer.method(ConnectionOpenOk(), channel: 0)
        engine.streamReceived(writer.octets.span.bytes)
        let sent = stream.sent
        // What was sent before the first look counts as a beat.
        for _ in 1...2 { time.advance(by: 5_000) }
        #expect(stream.sent == sent + 8, "a heartbeat frame")
    }

    @Test func wrongPasswordIsToldInTheBrokersWords() async throws {
        let text: ShortString = "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN."
        let error = try await refused { peer in
            try await peer.login()
            peer.send(ConnectionClose(replyCode: .accessRefused, replyText: text))
            _ = try await peer.expect(ConnectionCloseOk.self)
        }
        #expect(error?.kind == .loginRefused)
        #expect(error?.code == .accessRefused)
        #expect(error?.scope == .connection)
        #expect(error?.text == text.text)
        #expect(error?.description.contains("user and password") == true)
    }

    @Test func hangUpDuringLoginHintsAtThePassword() async throws {
        let error = try await refused { peer in
            try await peer.login()
            peer.hangUp()
        }
        #expect(error?.kind == .connectionLost)
        #expect(error?.nextStep.contains("password") == true)
    }

    @Test func unknownVirtualHost() async throws {
        let error = try await refused { peer in
            try await peer.login()
            peer.send(ConnectionTune(channelMax: 0, frameMax: 0, heartbeat: 0))
            _ = try await peer.expect(ConnectionTuneOk.self)
            peer.send(
                ConnectionClose(
                    replyCode: .notAllowed, replyText: "NOT_ALLOWED - vhost x not found", cause: ConnectionOpen.id))
        }
        #expect(error?.kind == .closedByBroker)
        #expect(error?.code == .notAllowed)
        #expect(error?.method == ConnectionOpen.id)
    }

    @Test func anotherVersion() async throws {
        let error = try await refused { peer in
            peer.send(Array("AMQP".utf8) + [1, 1, 0, 0])
            peer.hangUp()
        }
        #expect(error?.kind == .protocolViolation)
        #expect(error?.text.contains("1-1-0-0") == true)
    }

    @Test func mechanismsWithoutPlain() async throws {
        let error = try await refused { peer in
            peer.send(ConnectionStart(mechanisms: Array("EXTERNAL".utf8), locales: english))
            try await peer.expectHangUp()
        }
        #expect(error?.text.contains("'EXTERNAL'") == true)
    }

    /// Asked for, it is all that is used: no password leaves.
    @Test func external() async throws {
        let (ours, theirs) = MemoryStream.pair()
        let peer = RawPeer(theirs)
        var configuration = ConnectionConfiguration.unhurried
        configuration.authMechanism = .external
        configuration.time = ManualTime()
        let task = Task { [configuration] in try await Connection.open(over: ours, configuration) }
        _ = try await peer.greeted()
        peer.send(ConnectionStart(mechanisms: Array("PLAIN EXTERNAL".utf8), locales: english))
        let login = try await peer.expect(ConnectionStartOk.self)
        #expect(login.mechanism == "EXTERNAL")
        #expect(login.response == [])
        peer.hangUp()
        _ = await task.result
        let error = try await refused({ $0.authMechanism = .external }) { peer in
            peer.send(ConnectionStart(mechanisms: Array("PLAIN AMQPLAIN".utf8), locales: english))
            try await peer.expectHangUp()
        }
        #expect(error?.text.contains("'PLAIN AMQPLAIN', but this client is set to use EXTERNAL") == true)
    }

    @Test func aPortForTLS() async throws {
        let error = try await refused { peer in
            peer.send([21, 3, 1, 0, 2, 2, 70])
            peer.hangUp()
        }
        #expect(error?.text == "the peer speaks TLS at this port: use amqps://")
    }

    @Test(arguments: [
        Array("HTTP/1.1 400 Bad Request\r\n".utf8), [1, 0, 0, 0, 0, 0, 0, 0xCE], [8, 0, 0, 0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0, 4, 0, 60, 0, 40, 0xCE], [1, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF],
        [1, 0, 7, 0, 0, 0, 4, 0, 10, 0, 41, 0xCE], [2, 0, 0, 0, 0, 0, 0, 0xCE],
    ])
    func garbageInsteadOfAGreeting(octets: [UInt8]) async throws {
        let error = try await refused { peer in
            peer.send(octets)
            try await peer.expectHangUp()
        }
        #expect(error?.kind == .protocolViolation)
    }

    /// A stream delivers from its start on, and the client asks for the login only after that: what arrives in between
    /// may end the connection before anybody waits for it.
    @Test(arguments: [EagerStream.Event.octets([2, 0, 0, 0, 0, 0, 0, 0xCE]), .end(.finished), .end(.reset("reset"))])
    func theEndBeforeAnybodyWaits(event: EagerStream.Event) async {
        var configuration = ConnectionConfiguration.unhurried
        // It stands still: a wait that nobody ends would not end in a time-out either.
        configuration.time = ManualTime()
        let stream = EagerStream(event)
        let error = await failure { [configuration] in _ = try await Connection.open(over: stream, configuration) }
        if case .octets = event {
            #expect(error?.kind == .protocolViolation)
        } else {
            #expect(error?.kind == .connectionLost)
        }
        #expect(stream.isClosed)
        #expect(stream.sent == 0)
    }

    @Test func aPeerThatSaysNothing() async throws {
        let time = ManualTime()
        let error = try await refused {
            $0.time = time
            $0.connectionTimeout = .seconds(3)
        } by: { peer in
            // The header has arrived, so the client is waiting.
            _ = try await peer.greeted()
            time.advance(by: 2_999)
            time.advance(by: 1)
            try await peer.expectHangUp()
        }
        #expect(error?.kind == .timedOut)
        #expect(error?.text.contains("3000 ms") == true)
    }

    /// Time that has gone on by 2,990 ms after it was first asked for.
    private final class LateTime: TimeSource {
        let time = ManualTime()
        private let isFirst = Mutex(true)

        var now: Int64 {
            let isFirst = isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst
            }
            defer { if isFirst { time.advance(by: 2_990) } }
            return time.now
        }

        func wake(at time: Int64, _ work: @escaping @Sendable () -> Void) -> TimerHandle {
            self.time.wake(at: time, work)
        }
    }

    /// Connecting takes most of the time that there is; the error tells of the whole.
    @Test func aPeerThatAcceptsLateAndSaysNothing() async throws {
        let accepted = Mailbox<RawPeer>()
        let listener = try TCPListener(host: "127.0.0.1", port: 0, loop: .shared) { accepted.put(RawPeer($0))?() }
        defer { listener.close() }
        let time = LateTime()
        var configuration = ConnectionConfiguration.unhurried
        (configuration.host, configuration.port) = ("127.0.0.1", listener.port)
        (configuration.time, configuration.connectionTimeout) = (time, .seconds(3))
        async let error = failure { [configuration] in _ = try await Connection.open(configuration) }
        _ = try await accepted.next()?.greeted()
        time.time.advance(by: 10)
        #expect(await error?.text == "No answer to the login within 3000 ms")
    }

    @Test func cancelledWhileOpening() async throws {
        let (ours, theirs) = MemoryStream.pair()
        let peer = RawPeer(theirs)
        var configuration = ConnectionConfiguration.unhurried
        configuration.time = ManualTime()
        let task = Task { [configuration] in
            await failure { _ = try await Connection.open(over: ours, configuration) }
        }
        _ = try await peer.greeted()
        task.cancel()
        #expect(await task.value?.kind == .cancelled)
        try await peer.expectHangUp()
    }

    @Test func nobodyThere() async throws {
        let unused = try UnusedPort()
        let port = unused.number
        let error = await failure { _ = try await Connection.open("amqp://127.0.0.1:\(port)") }
        withExtendedLifetime(unused) {}
        #expect(error?.kind == .unreachable)
        #expect(error?.description.contains("127.0.0.1:\(port)") == true)
    }

    @Test func numbersOutOfRange() async throws {
        for change: (inout ConnectionConfiguration) -> Void in [
            { $0.heartbeat = -1 }, { $0.channelMax = 70_000 }, { $0.frameMax = 4095 }, { $0.connectionTimeout = .zero },
            { $0.port = 0 }, { $0.rpcTimeout = .milliseconds(-5) },
            { $0.virtualHost = String(repeating: "v", count: 300) },
        ] {
            var configuration = ConnectionConfiguration.unhurried
            change(&configuration)
            let error = await failure { [configuration] in _ = try await Connection.open(configuration) }
            #expect(error?.kind == .badArgument)
        }
    }
}
