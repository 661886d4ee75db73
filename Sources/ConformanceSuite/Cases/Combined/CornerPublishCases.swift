import AMQPWire
import Testing

/// What is published, returned, settled and closed, in the corners that no other case looks into.
@Suite("Corner cases of what is published") struct CornerPublishCases {
    @Test(
        "A message that comes back has lost its BCC header, too, and nothing else",
        .proves("returns.blind-copies", ["rabbitmq/sender-selected/bcc-returned"]))
    func blindCopiesReturned() async throws {
        let channel = try await Probe.openChannel()
        let nobody = unique("nobody")
        for size in [10, 100_000] {
            let text = String(repeating: "x", count: size)
            channel.publish(
                text, to: "", nobody,
                BasicProperties(
                    headers: [
                        "CC": ["nobody's"], "BCC": .array([.longString(unique("hidden").octets)]), "kept": "yes",
                    ], messageID: "7"), mandatory: true)
            let returned = try await channel.returned()
            let isWhole = returned.text == text
            #expect(isWhole, "\(size) octets")
            #expect(returned.headers["BCC"] == nil, "\(size) octets")
            #expect(returned.headers["CC"] == ["nobody's"])
            #expect(returned.headers["kept"] == "yes")
            #expect(returned.properties.messageID == "7")
        }
    }

    @Test(
        "A mandatory message that bindings lead to an exchange, and to no queue, comes back",
        .proves("returns.exchange-that-leads-nowhere", ["rabbitmq/exchange-to-exchange/mandatory"]))
    func exchangeThatLeadsNowhere() async throws {
        let channel = try await Probe.openChannel()
        let (source, nowhere) = (
            try await channel.declareExchange("direct"), try await channel.declareExchange("fanout")
        )
        _ = try await channel.call(
            ExchangeBind(destination: nowhere, source: source, routingKey: "key"), ExchangeBindOk.self)
        for text in ["first", "second"] {
            channel.publish(text, to: source, "key", mandatory: true)
            let returned = try await channel.returned()
            #expect(returned.text == text)
            #expect(returned.exchange == source)
        }
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: nowhere)
        channel.publish("third", to: source, "key", mandatory: true)
        #expect(try await channel.drain(queue) == ["third"])
        #expect(channel.probe.arrived(on: channel.number).isEmpty)
    }

    @Test(
        "The empty key of a publish is a key, and does not stand for the queue that was declared last",
        .proves("returns.empty-key", ["rabbitmq/basic.publish/empty-key"]))
    func emptyKey() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("to no queue", to: "", "", mandatory: true)
        let returned = try await channel.returned()
        #expect(returned.text == "to no queue")
        #expect(returned.routingKey == "")
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "Settling several messages, one of which came from a queue that is gone, settles the others",
        .proves("settle.several-beside-a-deleted-queue", ["rabbitmq/basic.nack/beside-a-deleted-queue"]))
    func besideADeletedQueue() async throws {
        for isReturned in [true, false] {
            let channel = try await Probe.openChannel()
            var queues: [ShortString] = []
            var held: [Received] = []
            for number in 1...3 {
                let queue = try await channel.declareQueue()
                channel.publish("\(number)", to: "", queue)
                held.append(try #require(try await channel.get(queue, noAck: false)))
                queues.append(queue)
            }
            _ = try await channel.call(QueueDelete(queue: queues[1]), QueueDeleteOk.self)
            if isReturned {
                channel.nack(held[2], multiple: true)
            } else {
                channel.ack(held[2], multiple: true)
                // What was not settled would come back.
                _ = try await channel.call(BasicRecover(requeue: true), BasicRecoverOk.self)
            }
            for place in [0, 2] {
                if isReturned { try await channel.awaitReady(1, in: queues[place]) }
                let expected = isReturned ? ["\(place + 1)"] : []
                #expect(try await channel.drain(queues[place]) == expected, "queue \(place + 1)")
            }
        }
    }

    @Test(
        "A purge in a transaction takes effect at once, and a rollback does not undo it",
        .proves("tx.purge-at-once", ["rabbitmq/tx/purge-not-transactional"]))
    func purgeAtOnce() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for number in 1...2 { channel.publish("\(number)", to: "", queue) }
        try await channel.awaitReady(2, in: queue)
        _ = try await channel.call(TxSelect(), TxSelectOk.self)
        channel.publish("not committed", to: "", queue)
        #expect(try await channel.call(QueuePurge(queue: queue), QueuePurgeOk.self).messageCount == 2)
        _ = try await channel.call(TxRollback(), TxRollbackOk.self)
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "A client may close a channel and its connection with any code and reason, and is answered",
        .proves("connection.any-reply-code", ["rabbitmq/connection.close/any-code"]))
    func anyReplyCode() async throws {
        for code in [ReplyCode.replySuccess, .notFound, .internalError, ReplyCode(rawValue: 999)] {
            let channel = try await Probe.openChannel()
            let close = ChannelClose(replyCode: code, replyText: "my own fault", cause: BasicGet.id)
            _ = try await channel.call(close, ChannelCloseOk.self)
            channel.probe.mark(channel: channel.number, isOpen: false)
            try await channel.probe.openChannel(channel.number).barrier()
            channel.probe.send(
                ConnectionClose(replyCode: code, replyText: "my own fault", cause: QueueDeclare.id))
            _ = try await channel.probe.receive(ConnectionCloseOk.self)
        }
    }

    // MARK: Direct replies

    /// A channel that consumes replies.
    private func requester() async throws -> ProbeChannel {
        let channel = try await Probe.openChannel()
        try await channel.consume("amq.rabbitmq.reply-to", tag: "replies", noAck: true)
        return channel
    }

    @Test(
        "A request may go through any exchange: each copy bears the address that replies go to",
        .proves("rpc.direct-through-an-exchange", ["rabbitmq/direct-reply-to/any-exchange"]))
    func throughAnExchange() async throws {
        let (client, server) = (try await requester(), try await Probe.openChannel())
        let exchange = try await server.declareExchange("topic")
        let queues = [try await server.declareQueue(), try await server.declareQueue()]
        for queue in queues { try await server.bind(queue, to: exchange, "requests.#") }
        for number in 1...2 {
            client.publish(
                "request \(number)", to: exchange, "requests.any", BasicProperties(replyTo: "amq.rabbitmq.reply-to"))
        }
        var addresses: Set<ShortString> = []
        for queue in queues {
            try await server.awaitReady(2, in: queue)
            for _ in 1...2 {
                let request = try #require(try await server.get(queue))
                let address = try #require(request.properties.replyTo)
                #expect(address.hasPrefix("amq.rabbitmq.reply-to."))
                addresses.insert(address)
                server.publish("reply to \(request.text)", to: "", address)
            }
        }
        #expect(addresses.count == 1)
        let replies = try await client.deliveries(4).map(\.text)
        #expect(
            replies.sorted() == [
                "reply to request 1", "reply to request 1", "reply to request 2", "reply to request 2",
            ])
    }

    @Test(
        "Replies arrive although the client's window is full",
        .proves("rpc.direct-past-a-full-window", ["rabbitmq/direct-reply-to/past-windows"]))
    func pastAFullWindow() async throws {
        let (client, server) = (try await Probe.openChannel(), try await Probe.openChannel())
        let (work, requests) = (try await client.declareQueue(), try await server.declareQueue(exclusive: false))
        try await client.consume("amq.rabbitmq.reply-to", tag: "replies", noAck: true)
        try await client.qos(1, global: true)
        try await client.consume(work, tag: "work")
        for text in ["held", "waits"] { client.publish(text, to: "", work) }
        #expect(try await client.delivery().text == "held")
        client.publish("?", to: "", requests, BasicProperties(replyTo: "amq.rabbitmq.reply-to"))
        try await server.awaitReady(1, in: requests)
        let address = try #require(try await server.get(requests)?.properties.replyTo)
        for number in 1...3 { server.publish("reply \(number)", to: "", address) }
        let replies = try await client.deliveries(3)
        #expect(replies.map(\.text) == ["reply 1", "reply 2", "reply 3"])
        #expect(replies.map(\.consumerTag) == ["replies", "replies", "replies"])
    }
}
