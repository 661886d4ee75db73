import AMQPTransport
import DataStructures
import TestSupport
import Testing

@testable import AMQPClient

/// What the broker says of publishes that no call waits for, and how a close waits for it. With a broker of its own, each way
/// and each end: `Tests/BrokerTestingTests/UnheardTests.swift`.
@Suite(.watched) struct UnheardConfirmTests {
    private func publisher(
        limit: Int = 10, _ change: (inout ConnectionConfiguration) -> Void = { _ in }
    ) async throws -> (Connection, ConfirmedPublisher, RawPeer) {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel(change)
        async let publisher = channel.confirmedPublisher(limit: limit)
        _ = try await peer.expect(ConfirmSelect.self)
        peer.send(ConfirmSelectOk(), channel: 1)
        return (connection, try await publisher, peer)
    }

    /// Each refusal is told, of whichever message: who sends again what was refused forgets none.
    @Test func eachRefusalIsTold() async throws {
        let (_, publisher, peer) = try await publisher()
        for number in 1...4 { try await publisher.publish(Message("\(number)"), routingKey: "q") }
        for _ in 1...4 { _ = try await peer.expect(BasicPublish.self) }
        peer.send {
            $0.method(BasicNack(deliveryTag: 1), channel: 1)
            $0.method(BasicAck(deliveryTag: 2), channel: 1)
            $0.method(BasicNack(deliveryTag: 4, multiple: true), channel: 1)
        }
        try await until { publisher.unconfirmedCount == 0 }
        let first = await failure { try await publisher.publish(Message("5"), routingKey: "q") }
        #expect(first?.publish?.message == Message("1"))
        // It was sent all the same.
        _ = try await peer.expect(BasicPublish.self)
        peer.send(BasicAck(deliveryTag: 5), channel: 1)
        for text in ["3", "4"] {
            let error = await failure { try await publisher.waitForAll() }
            #expect(error?.kind == .nacked)
            #expect(error?.publish?.message == Message(text))
        }
        try await publisher.waitForAll()
    }

    /// What is about all of them is told once.
    @Test func theEndOfTheChannelIsToldOnce() async throws {
        let (connection, publisher, peer) = try await publisher()
        for number in 1...3 { try await publisher.publish(Message("\(number)"), exchange: "nope") }
        for _ in 1...3 { _ = try await peer.expect(BasicPublish.self) }
        peer.send(ChannelClose(replyCode: .notFound, replyText: "gone"), channel: 1)
        _ = try await peer.expect(ChannelCloseOk.self)
        #expect(await failure { try await publisher.waitForAll() }?.code == .notFound)
        try await publisher.waitForAll()
        try await publisher.channel.close()
        async let closed: Void = connection.close()
        _ = try await peer.expect(ConnectionClose.self)
        peer.send(ConnectionCloseOk())
        try await closed
    }

    @Test(arguments: [false, true]) func aCloseWaitsForTheConfirms(isOfConnection: Bool) async throws {
        let (connection, publisher, peer) = try await publisher()
        try await publisher.publish(Message("x"), routingKey: "q")
        async let closed = failure {
            if isOfConnection { try await connection.close() } else { try await publisher.channel.close() }
        }
        _ = try await peer.expect(BasicPublish.self)
        peer.send(BasicNack(deliveryTag: 1), channel: 1)
        if isOfConnection {
            _ = try await peer.expect(ConnectionClose.self)
            peer.send(ConnectionCloseOk())
        } else {
            _ = try await peer.expect(ChannelClose.self)
            peer.send(ChannelCloseOk(), channel: 1)
        }
        let error = await closed
        #expect(error?.kind == .nacked)
        #expect(error?.publish?.message == Message("x"))
    }

    /// As long as a confirm may take, and no longer; then it is closed all the same.
    @Test func aCloseWhoseConfirmNeverComes() async throws {
        let time = ManualTime()
        let (_, publisher, peer) = try await publisher {
            $0.time = time
            $0.confirmTimeout = .seconds(5)
        }
        try await publisher.publish(Message("x"), routingKey: "q")
        async let closed = failure { try await publisher.channel.close() }
        _ = try await peer.expect(BasicPublish.self)
        let clock = Task {
            while !Task.isCancelled {
                time.advance(by: 1_000)
                try? await Task.sleep(for: .milliseconds(1))
            }
        }
        defer { clock.cancel() }
        _ = try await peer.expect(ChannelClose.self)
        peer.send(ChannelCloseOk(), channel: 1)
        let error = await closed
        #expect(error?.kind == .timedOut)
        #expect(error?.publish?.message == Message("x"))
    }

    /// It ends while the close waits for a channel before it: that says which message it was, as ever.
    @Test func aChannelThatEndsBeforeItsTurn() async throws {
        let (connection, first, peer) = try await publisher()
        async let opening = connection.openChannel()
        try await peer.openChannel(2)
        let channel = try await opening
        async let preparing = channel.confirmedPublisher()
        _ = try await peer.expect(ConfirmSelect.self)
        peer.send(ConfirmSelectOk(), channel: 2)
        let second = try await preparing
        try await first.publish(Message("first"), routingKey: "q")
        try await second.publish(Message("second"), exchange: "nope")
        for _ in 1...2 { _ = try await peer.expect(BasicPublish.self) }
        async let closed = failure { try await connection.close() }
        // Two for their confirms, and the close.
        try await until { connection.engine.state.withLock { $0.waiters.count } == 3 }
        peer.send(ChannelClose(replyCode: .notFound, replyText: "no exchange"), channel: 2)
        _ = try await peer.expect(ChannelCloseOk.self)
        peer.send(BasicAck(deliveryTag: 1), channel: 1)
        _ = try await peer.expect(ConnectionClose.self)
        peer.send(ConnectionCloseOk())
        let error = await closed
        #expect(error?.code == .notFound)
        #expect(error?.publish?.message == Message("second"))
    }

    /// However many channels there are.
    @Test(arguments: [false, true]) func aCloseOfManyChannelsWaitsNoLonger(isOfRun: Bool) async throws {
        let time = ManualTime()
        let (connection, first, peer) = try await RawPeer.connectWithChannel {
            $0.time = time
            $0.confirmTimeout = .seconds(5)
        }
        var channels: [Channel] = []
        for number: UInt16 in 1...4 {
            let channel: Channel
            if number > 1 {
                async let opening = connection.openChannel()
                try await peer.openChannel(number)
                channel = try await opening
            } else {
                channel = first
            }
            channels.append(channel)
            async let selected: Void = channel.selectConfirms()
            _ = try await peer.expect(ConfirmSelect.self)
            peer.send(ConfirmSelectOk(), channel: number)
            try await selected
            try await channel.publish(Message("x"), routingKey: "q")
            _ = try await peer.expect(BasicPublish.self)
        }
        let closing = Task {
            isOfRun ? await connection.engine.loss(of: .all) : await failure { try await connection.close() }
        }
        try await until { !connection.engine.state.withLock { $0.waiters.isEmpty } }
        time.advance(by: 5_000)
        if !isOfRun {
            _ = try await peer.expect(ConnectionClose.self)
            peer.send(ConnectionCloseOk())
        }
        let error = await closing.value
        #expect(error?.kind == .timedOut)
        #expect(error?.text == "No answer to the confirms within 5000 ms")
        withExtendedLifetime(channels) {}
    }

    @Test func aCancelledCloseWaitsForNothing() async throws {
        let (_, publisher, peer) = try await publisher()
        try await publisher.publish(Message("x"), routingKey: "q")
        _ = try await peer.expect(BasicPublish.self)
        let task = Task {
            await untilCancelled()
            try await publisher.channel.close()
        }
        task.cancel()
        try await task.value
        _ = try await peer.expect(ChannelClose.self)
        #expect(!publisher.channel.isOpen)
    }

    /// A program that lets go of all its confirms, and never closes anything, does not hold more and more.
    @Test func whatOnlyACloseCanTellIsBounded() async throws {
        let (connection, channel, peer) = try await RawPeer.connectWithChannel()
        async let selected: Void = channel.selectConfirms()
        _ = try await peer.expect(ConfirmSelect.self)
        peer.send(ConfirmSelectOk(), channel: 1)
        try await selected
        let unheard = connection.engine.unheard
        let held = try await channel.publishForConfirm(Message("held"))
        for _ in 0..<3 * Unheard.limit { _ = try await channel.publishForConfirm(Message("let go of")) }
        peer.send(BasicNack(deliveryTag: 0, multiple: true), channel: 1)
        try await until { channel.unconfirmedCount == 0 && unheard.count <= Unheard.limit + 1 }
        #expect(unheard.count == Unheard.limit + 1)
        #expect(await failure { try await held.wait() }?.kind == .nacked)
        #expect(unheard.count == Unheard.limit)
        async let closed = failure { try await channel.close() }
        _ = try await peer.expect(BasicPublish.self)
        while try await peer.method().id != ChannelClose.id {}
        peer.send(ChannelCloseOk(), channel: 1)
        #expect(await closed?.kind == .nacked)
        #expect(unheard.count == 0)
    }

    @Test func theOldestAreKept() {
        let (unheard, channel) = (Unheard(), ChannelID(number: 1, opening: 1))
        for number in 1...10 * Unheard.limit {
            let publish = AMQPError.Publish(message: Message("\(number)"), exchange: "", routingKey: "q")
            unheard.addForgotten(.nacked.about(publish), on: channel)
        }
        #expect(unheard.count == Unheard.limit)
        #expect(unheard.take(of: channel)?.publish?.message == Message("1"))
        // There is room again.
        unheard.addForgotten(.nacked, on: channel)
        #expect(unheard.count == 1)
    }

    @Test func eachChannelTellsItsOwn() {
        let unheard = Unheard()
        let (one, two) = (ChannelID(number: 1, opening: 1), ChannelID(number: 2, opening: 2))
        let end = AMQPError(.closedByBroker, scope: .channel, text: "")
        for (channel, error) in [(one, .nacked), (two, end), (one, end), (two, .nacked)] {
            _ = unheard.add(error, on: channel)
        }
        unheard.markEndHeard(on: two)
        #expect(unheard.count == 3)
        #expect(unheard.take(of: two)?.kind == .nacked)
        #expect(unheard.take(of: two) == nil)
        #expect(unheard.take()?.kind == .nacked)
        #expect(unheard.count == 0)
    }

    /// A channel that closes looks at its own failures that nobody has heard of.
    @Test func eachChannelLooksAtItsOwn() {
        let unheard = Unheard()
        let channels = (1...UInt16(1_000)).map { ChannelID(number: $0, opening: 1) }
        for channel in channels + channels { _ = unheard.add(.nacked, on: channel) }
        let steps = Steps.counted { for channel in channels { #expect(unheard.take(of: channel) != nil) } }
        #expect(steps == 2 * channels.count)
        #expect(unheard.count == 0)
    }

    /// Somebody else waits for the confirm, and hears that the channel was closed.
    @Test func aCloseDoesNotWaitForWhatACallWaitsFor() async throws {
        let (_, publisher, peer) = try await publisher()
        let channel = publisher.channel
        async let confirmed = failure { try await channel.publishAndConfirm(Message("x"), routingKey: "q") }
        _ = try await peer.expect(BasicPublish.self)
        async let closed: Void = channel.close()
        _ = try await peer.expect(ChannelClose.self)
        peer.send(ChannelCloseOk(), channel: 1)
        try await closed
        #expect(await confirmed?.kind == .closedByClient)
    }

    /// The error of a block is not kept waiting by what it has published.
    @Test func anErrorWaitsForNothing() async throws {
        struct Stop: Error {}
        let (connection, peer) = try await RawPeer.connect()
        let block = Task {
            try await connection.withChannel { channel in
                try await channel.selectConfirms()
                try await channel.publish(Message("x"), routingKey: "q")
                throw Stop()
            }
        }
        try await peer.openChannel()
        _ = try await peer.expect(ConfirmSelect.self)
        peer.send(ConfirmSelectOk(), channel: 1)
        _ = try await peer.expect(BasicPublish.self)
        _ = try await peer.expect(ChannelClose.self)
        peer.send(ChannelCloseOk(), channel: 1)
        await #expect(throws: Stop.self) { try await block.value }
    }
}
