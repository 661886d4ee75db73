import AMQPWire
import Testing

/// The name under which a client consumes replies, and which it writes in reply-to.
private let replyTo: ShortString = "amq.rabbitmq.reply-to"

/// A client that consumes replies directly, a server, and one request that is under way between them.
private struct Conversation {
    var client: ProbeChannel
    var server: ProbeChannel
    /// The request as the server got it.
    var request: Received
    /// The reply-to that the broker wrote in it.
    var address: ShortString

    init() async throws {
        server = try await Probe.openChannel()
        let requests = try await server.declareQueue(exclusive: false)
        try await server.consume(requests, noAck: true)
        client = try await Probe.openChannel()
        try await client.consume(replyTo, tag: "replies", noAck: true)
        client.publish("30", to: "", requests, BasicProperties(correlationID: "7", replyTo: replyTo))
        request = try await server.delivery()
        address = try #require(request.properties.replyTo)
    }

    /// Sends a last message by the same way, to see what came before it.
    func replied(_ properties: BasicProperties = BasicProperties()) async throws -> [Received] {
        server.publish("last", to: "", address, properties)
        var messages: [Received] = []
        repeat { messages.append(try await client.delivery()) } while messages.last?.text != "last"
        return messages
    }
}

@Suite("Direct reply-to") struct DirectReplyToCases {
    @Test(
        "A reply to the address in the request reaches the client, without any queue",
        .proves("rpc.direct-round-trip", ["rabbitmq/direct-reply-to/round-trip"]))
    func roundTrip() async throws {
        let talk = try await Conversation()
        talk.server.publish("832040", to: "", talk.address, BasicProperties(correlationID: "7"))
        let reply = try await talk.client.delivery()
        #expect(reply.text == "832040")
        #expect(reply.properties.correlationID == "7")
        #expect(reply.consumerTag == "replies")
        #expect(reply.exchange == "")
        #expect(reply.routingKey == talk.address)
    }

    @Test(
        "The broker writes an address of the client's own in reply-to, and leaves the rest",
        .proves("rpc.direct-rewritten", ["rabbitmq/direct-reply-to/rewritten"]))
    func rewritten() async throws {
        let talk = try await Conversation()
        let other = try await Conversation()
        #expect(talk.address.hasPrefix("amq.rabbitmq.reply-to."))
        #expect(talk.address != other.address)
        #expect(talk.request.properties == BasicProperties(correlationID: "7", replyTo: talk.address))
    }

    @Test(
        "Several replies may come to one request, in order",
        .proves("rpc.direct-many-replies", ["rabbitmq/direct-reply-to/round-trip"]))
    func manyReplies() async throws {
        let talk = try await Conversation()
        for number in 1...5 { talk.server.publish("\(number)", to: "", talk.address) }
        #expect(try await talk.replied().map(\.text) == ["1", "2", "3", "4", "5", "last"])
    }

    @Test(
        "Replies can only be consumed without acks",
        .proves("rpc.direct-no-acks", ["rabbitmq/direct-reply-to/no-ack-only"]))
    func noAcks() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(BasicConsume(queue: replyTo), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A channel has one consumer of replies",
        .proves("rpc.direct-one-consumer", ["rabbitmq/direct-reply-to/one-consumer"]))
    func oneConsumer() async throws {
        let channel = try await Probe.openChannel()
        try await channel.consume(replyTo, noAck: true)
        try await channel.send(BasicConsume(queue: replyTo, noAck: true), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "A request is refused before somebody consumes replies",
        .proves("rpc.direct-consume-first", ["rabbitmq/direct-reply-to/consume-first"]))
    func consumeFirst() async throws {
        let channel = try await Probe.openChannel()
        let requests = try await channel.declareQueue()
        _ = try await channel.probe.openChannel()
        channel.publish("30", to: "", requests, BasicProperties(replyTo: replyTo))
        expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.preconditionFailed))
        #expect(try await channel.drain(requests) == [])
    }

    @Test(
        "The request goes out on the channel that consumes the replies",
        .proves("rpc.direct-same-channel", ["rabbitmq/direct-reply-to/same-channel"]))
    func sameChannel() async throws {
        let channel = try await Probe.openChannel()
        let other = try await channel.probe.openChannel()
        let requests = try await channel.declareQueue()
        try await channel.consume(replyTo, noAck: true)
        other.publish("30", to: "", requests, BasicProperties(replyTo: replyTo))
        expect(try await other.outcome(cause: BasicPublish.id), .channelClose(.preconditionFailed))
    }

    @Test(
        "A server can ask whether its client is still there",
        .proves("rpc.direct-probe", ["rabbitmq/direct-reply-to/probe"]))
    func probe() async throws {
        let talk = try await Conversation()
        let ok = try await talk.server.call(QueueDeclare(queue: talk.address, passive: true), QueueDeclareOk.self)
        #expect(ok.messageCount == 0)
        #expect(ok.consumerCount == 1)
        try await talk.client.probe.close()
        try await talk.server.awaitGone(queue: talk.address)
    }

    @Test(
        "An address with another key reaches nobody",
        .proves("rpc.direct-forged", ["rabbitmq/direct-reply-to/forged"]))
    func forged() async throws {
        let talk = try await Conversation()
        let forged = try ShortString(Self.forged(talk.address.text))
        talk.server.publish("forged", to: "", forged)
        #expect(try await talk.replied().map(\.text) == ["last"])
        try await talk.server.send(QueueDeclare(queue: forged, passive: true), expecting: .channelClose(.notFound))
    }

    /// The address with the first letter of its last part exchanged for another.
    private static func forged(_ address: String) -> String {
        var letters = Array(address)
        let at = (letters.lastIndex(of: ".") ?? 0) + 1
        if at < letters.count { letters[at] = letters[at] == "A" ? "B" : "A" }
        return String(letters)
    }

    @Test(
        "The name needs no declare, and a declare of it changes nothing",
        .proves("rpc.direct-no-declare", ["rabbitmq/direct-reply-to/no-declare-needed"]))
    func noDeclare() async throws {
        let talk = try await Conversation()
        let ok = try await talk.client.call(QueueDeclare(queue: replyTo), QueueDeclareOk.self)
        #expect(ok.messageCount == 0)
        #expect(ok.consumerCount == 1)
        #expect(try await talk.replied().map(\.text) == ["last"])
    }

    @Test(
        "A delete of the name is answered, and deletes nothing",
        .proves("rpc.direct-no-delete", ["rabbitmq/direct-reply-to/no-declare-needed"]))
    func noDelete() async throws {
        let talk = try await Conversation()
        for name in [replyTo, talk.address] {
            try await talk.client.send(QueueDelete(queue: name), expecting: .ok)
        }
        #expect(try await talk.replied().map(\.text) == ["last"])
    }

    @Test(
        "Nothing can be fetched from the name: it is no queue",
        .proves("rpc.direct-no-get", ["rabbitmq/direct-reply-to/no-declare-needed"]))
    func noGet() async throws {
        let channel = try await Probe.openChannel()
        try await channel.consume(replyTo, noAck: true)
        try await channel.send(BasicGet(queue: replyTo, noAck: true), expecting: .channelClose(.notFound))
    }

    @Test(
        "When the client has gone its replies are dropped without an error",
        .proves("rpc.direct-gone", ["rabbitmq/direct-reply-to/gone"]))
    func gone() async throws {
        let talk = try await Conversation()
        try await talk.client.probe.close()
        talk.server.publish("too late", to: "", talk.address)
        expect(try await talk.server.outcome(), .ok)
    }

    @Test(
        "When only the channel has gone its replies are dropped as well",
        .proves("rpc.direct-channel-gone", ["rabbitmq/direct-reply-to/gone", "rabbitmq/direct-reply-to/probe"]))
    func channelGone() async throws {
        let talk = try await Conversation()
        try await talk.client.close()
        talk.server.publish("too late", to: "", talk.address)
        expect(try await talk.server.outcome(), .ok)
        try await talk.server.awaitGone(queue: talk.address)
    }

    @Test(
        "A mandatory reply comes back as unroutable, although it was delivered",
        .proves(
            "rpc.direct-mandatory", ["rabbitmq/direct-reply-to/mandatory-returned"],
            rabbitmq: .from("4.3", "It is delivered, and does not come back.")))
    func mandatory() async throws {
        let talk = try await Conversation()
        talk.server.publish("832040", to: "", talk.address, mandatory: true)
        #expect(try await talk.client.delivery().text == "832040")
        try await talk.server.barrier()
        let events = talk.server.probe.arrived(on: talk.server.number) { $0.method?.id == BasicReturn.id }
        expect(!events.isEmpty, spec: true, rabbitmq: false, from: "4.3", "whether it comes back:")
        guard let event = events.first else { return }
        let returned = try #require(Received(event))
        #expect(returned.text == "832040")
        #expect(returned.routingKey == talk.address)
    }

    @Test(
        "A reply takes the next delivery tag of its channel",
        .proves(
            "rpc.direct-delivery-tags", ["rabbitmq/direct-reply-to/delivery-tag"],
            rabbitmq: .before("4.3", "It has the next tag, and so has the delivery that follows it.")))
    func deliveryTags() async throws {
        let talk = try await Conversation()
        let queue = try await talk.client.declareQueue()
        try await talk.client.consume(queue)
        var tags: [UInt64] = []
        for key in [talk.address, talk.address, queue, queue, talk.address, queue] {
            talk.server.publish("x", to: "", key)
            tags.append(try await talk.client.delivery().deliveryTag)
        }
        expect(tags, spec: [1, 2, 3, 4, 5, 6], rabbitmq: [1, 1, 1, 2, 3, 3], before: "4.3", "the delivery tags:")
    }

    @Test(
        "A cancel frees the place: the next consumer of replies has another address",
        .proves("rpc.direct-cancel", ["rabbitmq/direct-reply-to/cancel"]))
    func cancel() async throws {
        let talk = try await Conversation()
        try await talk.client.cancel("replies")
        try await talk.client.consume(replyTo, tag: "again", noAck: true)
        let requests = try await talk.server.declareQueue(exclusive: false)
        talk.client.publish("31", to: "", requests, BasicProperties(replyTo: replyTo))
        try await talk.client.barrier()
        let address = try #require(try await talk.server.get(requests)?.properties.replyTo)
        #expect(address != talk.address)
        talk.server.publish("to the old address", to: "", talk.address)
        talk.server.publish("to the new address", to: "", address)
        #expect(try await talk.client.delivery().text == "to the new address")
    }

    @Test(
        "After a cancel a request is refused again",
        .proves(
            "rpc.direct-request-after-cancel",
            ["rabbitmq/direct-reply-to/cancel", "rabbitmq/direct-reply-to/consume-first"]))
    func requestAfterCancel() async throws {
        let channel = try await Probe.openChannel()
        try await channel.consume(replyTo, tag: "replies", noAck: true)
        try await channel.cancel("replies")
        channel.publish("30", to: "", unique("requests"), BasicProperties(replyTo: replyTo))
        expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.preconditionFailed))
    }

    @Test(
        "An address of other making in reply-to is left as it is",
        .proves("rpc.other-reply-to", ["rabbitmq/direct-reply-to/rewritten", "spec/3.1.1/body-untouched"]))
    func otherReplyTo() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(replyTo, noAck: true)
        for address: ShortString in ["my-queue", "amq.rabbitmq.reply", "amq.rabbitmq.reply-to.mine"] {
            channel.publish(to: "", queue, BasicProperties(replyTo: address))
            try await channel.barrier()
            #expect(try await channel.get(queue)?.properties.replyTo == address)
        }
    }

    @Test(
        "An address is a key of the default exchange alone",
        .proves("rpc.direct-default-exchange", ["rabbitmq/direct-reply-to/round-trip"]))
    func defaultExchange() async throws {
        let talk = try await Conversation()
        let exchange = try await talk.server.declareExchange("direct")
        for exchange in [exchange, "amq.topic", "amq.fanout"] {
            talk.server.publish("astray", to: exchange, talk.address)
        }
        #expect(try await talk.replied().map(\.text) == ["last"])
    }

    @Test(
        "While messages are traced, replies arrive as ever",
        .proves("rpc.direct-traced", ["rabbitmq/direct-reply-to/round-trip"], needs: [.admin]))
    func traced() async throws {
        let talk = try await Conversation()
        try await administer("trace_on")
        talk.server.publish("832040", to: "", talk.address)
        let reply = try await talk.client.delivery()
        try await administer("trace_off")
        #expect(reply.text == "832040")
    }
}
