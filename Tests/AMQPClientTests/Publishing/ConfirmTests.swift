import AMQPTransport
import TestSupport
import Testing

@testable import AMQPClient

@Suite(.watched) struct ConfirmTests {
    private func confirming(
        _ change: (inout ConnectionConfiguration) -> Void = { _ in }
    ) async throws -> (Channel, RawPeer) {
        let (_, channel, peer) = try await RawPeer.connectWithChannel(change)
        async let selected: Void = channel.selectConfirms()
        _ = try await peer.expect(ConfirmSelect.self)
        peer.send(ConfirmSelectOk(), channel: 1)
        try await selected
        return (channel, peer)
    }

    @Test func firstConfirmedPublishSelects() async throws {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        #expect(!channel.isConfirming)
        async let confirmed: Void = channel.publishAndConfirm(Message("x"), routingKey: "q")
        _ = try await peer.expect(ConfirmSelect.self)
        peer.send(ConfirmSelectOk(), channel: 1)
        _ = try await peer.expect(BasicPublish.self)
        #expect(channel.unconfirmedCount == 1)
        peer.send(BasicAck(deliveryTag: 1), channel: 1)
        try await confirmed
        #expect(channel.unconfirmedCount == 0)
        #expect(channel.isConfirming)
    }

    /// Many tasks on one channel: every publish has a number of its own, and each task hears of its own message.
    @Test func aThousandTasksAtOnce() async throws {
        let (channel, peer) = try await confirming()
        let count = 1_000
        let answering = Task {
            var refused: Set<String> = []
            for tag in 1...UInt64(count) {
                _ = try await peer.expect(BasicPublish.self)
                _ = try await peer.frame()
                let body = try #require(try await peer.frame())
                #expect(body.kind == .body)
                if tag % 10 == 0 {
                    refused.insert(String(decoding: body.payload, as: UTF8.self))
                    peer.send(BasicNack(deliveryTag: tag), channel: 1)
                } else {
                    peer.send(BasicAck(deliveryTag: tag), channel: 1)
                }
            }
            return refused
        }
        let failed = try await withThrowingTaskGroup(of: String?.self) { group in
            for number in 0..<count {
                group.addTask {
                    do {
                        try await channel.publishAndConfirm(Message("\(number)"), routingKey: "q")
                        return nil
                    } catch let error as AMQPError where error.kind == .nacked {
                        return "\(number)"
                    }
                }
            }
            var failed: Set<String> = []
            for try await number in group { if let number { failed.insert(number) } }
            return failed
        }
        #expect(failed.count == count / 10)
        #expect(try await answering.value == failed)
        #expect(channel.unconfirmedCount == 0)
    }

    @Test func returnedAndNacked() async throws {
        let (channel, peer) = try await confirming()
        var returns = channel.returns.makeAsyncIterator()
        async let lost = failure {
            try await channel.publishAndConfirm(Message("lost"), exchange: "e", routingKey: "k", mandatory: true)
        }
        _ = try await peer.expect(BasicPublish.self)
        async let refused = failure { try await channel.publishAndConfirm(Message("refused"), routingKey: "q") }
        _ = try await peer.expect(BasicPublish.self)
        peer.send {
            $0.content(
                BasicReturn(replyCode: .noRoute, replyText: "NO_ROUTE", exchange: "e", routingKey: "k"),
                BasicProperties(), body: Array("lost".utf8), channel: 1, frameMax: 4096)
            $0.method(BasicAck(deliveryTag: 1), channel: 1)
            $0.method(BasicNack(deliveryTag: 2), channel: 1)
        }
        let error = try #require(await lost)
        guard case .returned(let message) = error.kind else {
            Issue.record("\(error)")
            return
        }
        #expect(message.text == "lost")
        #expect(message.code == .noRoute)
        #expect(error.description.contains("NO_ROUTE"))
        #expect(try await returns.next() == message)
        #expect(await refused?.kind == .nacked)
        #expect(channel.isOpen)
    }

    /// The broker takes the header BCC out of what comes back, too.
    @Test func aBlindCopyThatNoQueueTakes() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.openChannel()
        let nowhere = TestBroker.name()
        let message = Message("x", properties: BasicProperties(headers: ["BCC": [.string(nowhere)]]))
        let error = await failure {
            try await channel.publishAndConfirm(message, routingKey: nowhere, mandatory: true)
        }
        guard case .returned(let returned)? = error?.kind else {
            Issue.record("\(error as Any)")
            return
        }
        #expect(returned.message.properties.headers?["BCC"] == nil)
        try await connection.close()
    }

    @Test func waitForConfirms() async throws {
        let (channel, peer) = try await confirming()
        for _ in 1...3 { try await channel.publish(Message("x"), routingKey: "q") }
        async let confirmed: Void = channel.waitForConfirms()
        for _ in 1...3 { _ = try await peer.expect(BasicPublish.self) }
        peer.send(BasicAck(deliveryTag: 3, multiple: true), channel: 1)
        try await confirmed
        // Nothing outstanding: no wait.
        try await channel.waitForConfirms()
        try await channel.publish(Message("x"), routingKey: "q")
        async let refused = failure { try await channel.waitForConfirms() }
        _ = try await peer.expect(BasicPublish.self)
        peer.send(BasicNack(deliveryTag: 4), channel: 1)
        #expect(await refused?.kind == .nacked)
        try await channel.waitForConfirms()
    }

    @Test func waitForConfirmsWithoutConfirms() async throws {
        let (_, channel, _) = try await RawPeer.connectWithChannel()
        #expect(await failure { try await channel.waitForConfirms() }?.kind == .badArgument)
    }

    @Test func confirmThatNeverComes() async throws {
        let time = ManualTime()
        let (channel, peer) = try await confirming {
            $0.time = time
            $0.confirmTimeout = .seconds(5)
        }
        async let confirmed = failure { try await channel.publishAndConfirm(Message("x")) }
        _ = try await peer.expect(BasicPublish.self)
        time.advance(by: 5_000)
        #expect(await confirmed?.kind == .timedOut)
        // Its confirm comes after all, for nobody; the next one's goes to the next one.
        async let next: Void = channel.publishAndConfirm(Message("y"))
        _ = try await peer.expect(BasicPublish.self)
        peer.send(BasicAck(deliveryTag: 1), channel: 1)
        peer.send(BasicAck(deliveryTag: 2), channel: 1)
        try await next
    }

    @Test func confirmOfAPublishThatNeverWas() async throws {
        let (channel, peer) = try await confirming()
        peer.send(BasicAck(deliveryTag: 1), channel: 1)
        #expect(try await peer.expect(ConnectionClose.self).replyCode == .commandInvalid)
        #expect(channel.closeReason?.kind == .protocolViolation)
    }

    // MARK: The window

    private func publisher(limit: Int) async throws -> (ConfirmedPublisher, RawPeer) {
        let (_, channel, peer) = try await RawPeer.connectWithChannel()
        async let publisher = channel.confirmedPublisher(limit: limit)
        _ = try await peer.expect(ConfirmSelect.self)
        peer.send(ConfirmSelectOk(), channel: 1)
        return (try await publisher, peer)
    }

    @Test func theWindowHoldsBack() async throws {
        let (publisher, peer) = try await publisher(limit: 3)
        let published = Counter()
        let task = Task {
            for _ in 0..<10 {
                try await publisher.publish(Message("x"), routingKey: "q")
                published.add()
            }
            try await publisher.waitForAll()
        }
        for _ in 0..<3 { _ = try await peer.expect(BasicPublish.self) }
        for tag: UInt64 in 1...10 {
            #expect(publisher.unconfirmedCount <= 3)
            #expect(published.value < tag + 3)
            peer.send(BasicAck(deliveryTag: tag), channel: 1)
            if tag <= 7 { _ = try await peer.expect(BasicPublish.self) }
        }
        try await task.value
        #expect(publisher.unconfirmedCount == 0)
    }

    @Test func theWindowReportsARefusalOnce() async throws {
        let (publisher, peer) = try await publisher(limit: 2)
        for number in 1...2 {
            try await publisher.publish(Message("\(number)"), routingKey: "q", mandatory: number == 1)
        }
        async let third = failure { try await publisher.publish(Message("y"), routingKey: "q") }
        for _ in 0..<2 { _ = try await peer.expect(BasicPublish.self) }
        peer.send(BasicNack(deliveryTag: 1), channel: 1)
        let error = await third
        #expect(error?.kind == .nacked)
        #expect(
            error?.publish
                == AMQPError.Publish(message: Message("1"), exchange: "", routingKey: "q", mandatory: true))
        #expect(error?.description.contains("routing key 'q'") == true)
        // Whose call it was that told of it is sent all the same.
        _ = try await peer.expect(BasicPublish.self)
        async let all: Void = publisher.waitForAll()
        peer.send(BasicAck(deliveryTag: 3, multiple: true), channel: 1)
        try await all
    }

    /// Who sends again what an error is about sends everything, and nothing twice.
    @Test func noMessageIsLostOverAnEarlierOne() async throws {
        let (publisher, peer) = try await publisher(limit: 10)
        let texts = (1...6).map { "\($0)" }
        var expected: [String] = []
        for text in texts {
            expected.append(text)
            do throws(AMQPError) {
                try await publisher.publish(Message(text), routingKey: "q")
            } catch {
                let refused = try #require(error.publish)
                expected.append(refused.message.text)
                try await publisher.publish(refused.message, routingKey: refused.routingKey)
            }
            if text == "2" {
                peer.send(BasicNack(deliveryTag: 1), channel: 1)
                try await until { publisher.unconfirmedCount == 1 }
            }
        }
        #expect(expected == ["1", "2", "3", "1", "4", "5", "6"])
        var sent: [String] = []
        while sent.count < expected.count, let frame = try await peer.frame() {
            if frame.kind == .body { sent.append(String(decoding: frame.payload, as: UTF8.self)) }
        }
        #expect(sent == expected)
    }

    /// What could not be sent is what the error is about.
    @Test func aMessageThatCouldNotBeSentIsNamed() async throws {
        let (publisher, peer) = try await publisher(limit: 2)
        try await publisher.publish(Message("x"), exchange: "nope")
        _ = try await peer.expect(BasicPublish.self)
        peer.send(ChannelClose(replyCode: .notFound, replyText: "gone"), channel: 1)
        _ = try await peer.expect(ChannelCloseOk.self)
        let error = await failure { try await publisher.publish(Message("y"), routingKey: "q") }
        #expect(error?.code == .notFound)
        #expect(error?.publish?.message == Message("y"))
        #expect(publisher.unconfirmedCount == 0)
    }

    @Test func theWindowEndsWithTheChannel() async throws {
        let (publisher, peer) = try await publisher(limit: 1)
        try await publisher.publish(Message("x"), routingKey: "q")
        async let all = failure { try await publisher.waitForAll() }
        _ = try await peer.expect(BasicPublish.self)
        peer.send(ChannelClose(replyCode: .notFound, replyText: "gone"), channel: 1)
        #expect(await all?.code == .notFound)
    }

    @Test func cancelledInTheWindow() async throws {
        let (publisher, peer) = try await publisher(limit: 1)
        try await publisher.publish(Message("x"), routingKey: "q")
        _ = try await peer.expect(BasicPublish.self)
        let task = Task { await failure { try await publisher.publish(Message("y"), routingKey: "q") } }
        task.cancel()
        let error = await task.value
        #expect(error?.kind == .cancelled)
        #expect(error?.publish?.message == Message("y"))
        #expect(publisher.unconfirmedCount == 1)
    }
}
