import AMQPTransport
import Synchronization
import TestSupport
import Testing

@testable import AMQPClient

/// A publisher over connections that are lost, in memory and in virtual time.
@Suite(.watched) struct PublisherTests {
    @Test func aPublishReturnsOnceItIsConfirmedAndAgainAfterALoss() async throws {
        let world = World()
        let connection = try await Connection.open(patientlyOver: world.broker.connect())
        let queue = try await connection.openChannel().declareQueue("orders")
        let publisher = world.client().publisher(whileDown: .wait(upTo: .seconds(1_000_000)))
        try await publisher.publish(Message("1"), key: "orders")
        world.cut()
        let clock = Task { try await world.pass { false } }
        defer { clock.cancel() }
        // Whether it left before the loss was noticed is open.
        try? await publisher.publish(Message("2"), key: "orders")
        try await publisher.publish(Message("3"), key: "orders")
        #expect(try await queue.get()?.text == "1")
        #expect(await failure { try await publisher.publish(Message("x"), to: "nowhere") }?.code == .notFound)
        #expect(
            await failure { try await publisher.publish(Message("x"), key: "no", mandatory: true) }?.code == .noRoute)
        try await publisher.publish(Message("4"), key: "orders")
        await publisher.close()
        // It may be used on.
        try await publisher.publish(Message("5"), key: "orders")
        await publisher.close()
        try await connection.close()
    }

    @Test func theOutcomeIsUnknownWhenTheBrokerIsLostBeforeItAnswers() async throws {
        let (ours, theirs) = MemoryStream.pair()
        let peer = RawPeer(theirs)
        var configuration = ConnectionConfiguration()
        configuration.time = ManualTime()
        let client = Client([configuration], retry: .never) { _ in ours }
        let publisher = client.publisher()
        let publishing = Task { try await publisher.publish(Message("chair"), key: "orders") }
        try await peer.handshake()
        try await peer.openChannel()
        _ = try await peer.expect(ConfirmSelect.self)
        peer.send(ConfirmSelectOk(), channel: 1)
        _ = try await peer.expect(BasicPublish.self)
        peer.reset()
        let error = await failure { try await publishing.value }
        #expect(error?.kind == .unknownOutcome)
        #expect(error?.publish?.message == Message("chair"))
        #expect(error?.publish?.routingKey == "orders")
    }

    /// In a task that is cancelled, as in every service that ends, the close is on its way when the call returns.
    @Test(arguments: [false, true]) func aCloseIsSentFromACancelledTask(isOfQuestions: Bool) async throws {
        let (ours, theirs) = MemoryStream.pair()
        let peer = RawPeer(theirs)
        let stream = RecordingStream(ours)
        var configuration = ConnectionConfiguration.unhurried
        configuration.time = ManualTime()
        let client = Client([configuration], retry: .never) { _ in stream }
        let publisher = client.publisher()
        let working = Task {
            if isOfQuestions {
                _ = try await client.call(Message("x"), to: "q", timeout: .seconds(1_000))
            } else {
                try await publisher.publish(Message("x"), key: "q")
            }
        }
        try await peer.handshake()
        try await peer.openChannel()
        if isOfQuestions {
            _ = try await peer.expect(BasicConsume.self)
            peer.send(BasicConsumeOk(consumerTag: "c"), channel: 1)
        } else {
            _ = try await peer.expect(ConfirmSelect.self)
            peer.send(ConfirmSelectOk(), channel: 1)
        }
        _ = try await peer.expect(BasicPublish.self)
        let closing = Task {
            await untilCancelled()
            if isOfQuestions { await client.close() } else { await publisher.close() }
            return stream.hasSentConnectionClose
        }
        closing.cancel()
        #expect(await closing.value)
        // Nobody's task was cancelled but that.
        #expect(await failure { try await working.value }?.kind == .unknownOutcome)
        peer.send(ConnectionCloseOk())
        try await peer.expectHangUp()
    }

    @Test func whatIsPublishedAfterACloseConnectsAgain() async throws {
        let world = World()
        let connection = try await Connection.open(patientlyOver: world.broker.connect())
        try await connection.openChannel().declareQueue("q")
        let publisher = world.client().publisher(whileDown: .wait(upTo: .seconds(1_000_000)))
        for number in 1...8 {
            try await publisher.publish(Message("\(number)"), key: "q")
            let closing = Task {
                await untilCancelled()
                await publisher.close()
            }
            closing.cancel()
            await closing.value
            #expect(world.attempts == number)
        }
        try await until { world.broker.connectionCount == 1 }
        try await connection.close()
    }

    /// It is not the exchange `o` whose name is looked for.
    @Test func aMissingExchangeWithAnApostropheIsToldOnce() async throws {
        let world = World()
        let publisher = world.client().publisher(
            whileDown: .wait(upTo: .seconds(1_000_000)), resend: .atLeastOnce)
        let error = await failure { try await publisher.publish(Message("x"), to: "o'brien", key: "k") }
        #expect(error?.code == .notFound)
        #expect(error?.kind == .closedByBroker)
        await publisher.close()
    }

    @Test func whileNobodyIsThereItFailsAtOnceIfAskedTo() async throws {
        let world = World()
        world.setAway(true)
        let publisher = world.client().publisher(whileDown: .fail)
        let error = await failure { try await publisher.publish(Message("x"), key: "q") }
        #expect(error?.kind == .unreachable)
        #expect(error?.text.contains("away") == true)
        let patient = world.client().publisher(whileDown: .wait(upTo: .seconds(30)))
        let begin = world.time.now
        let clock = Task { try await world.pass { false } }
        defer { clock.cancel() }
        #expect(await failure { try await patient.publish(Message("x"), key: "q") }?.kind == .timedOut)
        #expect(world.time.now - begin >= 30_000)
    }

    @Test func aPublisherToldOfTheWrongPasswordSaysSo() async throws {
        let publisher = World().client { $0.password = "wrong" }.publisher()
        #expect(await failure { try await publisher.publish(Message("x"), key: "q") }?.kind == .loginRefused)
    }
}

/// A stream that knows whether a good-bye went over it.
private final class RecordingStream: ByteStream {
    private let inner: any ByteStream
    private let sent = Mutex<[UInt8]>([])

    init(_ inner: any ByteStream) { self.inner = inner }

    var hasSentConnectionClose: Bool {
        var reader = FrameReader(frameMax: 0)
        sent.withLock { $0.dropFirst(ProtocolHeader.count).withUnsafeBytes { reader.append($0) } }
        while let frame = try? reader.next() {
            if frame.kind == .method, (try? Method(frame.payload))?.id == ConnectionClose.id { return true }
        }
        return false
    }

    var name: String { inner.name }
    var isLoopback: Bool { inner.isLoopback }
    var unsent: Int { inner.unsent }

    func send(_ bytes: RawSpan) -> Int {
        bytes.withUnsafeBytes { octets in sent.withLock { $0 += octets } }
        return inner.send(bytes)
    }

    func start(_ receiver: any ByteStreamReceiver) { inner.start(receiver) }
    func setReading(_ on: Bool) { inner.setReading(on) }
    func close() { inner.close() }
    func abort() { inner.abort() }
}
