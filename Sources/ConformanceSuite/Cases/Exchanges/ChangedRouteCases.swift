import AMQPWire
import Testing

/// A second publish on the same channel, after something has changed: the first one's way no longer counts.
@Suite("The same channel, another publish") struct ChangedRouteCases {
    @Test(
        "Every mandatory message that nobody gets comes back, not only the first",
        .proves("returns.each-of-several", ["basic.publish.mandatory/01"]))
    func eachOfSeveral() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        for number in 1...3 {
            channel.publish("\(number)", to: exchange, "key", mandatory: true)
            #expect(try await channel.returned().text == "\(number)")
        }
        // Without the flag, by the same way, nothing comes.
        channel.publish("dropped", to: exchange, "key")
        channel.publish("4", to: exchange, "key", mandatory: true)
        #expect(try await channel.returned().text == "4")
    }

    @Test(
        "Once its queue is deleted, a mandatory message under the same key comes back",
        .proves("returns.after-the-queue-went", ["basic.publish.mandatory/01", "spec/4.6/visibility"]))
    func afterTheQueueWent() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange, "key")
        for (start, key) in [(exchange, "key" as ShortString), ("", queue)] {
            try await channel.declareQueue(queue)
            try await channel.bind(queue, to: exchange, "key")
            channel.publish("kept", to: start, key, mandatory: true)
            #expect(try await channel.drain(queue) == ["kept"])
            _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
            channel.publish("late", to: start, key, mandatory: true)
            #expect(try await channel.returned().text == "late")
        }
    }

    @Test(
        "A queue that is declared, or bound, after a message was dropped gets the next one",
        .proves("hello.queue-declared-later", ["queue.declare/default-binding", "spec/4.6/visibility"]))
    func queueDeclaredLater() async throws {
        let channel = try await Probe.openChannel()
        let name = unique("later")
        channel.publish("too early", to: "", name)
        try await channel.barrier()
        try await channel.declareQueue(name)
        channel.publish("in time", to: "", name)
        #expect(try await channel.drain(name) == ["in time"])

        let exchange = try await channel.declareExchange("direct")
        channel.publish("too early", to: exchange, "key")
        try await channel.barrier()
        try await channel.bind(name, to: exchange, "key")
        channel.publish("bound", to: exchange, "key")
        #expect(try await channel.drain(name) == ["bound"])
    }

    @Test(
        "Another connection's bind and unbind count for the very next message of a channel",
        .proves("bindings.changed-elsewhere", ["spec/4.6/visibility", "queue.unbind/01"]))
    func changedElsewhere() async throws {
        let channel = try await Probe.openChannel()
        let other = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("topic")
        let (first, second) = (
            try await channel.declareQueue(exclusive: false), try await channel.declareQueue(exclusive: false)
        )
        try await channel.bind(first, to: exchange, "a.*")
        channel.publish("1", to: exchange, "a.b")
        try await channel.barrier()
        try await other.bind(second, to: exchange, "#")
        channel.publish("2", to: exchange, "a.b")
        try await channel.barrier()
        _ = try await other.call(QueueUnbind(queue: first, exchange: exchange, routingKey: "a.*"), QueueUnbindOk.self)
        channel.publish("3", to: exchange, "a.b")
        #expect(try await channel.drain(first) == ["1", "2"])
        #expect(try await channel.drain(second) == ["2", "3"])
    }

    @Test(
        "An exchange that was published to and then deleted is missed by the next message",
        .proves("direct.exchange-deleted-between", ["basic.publish.exchange/must-exist", "spec/4.6/visibility"]))
    func exchangeDeletedBetween() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange, "key")
        channel.publish("1", to: exchange, "key")
        #expect(try await channel.drain(queue) == ["1"])
        _ = try await channel.call(ExchangeDelete(exchange: exchange), ExchangeDeleteOk.self)
        channel.publish("2", to: exchange, "key")
        expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.notFound))
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "One key leads elsewhere from each exchange, and another key elsewhere from the same",
        .proves("direct.one-key-two-exchanges", ["spec/3.1.3.1/direct-and-default"]))
    func oneKeyTwoExchanges() async throws {
        let channel = try await Probe.openChannel()
        let exchanges = try await [channel.declareExchange("direct"), channel.declareExchange("direct")]
        let queues = try await [channel.declareQueue(), channel.declareQueue(), channel.declareQueue()]
        for (exchange, queue) in zip(exchanges, queues) { try await channel.bind(queue, to: exchange, "key") }
        try await channel.bind(queues[2], to: exchanges[0], "other")
        for round in 1...2 {
            for (number, exchange) in exchanges.enumerated() {
                channel.publish("\(number) \(round)", to: exchange, "key")
            }
            channel.publish("2 \(round)", to: exchanges[0], "other")
        }
        for (number, queue) in queues.enumerated() {
            #expect(try await channel.drain(queue) == ["\(number) 1", "\(number) 2"])
        }
    }

    @Test(
        "CC and BCC are those of each message, whatever came before it under the same key",
        .proves(
            "copies.of-each-message", ["rabbitmq/sender-selected/cc", "rabbitmq/sender-selected/bcc"]))
    func copiesOfEachMessage() async throws {
        let channel = try await Probe.openChannel()
        let queues = try await [channel.declareQueue(), channel.declareQueue()]
        for (text, header) in [
            ("1", nil), ("2", "CC"), ("3", nil), ("4", "BCC"), ("5", nil), ("6", "CC"),
        ] as [(String, ShortString?)] {
            var headers: FieldTable = [:]
            if let header { headers[header] = [.longString(queues[1].octets)] }
            channel.publish(text, to: "", queues[0], BasicProperties(headers: header == nil ? nil : headers))
        }
        #expect(try await channel.drain(queues[0]) == ["1", "2", "3", "4", "5", "6"])
        #expect(try await channel.drain(queues[1]) == ["2", "4", "6"])
    }

    @Test(
        "The user-id of each message is checked, even where the message before went the same way",
        .proves(
            "connection.anothers-user-id-later",
            ["rabbitmq/validated-user-id/mismatch", "rabbitmq/validated-user-id/match"]))
    func anothersUserIDLater() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        let mine = BasicProperties(userID: ShortString(truncating: try CaseRun.active().peer.login.user))
        for text in ["1", "2"] { channel.publish(text, to: "", queue, mine) }
        #expect(try await channel.drain(queue) == ["1", "2"])
        channel.publish("forged", to: "", queue, BasicProperties(userID: "somebody-else"))
        expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.preconditionFailed))
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "An internal exchange is refused to a channel that has published elsewhere before",
        .proves("returns.internal-after-another", ["rabbitmq/exchange.declare/internal-publish"]))
    func internalAfterAnother() async throws {
        let channel = try await Probe.openChannel()
        let (exchange, queue) = try await channel.declareFanoutAndQueue()
        let hidden = try await channel.declareExchange("fanout", internal: true)
        try await channel.bind(queue, to: hidden)
        channel.publish("open", to: exchange)
        #expect(try await channel.drain(queue) == ["open"])
        channel.publish("hidden", to: hidden)
        expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.accessRefused))
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "When an auto-delete exchange goes, the auto-delete exchange that led only to it goes too",
        .proves(
            "exchange-bindings.auto-delete-chain", ["rabbitmq/exchange-to-exchange/auto-delete-source"]))
    func autoDeleteChain() async throws {
        let channel = try await Probe.openChannel()
        let chain = try await [
            channel.declareExchange("fanout", autoDelete: true), channel.declareExchange("fanout", autoDelete: true),
            channel.declareExchange("fanout", autoDelete: true),
        ]
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: chain[2])
        try await channel.bind(exchange: chain[1], to: chain[0])
        try await channel.bind(exchange: chain[2], to: chain[1])
        channel.publish("through", to: chain[0])
        #expect(try await channel.drain(queue) == ["through"])
        _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        for exchange in chain.reversed() { #expect(try await !channel.exists(exchange: exchange)) }
    }
}
