import AMQPTransport
import Synchronization
import TestSupport
import Testing

@testable import AMQPClient

/// Questions of a client, over connections that are lost, in memory and in virtual time.
@Suite(.watched) struct CallTests {
    private let world = World()

    /// Answers on a connection of its own, which is not cut.
    private func server(_ name: String) async throws -> (Connection, Task<Void, any Error>) {
        let connection = try await Connection.open(patientlyOver: world.broker.connect())
        let queue = try await connection.openChannel().declareQueue(name)
        return (connection, Task { try await queue.serve(concurrency: 4) { Message("\($0.text)!") } })
    }

    @Test func manyAskAtATime() async throws {
        let (connection, _) = try await server("q")
        let client = world.client()
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for number in 0..<20 {
                group.addTask { try await client.call(Message("\(number)"), to: "q", timeout: .seconds(1_000)).text }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(answers == Set((0..<20).map { "\($0)!" }))
        #expect(world.attempts == 1)
        await client.close()
        // The broker hears a moment later that its stream has ended.
        try await until { world.broker.connectionCount == 1 }
        #expect(try await client.call(Message("again"), to: "q").text == "again!")
        #expect(world.attempts == 2)
        await client.close()
        try await connection.close()
    }

    @Test func itComesBackAfterALoss() async throws {
        let (connection, _) = try await server("q")
        let quiet = try await connection.openChannel().declareQueue("quiet")
        let client = world.client()
        // Whoever is told of the loss may ask again before anybody else has heard of it.
        for attempt in 1...8 {
            let asking = Task { try await client.call(Message("?"), to: "quiet", timeout: .seconds(1_000)) }
            try await until { try await quiet.get(noAck: true) != nil }
            world.cut()
            let error = await failure { _ = try await asking.value }
            #expect(error?.kind == .unknownOutcome)
            #expect(error?.publish?.message == Message("?"))
            let again = Task { try await client.call(Message("1"), to: "q", timeout: .seconds(1_000)).text }
            try await world.pass { world.attempts == attempt + 1 }
            #expect(try await again.value == "1!")
        }
        await client.close()
        try await connection.close()
    }

    @Test func withoutAConnectionItWaitsInVain() async throws {
        world.setAway(true)
        let client = world.client()
        let asking = Task { try await client.call(Message("?"), to: "q", timeout: .seconds(5)) }
        let isOver = Mutex(false)
        let watch = Task {
            _ = await asking.result
            isOver.withLock { $0 = true }
        }
        try await world.pass { isOver.withLock { $0 } }
        await watch.value
        let error = await failure { _ = try await asking.value }
        #expect(error?.kind == .timedOut)
        #expect(error?.text.hasSuffix("within 5000 ms: away") == true)
        #expect(error?.nextStep.contains("a broker is running") == true)
        await client.close()
    }

    @Test func whatNoAttemptMendsIsToldAtOnce() async throws {
        let client = world.client { $0.password = "wrong" }
        #expect(await failure { _ = try await client.call(Message("?"), to: "q") }?.kind == .loginRefused)
        #expect(await failure { _ = try await Client(hosts: []).call(Message("?"), to: "q") }?.kind == .badArgument)
        let sound = world.client()
        #expect(await failure { _ = try await sound.call(Message("?"), to: "nobody") }?.code == .noRoute)
        await sound.close()
    }

    /// The questions share a channel, which the broker closes over one of them.
    @Test func oneToAMissingExchangeIsNotTheFaultOfAnother() async throws {
        let (connection, _) = try await server("q")
        let quiet = try await connection.openChannel().declareQueue("quiet")
        let client = world.client()
        let asking = Task { try await client.call(Message("?"), to: "quiet", timeout: .seconds(1_000_000)) }
        try await until { try await quiet.get(noAck: true) != nil }
        let wrong = await failure {
            _ = try await client.call(Message("!"), to: "q", exchange: "o'typo", timeout: .seconds(1_000_000))
        }
        #expect(wrong?.code == .notFound)
        #expect(wrong?.kind == .closedByBroker)
        let error = await failure { _ = try await asking.value }
        #expect(error?.kind == .unknownOutcome)
        #expect(error?.publish?.message == Message("?"))
        // It was only the channel.
        #expect(try await client.call(Message("1"), to: "q", timeout: .seconds(1_000_000)).text == "1!")
        #expect(world.attempts == 1)
        await client.close()
        try await connection.close()
    }

    /// Whatever the broker has closed the connection for, it may have been another's question.
    @Test func theEndOfTheConnectionLeavesTheOutcomeOpen() async throws {
        let (ours, theirs) = MemoryStream.pair()
        let peer = RawPeer(theirs)
        var configuration = ConnectionConfiguration.unhurried
        configuration.time = ManualTime()
        let client = Client([configuration], retry: .never) { _ in ours }
        let asking = Task { try await client.call(Message("?"), to: "q", timeout: .seconds(1_000)) }
        try await peer.handshake()
        try await peer.openChannel()
        _ = try await peer.expect(BasicConsume.self)
        peer.send(BasicConsumeOk(consumerTag: "c"), channel: 1)
        _ = try await peer.expect(BasicPublish.self)
        peer.send(ConnectionClose(replyCode: .internalError, replyText: "INTERNAL_ERROR"))
        let error = await failure { _ = try await asking.value }
        #expect(error?.kind == .unknownOutcome)
        #expect(error?.code == .internalError)
        await client.close()
    }

    @Test func whatIsAskedAfterACloseConnectsAgain() async throws {
        let (connection, _) = try await server("q")
        let client = world.client()
        for number in 1...8 {
            let answer = try await client.call(Message("\(number)"), to: "q", timeout: .seconds(1_000_000))
            #expect(answer.text == "\(number)!")
            // It does not wait, so the connection is still there when the next is asked.
            let closing = Task {
                await untilCancelled()
                await client.close()
            }
            closing.cancel()
            await closing.value
            #expect(world.attempts == number)
        }
        try await until { world.broker.connectionCount == 1 }
        try await connection.close()
    }

    @Test func itsConnectionGoesWithTheClient() async throws {
        let (connection, _) = try await server("q")
        var client: Client? = world.client()
        #expect(try await client?.call(Message("1"), to: "q").text == "1!")
        client = nil
        try await until { world.broker.connectionCount == 1 }
        try await connection.close()
    }
}
