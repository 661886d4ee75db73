import AMQPWire
import Testing

@Suite("The address of a requester") struct ReplyAddressCases {
    /// A channel that consumes replies, and the address that one of its requests has.
    private func requester() async throws -> (channel: ProbeChannel, address: ShortString) {
        let channel = try await Probe.openChannel()
        let requests = try await channel.declareQueue()
        try await channel.consume("amq.rabbitmq.reply-to", tag: "replies", noAck: true)
        channel.publish("?", to: "", requests, BasicProperties(replyTo: "amq.rabbitmq.reply-to"))
        let request = try #require(try await channel.get(requests))
        return (channel, try #require(request.properties.replyTo))
    }

    @Test(
        "The address of a requester is no queue that could be bound",
        .proves(
            "rpc.direct-bound", ["rabbitmq/direct-reply-to/not-bound"],
            rabbitmq: .from("4.3", "It is one that can't be bound: 403, also for what unbinds it.")))
    func bound() async throws {
        let (requester, address) = try await requester()
        let channel = try await Probe.openChannel()
        let exchange = try await requester.declareExchange("fanout")
        try await channel.send(
            QueueBind(queue: address, exchange: exchange), expecting: .channelClose(.notFound),
            rabbitmq: .channelClose(.accessRefused), from: "4.3")
        try await channel.send(
            QueueUnbind(queue: address, exchange: exchange), expecting: .ok,
            rabbitmq: .channelClose(.accessRefused), from: "4.3")
        channel.publish("nobody's", to: exchange)
        channel.publish("reply", to: "", address)
        #expect(try await requester.delivery().text == "reply")
    }

    @Test(
        "Nothing is fetched from the address of a requester, or purged there",
        .proves(
            "rpc.direct-fetched", ["rabbitmq/direct-reply-to/not-fetched"],
            rabbitmq: .from("4.3", "A purge finds nothing, and a fetch is not implemented: 540 on the connection.")))
    func fetched() async throws {
        let (requester, address) = try await requester()
        let channel = try await Probe.openChannel()
        try await channel.send(
            QueuePurge(queue: address), expecting: .channelClose(.notFound), rabbitmq: .ok, from: "4.3")
        try await channel.send(
            BasicGet(queue: address), expecting: .channelClose(.notFound),
            rabbitmq: .connectionClose(.notImplemented), from: "4.3")
        let other = try await Probe.openChannel()
        other.publish("reply", to: "", address)
        #expect(try await requester.delivery().text == "reply")
    }

    @Test(
        "A mandatory reply to a requester that has gone comes back",
        .proves(
            "rpc.direct-mandatory-to-nobody",
            ["rabbitmq/direct-reply-to/gone", "rabbitmq/direct-reply-to/mandatory-returned"],
            rabbitmq: .from("4.3", "It is dropped, and does not come back.")))
    func mandatoryToNobody() async throws {
        let (requester, address) = try await requester()
        try await requester.probe.close()
        let channel = try await Probe.openChannel()
        try await channel.awaitGone(queue: address)
        channel.publish("late", to: "", address, mandatory: true)
        try await channel.barrier()
        let returns = channel.probe.arrived(on: channel.number) { $0.method?.id == BasicReturn.id }
        expect(
            returns.compactMap(Received.init).map(\.text), spec: ["late"], rabbitmq: [], from: "4.3", "what comes back:"
        )
    }
}
