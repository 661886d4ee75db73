import AMQPWire
import Testing

/// More than a broker does in one go: what it had begun goes on, whoever comes in between.
@Suite("Much at once") struct MuchAtOnceCases {
    /// Waits until each of many queues has so many ready messages. Returns what they had in the end.
    private func counts(
        of queues: [ShortString], _ wanted: UInt32, _ channel: ProbeChannel
    ) async throws -> Set<UInt32> {
        var counts: Set<UInt32> = []
        _ = try await eventually {
            counts = []
            for some in stride(from: 0, to: queues.count, by: 50).map({ queues[$0...].prefix(50) }) {
                for queue in some { channel.send(QueueDeclare(queue: queue, passive: true)) }
                for _ in some { counts.insert(try await channel.receive(QueueDeclareOk.self).messageCount) }
            }
            return counts == [wanted]
        }
        return counts
    }

    /// A fanout exchange with so many queues.
    private func declareMany(
        _ count: Int, _ channel: ProbeChannel
    ) async throws -> (exchange: ShortString, queues: [ShortString]) {
        let exchange = try await channel.declareExchange("fanout")
        let queues = (1...count).map { _ in unique("queue") }
        for (number, queue) in queues.enumerated() {
            channel.send(QueueDeclare(queue: queue, exclusive: true, noWait: true))
            channel.send(QueueBind(queue: queue, exchange: exchange, noWait: true))
            // Waited for now and then: all together may take longer than an answer should.
            if number % 50 == 49 { try await channel.barrier() }
        }
        try await channel.barrier()
        return (exchange, queues)
    }

    @Test(
        "A message for more than a thousand queues reaches all of them: published, committed, and as a dead letter",
        .proves(
            "pubsub.more-than-a-thousand-queues",
            ["spec/3.1.3.2/fanout-ignores-key", "rabbitmq/tx/publish-on-commit", "rabbitmq/dead-letter/expired"]))
    func moreThanAThousandQueues() async throws {
        let channel = try await Probe.openChannel()
        let (exchange, queues) = try await declareMany(1_100, channel)
        try await channel.confirmSelect()
        channel.publish("published", to: exchange)
        #expect(try await channel.confirm().isAck)
        #expect(try await counts(of: queues, 1, channel) == [1])
        let transactional = try await channel.probe.openChannel()
        _ = try await transactional.call(TxSelect(), TxSelectOk.self)
        transactional.publish("committed", to: exchange)
        _ = try await transactional.call(TxCommit(), TxCommitOk.self)
        #expect(try await counts(of: queues, 2, transactional) == [2])
        let dying = try await channel.declareQueue(arguments: [
            "x-message-ttl": 0, "x-dead-letter-exchange": .longString(exchange.octets),
        ])
        channel.publish("dead", to: "", dying)
        #expect(try await counts(of: queues, 3, channel) == [3])
    }

    @Test(
        "One queue of more than a thousand that refuses a message is enough for a nack, and the others have it",
        .proves(
            "confirms.one-of-a-thousand-refuses",
            ["rabbitmq/publisher-confirms/nack-on-reject", "rabbitmq/publisher-confirms/all-queues"]))
    func oneOfAThousandRefuses() async throws {
        let channel = try await Probe.openChannel()
        let (exchange, queues) = try await declareMany(1_100, channel)
        let full = try await channel.declareQueue(arguments: ["x-max-length": 0, "x-overflow": "reject-publish"])
        // The queue that refuses comes first, so that the thousand others have the last word.
        let outer = try await channel.declareExchange("fanout")
        try await channel.bind(full, to: outer)
        let bind = ExchangeBind(destination: exchange, source: outer, routingKey: "")
        _ = try await channel.call(bind, ExchangeBindOk.self)
        try await channel.confirmSelect()
        channel.publish("refused by one", to: outer)
        #expect(try await !channel.confirm().isAck)
        channel.publish("taken by all", to: exchange)
        #expect(try await channel.confirm().isAck)
        #expect(try await counts(of: queues, 2, channel) == [2])
    }

    /// Fills a queue with small messages, and publishes one that takes the place of all of them, with a method behind it in
    /// the same write.
    private func driveOut(
        _ numbers: ClosedRange<Int>, of queue: ShortString, octets: Int, _ channel: ProbeChannel,
        with method: some MethodFields
    ) async throws {
        for number in numbers { channel.publish("\(number % 10)", to: "", queue) }
        try await channel.awaitReady(numbers.count, in: queue)
        let publish = BasicPublish(exchange: "", routingKey: queue)
        let (number, frameMax) = (channel.number, channel.probe.frameMax)
        channel.probe.send {
            $0.content(
                publish, BasicProperties(), body: [UInt8](repeating: 46, count: octets), channel: number,
                frameMax: frameMax)
            $0.method(method, channel: number)
        }
    }

    private func driveOutTwice(_ queue: ShortString, octets: Int, dead: ShortString, _ channel: ProbeChannel)
        async throws
    {
        try await driveOut(
            1...1_200, of: queue, octets: octets, channel, with: BasicGet(queue: queue, noAck: true))
        let event = try await channel.probe.event(on: channel.number, "the message that drove out the others") {
            $0.method?.id == BasicGetOk.id || $0.method?.id == BasicGetEmpty.id
        }
        #expect(Received(event)?.content.body.count == octets)
        try await channel.awaitReady(1_200, in: dead)
        // Once more, and who comes in between is a consumer.
        try await driveOut(
            1...1_200, of: queue, octets: octets, channel,
            with: BasicConsume(queue: queue, consumerTag: "late", noAck: true, noWait: true))
        #expect(try await channel.delivery().content.body.count == octets)
        try await channel.awaitReady(2_400, in: dead)
        let digits = (1...1_200).map { "\($0 % 10)" }
        try await channel.consume(dead, noAck: true)
        let letters = try await channel.deliveries(2_400).map(\.text)
        let isInOrder = letters == digits + digits
        #expect(isInOrder, "\(letters.count) dead letters, or not in their order")
    }

    @Test(
        "A client that asks for a message while many are driven out gets none of those, and all of them are dead-lettered",
        .proves(
            "length.many-driven-out",
            ["rabbitmq/max-length/drop-head", "rabbitmq/max-length/drop-head-dlx", "rabbitmq/max-length/exact-fit"]))
    func manyDrivenOut() async throws {
        let channel = try await Probe.openChannel()
        let dead = try await channel.declareQueue()
        let queue = try await channel.declareQueue(arguments: [
            "x-max-length-bytes": 5_000, "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": .longString(dead.octets),
        ])
        try await driveOutTwice(queue, octets: 5_000, dead: dead, channel)
    }

    /// Purges a queue of many messages and publishes to it, in one write with a fetch between them.
    private func purgeAndPublish(_ queue: ShortString, _ channel: ProbeChannel) async throws {
        for _ in 1...2 {
            for number in 1...600 { channel.publish("\(number)", to: "", queue) }
            try await channel.awaitReady(600, in: queue)
            let (number, frameMax) = (channel.number, channel.probe.frameMax)
            channel.probe.send {
                $0.method(QueuePurge(queue: queue), channel: number)
                $0.method(BasicGet(queue: queue, noAck: true), channel: number)
                $0.content(
                    BasicPublish(exchange: "", routingKey: queue), BasicProperties(), body: Array("behind".utf8),
                    channel: number, frameMax: frameMax)
            }
            #expect(try await channel.receive(QueuePurgeOk.self).messageCount == 600)
            _ = try await channel.receive(BasicGetEmpty.self)
            try await channel.awaitReady(1, in: queue)
            #expect(try await channel.drain(queue) == ["behind"])
        }
    }

    @Test(
        "A purge of many messages takes all of them, and leaves what a client publishes behind it",
        .proves("ordering.purge-and-publish", ["spec/4.6/visibility"]))
    func manyAndOneBehind() async throws {
        let channel = try await Probe.openChannel()
        try await purgeAndPublish(try await channel.declareQueue(), channel)
    }

    @Test(
        "A purge of a quorum queue of many messages does the same",
        .proves(
            "quorum.purge-many-and-one-behind", ["rabbitmq/quorum/purge", "spec/4.6/visibility"],
            needs: [.quorumQueues]))
    func manyAndOneBehindInAQuorumQueue() async throws {
        let channel = try await Probe.openChannel()
        try await purgeAndPublish(try await channel.declareQuorumQueue(), channel)
    }

    @Test(
        "A connection that is lost gives more than a thousand deliveries back",
        .proves("settle.many-of-a-lost-connection", ["basic/10"]))
    func manyOfALostConnection() async throws {
        let lost = try await Probe.openChannel()
        let queue = try await lost.declareQueue(exclusive: false)
        for number in 1...1_200 { lost.publish("\(number)", to: "", queue) }
        try await lost.consume(queue)
        _ = try await lost.deliveries(1_200)
        lost.probe.abort()
        let channel = try await Probe.openChannel()
        try await channel.awaitReady(1_200, in: queue)
        try await channel.expectReady(1_200, in: queue)
        #expect(try await channel.get(queue)?.text == "1")
    }

    @Test(
        "A rollback makes more than a thousand acknowledged deliveries outstanding again",
        .proves("tx.many-rolled-back", ["rabbitmq/tx/rollback-acks", "rabbitmq/tx/unacked-survive-rollback"]))
    func manyRolledBack() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false)
        for number in 1...1_200 { channel.publish("\(number)", to: "", queue) }
        try await channel.consume(queue)
        let all = try await channel.deliveries(1_200)
        _ = try await channel.call(TxSelect(), TxSelectOk.self)
        channel.ack(all[1_199], multiple: true)
        _ = try await channel.call(TxRollback(), TxRollbackOk.self)
        for place in [0, 700, 1_199] { channel.ack(all[place]) }
        _ = try await channel.call(TxCommit(), TxCommitOk.self)
        try await channel.close()
        let other = try await channel.probe.openChannel()
        try await other.awaitReady(1_197, in: queue)
        try await other.expectReady(1_197, in: queue)
    }

    @Test(
        "All of a channel's hundreds of consumers end with it, however it ends",
        .proves(
            "channel.hundreds-of-consumers",
            ["rabbitmq/queue.declare/auto-delete-last-consumer"]))
    func hundredsOfConsumers() async throws {
        let observer = try await Probe.openChannel()
        for end in OtherEndsCases.End.allCases {
            let channel = try await Probe.openChannel()
            let (shared, own) = (
                try await channel.declareQueue(exclusive: false),
                try await channel.declareQueue(exclusive: false, autoDelete: true)
            )
            for number in 1...300 {
                let tag = ShortString(truncating: "c\(number)")
                channel.send(
                    BasicConsume(queue: number % 2 == 0 ? shared : own, consumerTag: tag, noAck: true, noWait: true))
            }
            try await channel.barrier()
            #expect(try await observer.counts(of: shared).consumers == 150)
            try await end.befall(channel)
            try await observer.awaitNoConsumers(of: shared)
            try await observer.awaitGone(queue: own)
        }
    }
}
