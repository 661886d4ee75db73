import AMQPWire
import Testing

@Suite("Deleting and purging") struct DeleteCases {
    @Test(
        "Deleting a missing queue",
        .proves(
            "declare.delete-missing-queue", ["queue.delete.queue/must-exist"],
            rabbitmq: "Delete makes sure that the queue is gone; when it already is, that is delete-ok."))
    func deleteMissingQueue() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            QueueDelete(queue: unique("missing")), expecting: .channelClose(.notFound), rabbitmq: .ok)
    }

    @Test(
        "Deleting a missing exchange",
        .proves(
            "declare.delete-missing-exchange", ["exchange.delete.exchange/exists"],
            rabbitmq: "Delete makes sure that the exchange is gone; when it already is, that is delete-ok."))
    func deleteMissingExchange() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            ExchangeDelete(exchange: unique("missing")), expecting: .channelClose(.notFound), rabbitmq: .ok)
    }

    @Test(
        "A deleted queue is gone, and delete-ok says how many messages went with it",
        .proves("declare.delete-queue", ["spec/4.6/visibility"]))
    func deleteQueue() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        try await channel.barrier(behind: queue)
        #expect(try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self).messageCount == 3)
        #expect(try await !channel.exists(queue: queue))
    }

    @Test(
        "A deleted exchange is gone: nothing can be published to it",
        .proves("declare.delete-exchange", ["spec/4.6/visibility", "basic.publish.exchange/must-exist"]))
    func deleteExchange() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("fanout")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange)
        _ = try await channel.call(ExchangeDelete(exchange: exchange), ExchangeDeleteOk.self)
        channel.publish("hello", to: exchange)
        expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.notFound))
    }

    @Test(
        "With if-unused a queue that has a consumer is not deleted, and one without is",
        .proves("declare.queue-if-unused", ["queue.delete.if-unused/in-use"]))
    func queueIfUnused() async throws {
        let channel = try await Probe.openChannel()
        let consumers = try await channel.probe.openChannel()
        let queue = try await channel.declareQueue()
        let tag = try await consumers.consume(queue)
        try await channel.send(QueueDelete(queue: queue, ifUnused: true), expecting: .channelClose(.preconditionFailed))
        #expect(try await channel.exists(queue: queue))
        try await consumers.cancel(tag)
        try await channel.send(QueueDelete(queue: queue, ifUnused: true), expecting: .ok)
        #expect(try await !channel.exists(queue: queue))
    }

    @Test(
        "With if-empty a queue that holds a message is not deleted, and an empty one is",
        .proves("declare.queue-if-empty", ["queue.delete.if-empty/not-empty"]))
    func queueIfEmpty() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("kept", to: "", queue)
        try await channel.barrier(behind: queue)
        try await channel.send(QueueDelete(queue: queue, ifEmpty: true), expecting: .channelClose(.preconditionFailed))
        #expect(try await channel.drain(queue) == ["kept"])
        try await channel.send(QueueDelete(queue: queue, ifEmpty: true), expecting: .ok)
        #expect(try await !channel.exists(queue: queue))
    }

    @Test(
        "With if-unused an exchange that has a binding is not deleted, and one without is",
        .proves("declare.exchange-if-unused", ["exchange.delete.if-unused/in-use"]))
    func exchangeIfUnused() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange, "key")
        try await channel.send(
            ExchangeDelete(exchange: exchange, ifUnused: true), expecting: .channelClose(.preconditionFailed))
        #expect(try await channel.exists(exchange: exchange))
        _ = try await channel.call(QueueUnbind(queue: queue, exchange: exchange, routingKey: "key"), QueueUnbindOk.self)
        try await channel.send(ExchangeDelete(exchange: exchange, ifUnused: true), expecting: .ok)
        #expect(try await !channel.exists(exchange: exchange))
    }

    @Test(
        "The exchanges that were there from the start cannot be deleted",
        .proves("declare.delete-predeclared-exchange", ["rabbitmq/exchange.delete/predeclared"]))
    func deletePredeclaredExchange() async throws {
        let channel = try await Probe.openChannel()
        for name: ShortString in ["amq.direct", "amq.fanout", "amq.topic", "amq.headers", "amq.match"] {
            try await channel.send(
                ExchangeDelete(exchange: name, ifUnused: true), expecting: .channelClose(.accessRefused))
            #expect(try await channel.exists(exchange: name))
        }
    }

    @Test(
        "With no-wait a queue and an exchange are deleted without an answer",
        .proves("declare.delete-without-wait", ["spec/4.6/visibility"]))
    func deleteWithoutWait() async throws {
        let channel = try await Probe.openChannel()
        let (queue, exchange) = (try await channel.declareQueue(), try await channel.declareExchange("direct"))
        channel.send(QueueDelete(queue: queue, noWait: true))
        channel.send(ExchangeDelete(exchange: exchange, noWait: true))
        channel.send(TxSelect())
        #expect(try await channel.next().method?.id == TxSelectOk.id)
        #expect(try await !channel.exists(queue: queue))
        #expect(try await !channel.exists(exchange: exchange))
    }

    @Test(
        "Purging removes what waits, says how much that was, and spares what is unacknowledged",
        .proves("declare.purge", ["queue.purge/02"]))
    func purge() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        let held = try #require(try await channel.get(queue, noAck: false))
        #expect(try await channel.call(QueuePurge(queue: queue), QueuePurgeOk.self).messageCount == 2)
        channel.reject(held, requeue: true)
        #expect(try await channel.drain(queue) == ["1"])
    }

    @Test(
        "Purging a missing queue closes the channel", .proves("declare.purge-missing", ["queue.purge.queue/must-exist"])
    )
    func purgeMissing() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(QueuePurge(queue: unique("missing")), expecting: .channelClose(.notFound))
    }

    @Test(
        "With no-wait a queue is purged without an answer",
        .proves("declare.purge-without-wait", ["queue.purge/02", "spec/4.6/visibility"]))
    func purgeWithoutWait() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("gone", to: "", queue)
        channel.send(QueuePurge(queue: queue, noWait: true))
        channel.publish("after the purge", to: "", queue)
        channel.send(BasicGet(queue: queue, noAck: true))
        #expect(Received(try await channel.next())?.text == "after the purge")
    }
}

@Suite("An empty queue name") struct LastDeclaredQueueCases {
    @Test(
        "An empty queue name stands for the queue that the channel declared last, in every method",
        .proves(
            "declare.last-declared",
            [
                "rabbitmq/queue.declare/last-declared-shortcut", "queue.bind.queue/queue-known",
                "queue.unbind.queue/queue-known", "queue.purge.queue/queue-known", "queue.delete.queue/queue-known",
            ]))
    func lastDeclared() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        try await channel.declareQueue()
        let queue = try await channel.declareQueue()
        try await channel.bind("", to: exchange, "key")
        channel.publish("one", to: exchange, "key")
        #expect(try await channel.get("")?.text == "one")
        _ = try await channel.call(QueueUnbind(exchange: exchange, routingKey: "key"), QueueUnbindOk.self)
        channel.publish("unbound", to: exchange, "key")
        channel.publish("two", to: "", queue)
        #expect(try await channel.drain("") == ["two"])
        try await channel.consume("", tag: "by no name", noAck: true)
        channel.publish("consumed", to: "", queue)
        #expect(try await channel.delivery().text == "consumed")
        try await channel.cancel("by no name")
        channel.publish("three", to: "", queue)
        try await channel.barrier(behind: queue)
        #expect(try await channel.call(QueuePurge(), QueuePurgeOk.self).messageCount == 1)
        _ = try await channel.call(QueueDelete(), QueueDeleteOk.self)
        #expect(try await !channel.exists(queue: queue))
    }

    @Test(
        "In a bind an empty key beside an empty queue name means the queue's name",
        .proves("bindings.empty-key-is-queue-name", ["rabbitmq/queue.declare/last-declared-shortcut"]))
    func emptyKeyIsQueueName() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        try await channel.bind("", to: exchange)
        channel.publish("by no key", to: exchange)
        channel.publish("by name", to: exchange, queue)
        #expect(try await channel.drain(queue) == ["by name"])
    }

    @Test(
        "In a bind an empty key beside a queue's name is just an empty key",
        .proves(
            "bindings.empty-key-of-a-named-queue",
            ["rabbitmq/queue.declare/last-declared-shortcut", "queue.bind.routing-key/direct-exchange-key-matching"]))
    func emptyKeyOfANamedQueue() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange)
        channel.publish("by no key", to: exchange)
        channel.publish("by name", to: exchange, queue)
        #expect(try await channel.drain(queue) == ["by no key"])
    }

    @Test(
        "A queue that another channel of the connection declared does not count",
        .proves("declare.last-declared-is-the-channels", ["queue.purge.queue/queue-known"]))
    func ofAnotherChannel() async throws {
        let channel = try await Probe.openChannel()
        let other = try await channel.probe.openChannel()
        try await other.declareQueue()
        try await channel.send(QueuePurge(), expecting: .channelClose(.notFound))
    }

    @Test(
        "To fetch from no queue in particular, or consume, takes a queue that the channel has declared",
        .proves("declare.last-declared-to-get-and-consume", ["rabbitmq/queue.declare/last-declared-shortcut"]))
    func fetchedUndeclared() async throws {
        let other = try await Probe.openChannel()
        let queue = try await other.declareQueue()
        let channel = try await other.probe.openChannel()
        try await channel.send(BasicGet(queue: ""), expecting: .channelClose(.notFound))
        try await channel.send(BasicConsume(queue: ""), expecting: .channelClose(.notFound))
        other.publish("1", to: "", queue)
        other.publish("2", to: "", queue)
        #expect(try await other.get("")?.text == "1")
        try await other.consume("", noAck: true)
        #expect(try await other.delivery().text == "2")
    }

    @Test(
        "Binding nothing in particular, on a channel that has declared nothing, closes the channel",
        .proves("bindings.no-queue-declared", ["queue.bind.queue/queue-known"]))
    func bindUndeclared() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            QueueBind(exchange: "amq.direct", routingKey: "key"), expecting: .channelClose(.notFound))
    }

    @Test(
        "Unbinding nothing in particular, on a channel that has declared nothing, closes the channel",
        .proves("bindings.unbind-no-queue-declared", ["queue.unbind.queue/queue-known"]))
    func unbindUndeclared() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            QueueUnbind(exchange: "amq.direct", routingKey: "key"), expecting: .channelClose(.notFound))
    }

    @Test(
        "Deleting nothing in particular, on a channel that has declared nothing, closes the channel",
        .proves("declare.delete-no-queue-declared", ["queue.delete.queue/queue-known"]))
    func deleteUndeclared() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(QueueDelete(), expecting: .channelClose(.notFound))
    }

    @Test(
        "A reserved exchange name is refused whether there is such an exchange or not",
        .proves("declare.delete-reserved-exchange", ["rabbitmq/exchange.delete/predeclared"]))
    func reservedExchangeThatIsNotThere() async throws {
        let channel = try await Probe.openChannel()
        for name in ["amq.direct", "amq.match", "amq.rabbitmq.trace", "amq.nothing"] as [ShortString] {
            try await channel.send(ExchangeDelete(exchange: name), expecting: .channelClose(.accessRefused))
        }
    }
}
