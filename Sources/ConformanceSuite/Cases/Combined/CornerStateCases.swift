import AMQPWire
import Testing

@Suite("What was there before") struct CornerStateCases {
    @Test(
        "With no-wait, an unbind, a delete or a cancel that finds nothing isn't answered either",
        .proves(
            "channel.nothing-found-without-wait", ["domain.no-wait/no-reply"]))
    func nothingFoundWithoutWait() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("fanout")
        let missing = unique("missing")
        channel.send(ExchangeUnbind(destination: exchange, source: missing, noWait: true))
        channel.send(ExchangeUnbind(destination: missing, source: exchange, noWait: true))
        channel.send(ExchangeUnbind(destination: exchange, source: exchange, noWait: true))
        channel.send(ExchangeDelete(exchange: missing, noWait: true))
        channel.send(QueueDelete(queue: missing, noWait: true))
        channel.send(BasicCancel(consumerTag: "nobody", noWait: true))
        try await channel.barrier()
        #expect(channel.probe.arrived(on: channel.number).map(\.description) == [])
    }

    @Test(
        "An exchange is not in use any more when the auto-delete exchange that it led to went with its last queue",
        .proves("exchange-bindings.unused-behind-auto-delete", ["rabbitmq/exchange-to-exchange/delete-cascades"]))
    func unusedBehindAutoDelete() async throws {
        let channel = try await Probe.openChannel()
        let source = try await channel.declareExchange("fanout")
        let between = try await channel.declareExchange("fanout", autoDelete: true)
        let queue = try await channel.declareQueue()
        try await channel.bind(exchange: between, to: source)
        try await channel.bind(queue, to: between)
        _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        expect(try await channel.outcome(of: ExchangeDelete(exchange: source, ifUnused: true)), .ok)
    }

    @Test(
        "A redeclare and a fetch don't end the lease that a consumer holds",
        .proves("expires.used-beside-a-consumer", ["rabbitmq/queue-expires/consumer-holds"]))
    func usedBesideAConsumer() async throws {
        try await isHeldByAConsumer(
            QueueDeclare(queue: unique("queue"), exclusive: true, arguments: ["x-expires": 150]), for: 150)
    }

    @Test(
        "A redeclare and a fetch don't end the lease that a consumer of a quorum queue holds",
        .proves(
            "quorum.used-beside-a-consumer", ["rabbitmq/queue-expires/consumer-holds"], needs: [.quorumQueues]))
    func quorumUsedBesideAConsumer() async throws {
        // It takes its time to be declared.
        try await isHeldByAConsumer(
            QueueDeclare(
                queue: unique("quorum"), durable: true, arguments: ["x-queue-type": "quorum", "x-expires": 1000]),
            for: 1000)
    }

    private func isHeldByAConsumer(_ declare: QueueDeclare, for milliseconds: Int) async throws {
        let channel = try await Probe.openChannel()
        // In one breath: on the way to a distant broker, and back, the lease could end before there is a consumer.
        channel.send(declare)
        try await channel.consume(declare.queue)
        _ = try await channel.receive(QueueDeclareOk.self)
        _ = try await channel.call(declare, QueueDeclareOk.self)
        _ = try await channel.call(QueueDeclare(queue: declare.queue, passive: true), QueueDeclareOk.self)
        _ = try await channel.get(declare.queue)
        try await elapse(milliseconds: 2 * milliseconds)
        expect(try await channel.outcome(of: QueuePurge(queue: declare.queue)), .ok)
    }

    @Test(
        "A lease ends with the policy that began it",
        .proves("policies.expires-cleared", ["rabbitmq/policies/cleared"], needs: [.policies]))
    func leaseOfAClearedPolicy() async throws {
        try await isFreeWithoutItsPolicy(QueueDeclare(queue: unique("queue"), exclusive: true))
    }

    @Test(
        "A quorum queue's lease ends with the policy that began it",
        .proves(
            "policies.expires-cleared-of-quorum", ["rabbitmq/policies/cleared"], needs: [.policies, .quorumQueues]))
    func quorumLeaseOfAClearedPolicy() async throws {
        try await isFreeWithoutItsPolicy(
            QueueDeclare(queue: unique("quorum"), durable: true, arguments: ["x-queue-type": "quorum"]))
    }

    private func isFreeWithoutItsPolicy(_ declare: QueueDeclare) async throws {
        let channel = try await Probe.openChannel()
        let queue = declare.queue
        let policy = try await setPolicy(["expires": 1500, "max-length": 1], on: exactly(queue))
        _ = try await channel.call(declare, QueueDeclareOk.self)
        for text in ["1", "2"] { channel.publish(text, to: "", queue) }
        try await channel.awaitCount(1, of: queue)
        // Somebody's command may take longer than the lease, which a fetch renews. (Looking at a quorum queue doesn't.)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await clearPolicy(policy)
                return true
            }
            group.addTask {
                while !Task.isCancelled {
                    _ = try await channel.get(queue)
                    try await Task.sleep(for: .milliseconds(20))
                }
                return false
            }
            while try await group.next() == false {}
            group.cancelAll()
        }
        // The length shows when the policy is gone.
        let isGone = try await eventually {
            channel.publish("more", to: "", queue)
            return try await channel.counts(of: queue).messages > 1
        }
        #expect(isGone)
        try await elapse(milliseconds: 1600)
        expect(try await channel.outcome(of: QueuePurge(queue: queue)), .ok)
    }

    @Test(
        "A death that comes again for the same reason keeps the key of the first",
        .proves(
            "dead-letter.count-keeps-keys",
            ["rabbitmq/dead-letter/x-death-count", "rabbitmq/dead-letter/x-death-routing-keys"]))
    func countKeepsKeys() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("fanout")
        let queue = try await channel.declareQueue(
            arguments: [
                "x-dead-letter-exchange": .longString(exchange.octets), "x-dead-letter-routing-key": "again",
            ])
        try await channel.bind(queue, to: exchange)
        channel.publish("refused", to: exchange, "first")
        for _ in 1...2 {
            try await channel.awaitReady(1, in: queue)
            channel.reject(try #require(try await channel.get(queue, noAck: false)), requeue: false)
        }
        try await channel.awaitReady(1, in: queue)
        let death = try #require(try await channel.get(queue)?.deaths.first)
        #expect(death["count"]?.integer == 2)
        #expect(death["routing-keys"] == ["first"])
    }

    @Test(
        "Of two consumers with one tag, on two channels, the waiting one may leave a single active one alone",
        .proves("single-active.same-tag", ["rabbitmq/single-active-consumer/first-is-active"]))
    func sameTag() async throws {
        let channel = try await Probe.openChannel()
        let other = try await channel.probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-single-active-consumer": true])
        try await channel.consume(queue, tag: "the same")
        try await other.consume(queue, tag: "the same")
        try await other.cancel("the same")
        channel.publish("1", to: "", queue)
        #expect(try await channel.delivery().text == "1")
        try await other.consume(queue, tag: "the same")
        try await channel.cancel("the same")
        channel.publish("2", to: "", queue)
        #expect(try await other.delivery().text == "2")
    }

    @Test(
        "An acknowledgement of everything counts when the latest delivery was settled before",
        .proves("settle.everything-but-the-latest", ["rabbitmq/basic.nack/multiple-zero", "basic.ack.multiple/exists"]))
    func everythingButTheLatest() async throws {
        for isAck in [true, false] {
            let channel = try await Probe.openChannel()
            let queue = try await channel.declareQueue()
            for text in ["1", "2", "3"] { channel.publish(text, to: "", queue) }
            var held: [Received] = []
            for _ in 1...3 { held.append(try #require(try await channel.get(queue, noAck: false))) }
            channel.ack(held[2])
            if isAck {
                channel.send(BasicAck(deliveryTag: 0, multiple: true))
            } else {
                channel.send(BasicNack(deliveryTag: 0, multiple: true, requeue: true))
            }
            try await channel.barrier(behind: queue)
            #expect(try await channel.drain(queue) == (isAck ? [] : ["1", "2"]))
            // Nothing is left that could come back.
            let other = try await channel.probe.openChannel()
            try await channel.close()
            try await other.expectReady(0, in: queue)
        }
    }

    @Test(
        "Of many messages that a queue refuses in a row, each is answered",
        .proves("confirms.many-refused", ["rabbitmq/publisher-confirms/exactly-one-answer"]))
    func manyRefused() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-max-length": 0, "x-overflow": "reject-publish"])
        try await channel.confirmSelect()
        channel.probe.send { writer in
            for number in 1...5 {
                writer.content(
                    BasicPublish(exchange: "", routingKey: queue), BasicProperties(), body: Array("\(number)".utf8),
                    channel: channel.number, frameMax: channel.probe.frameMax)
            }
        }
        var outstanding = OutstandingConfirms(published: 5)
        while !outstanding.isEmpty { try #require(outstanding.settle(try await channel.confirm())) }
        #expect(outstanding.nacked == [1, 2, 3, 4, 5])
    }

    @Test(
        "A consumer of a stream doesn't see who else got a blind copy",
        .proves("stream.blind-copies", ["rabbitmq/sender-selected/bcc"], needs: [.streams]))
    func blindCopies() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        let other = try await channel.declareQueue()
        try await channel.confirmSelect()
        channel.publish(
            "copied", to: "", stream,
            BasicProperties(headers: ["BCC": .array([.longString(other.octets)]), "kept": 1]))
        #expect(try await channel.confirm().isAck)
        #expect(try await channel.drain(other) == ["copied"])
        try await channel.read(stream, from: "first")
        let message = try await channel.delivery()
        #expect(message.headers["BCC"] == nil && message.headers["kept"] == 1)
    }

    @Test(
        "A request that wants its answer directly expires like any other message",
        .proves("rpc.direct-request-expires", ["rabbitmq/per-message-ttl/expiration"]))
    func directRequestExpires() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume("amq.rabbitmq.reply-to", noAck: true)
        channel.publish(
            "too late", to: "", queue, BasicProperties(replyTo: "amq.rabbitmq.reply-to", expiration: "50"))
        channel.publish("no hurry", to: "", queue, BasicProperties(replyTo: "amq.rabbitmq.reply-to"))
        try await channel.barrier(behind: queue)
        try await elapse(milliseconds: 100)
        #expect(try await channel.drain(queue) == ["no hurry"])
    }

    @Test(
        "A message that was refused stays gone though its dead letters have nowhere to go",
        .proves(
            "durability.dead-letters-nowhere", ["rabbitmq/dead-letter/missing-exchange", "rabbitmq/restart/settled"],
            needs: [.restart]))
    func deadLettersNowhere() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(
            durable: true, exclusive: false,
            arguments: ["x-dead-letter-exchange": .string(unique("missing").text), "x-max-length": 3])
        for number in 1...4 { channel.publish("\(number)", to: "", queue, BasicProperties(deliveryMode: 2)) }
        channel.reject(try #require(try await channel.get(queue, noAck: false)), requeue: false)
        try await channel.barrier(behind: queue)
        try await restartBroker()
        #expect(try await Probe.openChannel().drain(queue) == ["3", "4"])
    }

    @Test(
        "A durable auto-delete exchange that went with its last unbind stays gone",
        .proves(
            "durability.auto-delete-by-unbind",
            ["rabbitmq/exchange.declare/auto-delete-last-binding", "rabbitmq/restart/deleted"],
            needs: [.restart]))
    func autoDeleteByUnbind() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(durable: true, exclusive: false)
        let exchange = try await channel.declareExchange("direct", durable: true, autoDelete: true)
        try await channel.bind(queue, to: exchange, "key")
        _ = try await channel.call(
            QueueUnbind(queue: queue, exchange: exchange, routingKey: "key"), QueueUnbindOk.self)
        #expect(try await !channel.exists(exchange: exchange))
        try await restartBroker()
        let after = try await Probe.openChannel()
        #expect(try await !after.exists(exchange: exchange))
        #expect(try await after.exists(queue: queue))
    }

    @Test(
        "A policy acts on an exchange that is always there after a restart, too",
        .proves("policies.predeclared-exchange", ["rabbitmq/policies/restart"], needs: [.policies, .restart]))
    func policyOfAPredeclaredExchange() async throws {
        let before = try await Probe.openChannel()
        let alternate = try await before.declareExchange("fanout", durable: true)
        let queue = try await before.declareQueue(durable: true, exclusive: false)
        try await before.bind(queue, to: alternate)
        try await setPolicy(
            ["alternate-exchange": .longString(alternate.octets)], on: exactly("amq.direct"), applyTo: "exchanges")
        try await restartBroker()
        let after = try await Probe.openChannel()
        after.publish("astray", to: "amq.direct", unique("nowhere"))
        #expect(try await after.drain(queue) == ["astray"])
    }
}
