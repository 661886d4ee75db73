import AMQPWire
import Testing

/// Transactions, consumers and queues that end in another way than the ordinary one.
@Suite("Other ways to end") struct OtherEndsCases {
    /// How a channel that has something open may end.
    enum End: CaseIterable, Sendable {
        case channelError, connectionClosed, connectionLost

        func befall(_ channel: ProbeChannel) async throws {
            switch self {
            case .channelError:
                try await channel.send(
                    QueueDeclare(queue: unique("nowhere"), passive: true), expecting: .channelClose(.notFound))
            case .connectionClosed: try await channel.probe.close()
            case .connectionLost: channel.probe.abort()
            }
        }
    }

    @Test(
        "An error, a closed connection and a lost one discard what was published and not committed",
        .proves("tx.other-ends-roll-back", ["rabbitmq/tx/rollback-publish"]))
    func otherEndsRollBack() async throws {
        let other = try await Probe.openChannel()
        for end in End.allCases {
            let channel = try await Probe.openChannel()
            let queue = try await other.declareQueue(exclusive: false)
            let watched = try await other.declareQueue(exclusive: false)
            try await channel.consume(watched)
            _ = try await channel.call(TxSelect(), TxSelectOk.self)
            channel.publish("discarded", to: "", queue)
            try await channel.barrier(behind: queue)
            try await end.befall(channel)
            try await other.awaitNoConsumers(of: watched)
            #expect(try await other.drain(queue) == [], "\(end)")
        }
    }

    @Test(
        "The end of the connection that once had a queue of this name does not touch the one of today",
        .proves(
            "pubsub.name-of-a-deleted-exclusive-queue", ["rabbitmq/queue.declare/exclusive-dies-with-connection"]))
    func nameOfADeletedExclusiveQueue() async throws {
        for end in [End.connectionClosed, .connectionLost] {
            let first = try await Probe.openChannel()
            let watched = try await first.declareQueue(exclusive: false)
            try await first.consume(watched)
            let queue = try await first.declareQueue()
            _ = try await first.call(QueueDelete(queue: queue), QueueDeleteOk.self)
            let second = try await Probe.openChannel()
            try await second.declareQueue(queue, exclusive: false)
            second.publish("kept", to: "", queue)
            try await second.barrier(behind: queue)
            try await end.befall(first)
            try await second.awaitNoConsumers(of: watched)
            #expect(try await second.exists(queue: queue), "\(end)")
            #expect(try await second.drain(queue) == ["kept"], "\(end)")
        }
    }

    @Test(
        "All exclusive queues go with their connection, however many they are",
        .proves(
            "pubsub.many-exclusive-queues", ["rabbitmq/queue.declare/exclusive-dies-with-connection"]))
    func manyExclusiveQueues() async throws {
        let owner = try await Probe.openChannel()
        var queues: [ShortString] = []
        for _ in 1...140 { queues.append(try await owner.declareQueue()) }
        // Some of them in another order, so that what lists them has had holes.
        for queue in queues[10..<20].reversed() {
            _ = try await owner.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        }
        try await owner.probe.close()
        let other = try await Probe.openChannel()
        for queue in queues { try await other.awaitGone(queue: queue) }
    }

    @Test(
        "The address for replies goes with its channel when that ends with an error, too",
        .proves(
            "rpc.direct-gone-with-an-error", ["rabbitmq/direct-reply-to/gone", "rabbitmq/direct-reply-to/probe"]))
    func addressGoneWithAnError() async throws {
        let (server, client) = (try await Probe.openChannel(), try await Probe.openChannel())
        let requests = try await server.declareQueue(exclusive: false)
        try await client.consume("amq.rabbitmq.reply-to", noAck: true)
        client.publish("request", to: "", requests, BasicProperties(replyTo: "amq.rabbitmq.reply-to"))
        try await server.consume(requests, noAck: true)
        let address = try #require(try await server.delivery().properties.replyTo)
        #expect(try await server.exists(queue: address))
        try await End.channelError.befall(client)
        try await server.awaitGone(queue: address)
    }

    @Test(
        "The tag of the consumer of replies is taken, and replies are not consumed by a tag that is",
        .proves(
            "rpc.direct-tag", ["rabbitmq/direct-reply-to/tag", "basic.consume.consumer-tag/01"],
            rabbitmq: "A consumer may take the tag of the consumer of replies."))
    func tagOfTheReplyConsumer() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume("amq.rabbitmq.reply-to", tag: "taken", noAck: true)
        try await channel.send(
            BasicConsume(queue: queue, consumerTag: "taken"), expecting: .connectionClose(.notAllowed), rabbitmq: .ok)
        let other = try await Probe.openChannel()
        try await other.consume(try await other.declareQueue(), tag: "taken")
        try await other.send(
            BasicConsume(queue: "amq.rabbitmq.reply-to", consumerTag: "taken", noAck: true),
            expecting: .connectionClose(.notAllowed))
    }

    @Test(
        "A durable queue that is exclusive goes with its connection when the broker is killed, too",
        .proves(
            "durability.exclusive-and-killed", ["rabbitmq/queue.declare/exclusive-dies-with-connection"],
            needs: [.kill]))
    func exclusiveAndKilled() async throws {
        let owner = try await Probe.openChannel()
        let queue = try await owner.declareQueue(durable: true)
        let shared = try await owner.declareQueue(durable: true, exclusive: false)
        try await owner.confirmSelect()
        owner.publish("on the disk behind both", to: "", shared, BasicProperties(deliveryMode: 2))
        _ = try await owner.confirm()
        try await killBroker()
        let other = try await Probe.openChannel()
        try await other.send(QueueDeclare(queue: queue, passive: true), expecting: .channelClose(.notFound))
    }

    @Test(
        "Each of hundreds of consumers is told that its queue was deleted",
        .proves(
            "cancel-notify.each-of-hundreds",
            ["rabbitmq/consumer-cancel-notify/queue-deleted", "rabbitmq/consumer-cancel-notify/deleted-elsewhere"]))
    func eachOfHundreds() async throws {
        let channel = try await Probe.openChannel()
        let other = try await channel.probe.openChannel()
        for count in [251, 300] {
            let queue = try await channel.declareQueue(exclusive: false)
            for number in 1...count {
                try await channel.consume(queue, tag: ShortString(truncating: "\(count).\(number)"))
            }
            _ = try await other.call(QueueDelete(queue: queue), QueueDeleteOk.self)
            var told: Set<ShortString> = []
            for _ in 1...count { told.insert(try await channel.receive(BasicCancel.self).consumerTag) }
            #expect(told.count == count)
        }
    }

    @Test(
        "Nobody consumes beside an exclusive consumer, whether that acknowledges or not",
        .proves("work.exclusive-without-acks", ["basic.consume.exclusive/01"]))
    func exclusiveWithoutAcks() async throws {
        for noAck in [true, false] {
            let channel = try await Probe.openChannel()
            let queue = try await channel.declareQueue(exclusive: false)
            try await channel.consume(queue, noAck: noAck, exclusive: true)
            let other = try await Probe.openChannel()
            for (otherNoAck, exclusive) in [(false, false), (true, false), (false, true), (true, true)] {
                try await other.send(
                    BasicConsume(queue: queue, noAck: otherNoAck, exclusive: exclusive),
                    expecting: .channelClose(.accessRefused))
            }
        }
    }
}
