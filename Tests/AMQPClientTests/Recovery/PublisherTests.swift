import AMQPTransport
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
