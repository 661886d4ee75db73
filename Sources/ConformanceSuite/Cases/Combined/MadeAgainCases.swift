import AMQPWire
import Testing

/// What is deleted and declared again under the same name is something else.
@Suite("Queues and exchanges that are made again") struct MadeAgainCases {
    /// A message that was fetched from a queue which was then deleted and declared again, with a message for the new one.
    private func outlived(
        _ channel: ProbeChannel, texts: [String] = ["new"]
    ) async throws -> (queue: ShortString, old: Received) {
        let queue = try await channel.declareQueue()
        channel.publish("old", to: "", queue)
        let old = try #require(try await channel.get(queue, noAck: false))
        _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
        try await channel.declareQueue(queue)
        for text in texts { channel.publish(text, to: "", queue) }
        return (queue, old)
    }

    @Test(
        "Messages that a deleted queue had handed out do not come back to the queue that has its name now",
        .proves("settle.returned-to-a-queue-made-again", ["rabbitmq/queue.delete/made-again"]))
    func returned() async throws {
        let channel = try await Probe.openChannel()
        let (queue, old) = try await outlived(channel)
        channel.nack(old, requeue: true)
        #expect(try await channel.drain(queue) == ["new"])
        let (other, _) = try await outlived(channel)
        _ = try await channel.call(BasicRecover(requeue: true), BasicRecoverOk.self)
        #expect(try await channel.drain(other) == ["new"])
    }

    @Test(
        "An acknowledgement for a queue that is gone settles nothing of the queue that has its name now",
        .proves(
            "settle.acknowledged-for-a-queue-made-again", ["rabbitmq/queue.delete/made-again"],
            rabbitmq: "A message with the same place in the new queue, held by the same channel, is taken for it."))
    func acknowledged() async throws {
        let channel = try await Probe.openChannel()
        let (queue, old) = try await outlived(channel)
        let new = try #require(try await channel.get(queue, noAck: false))
        #expect(new.text == "new")
        channel.ack(old)
        _ = try await channel.call(BasicRecover(requeue: true), BasicRecoverOk.self)
        expect(
            try await channel.get(queue)?.text ?? "nothing", spec: "new", rabbitmq: "nothing", "what comes back:")
    }

    @Test(
        "A dead-letter exchange is looked up at each death: deleted, it is none, and made again it is another",
        .proves(
            "dead-letter.exchange-made-again",
            ["rabbitmq/dead-letter/missing-exchange", "rabbitmq/dead-letter/declared-later"]))
    func deadLetterExchange() async throws {
        let channel = try await Probe.openChannel()
        let exchange = unique("graves")
        try await channel.declareExchange("direct", exchange)
        let (first, second) = (try await channel.declareQueue(), try await channel.declareQueue())
        try await channel.bind(first, to: exchange, "key")
        let queue = try await channel.declareQueue(arguments: [
            "x-dead-letter-exchange": .longString(exchange.octets), "x-dead-letter-routing-key": "key",
        ])
        // A letter is under way when the queue has answered for its rejection: the last one is waited for.
        func bury(_ text: String) async throws {
            channel.publish(text, to: "", queue)
            channel.reject(try #require(try await channel.get(queue, noAck: false)), requeue: false)
            try await channel.barrier(behind: queue)
        }
        try await bury("1")
        try await channel.awaitReady(1, in: first)
        _ = try await channel.call(ExchangeDelete(exchange: exchange), ExchangeDeleteOk.self)
        try await bury("2")
        try await channel.declareExchange("topic", exchange)
        try await channel.bind(second, to: exchange, "#")
        try await bury("3")
        try await channel.awaitReady(1, in: second)
        #expect(try await channel.drain(second) == ["3"])
        #expect(try await channel.drain(first) == ["1"])
    }

    @Test(
        "An alternate exchange that is deleted takes over no more, until one of its name does",
        .proves("alternate.made-again", ["rabbitmq/alternate-exchange/missing", "spec/4.6/visibility"]))
    func alternateExchange() async throws {
        let channel = try await Probe.openChannel()
        let alternate = try await channel.declareExchange("fanout")
        let rest = try await channel.declareQueue()
        try await channel.bind(rest, to: alternate)
        let main = try await channel.declareExchange(
            "direct", arguments: ["alternate-exchange": .longString(alternate.octets)])
        for text in ["1", "2"] { channel.publish(text, to: main, "unknown", mandatory: true) }
        #expect(try await channel.drain(rest) == ["1", "2"])
        _ = try await channel.call(ExchangeDelete(exchange: alternate), ExchangeDeleteOk.self)
        channel.publish("3", to: main, "unknown", mandatory: true)
        #expect(try await channel.returned().text == "3")
        try await channel.declareExchange("fanout", alternate)
        channel.publish("4", to: main, "unknown", mandatory: true)
        #expect(try await channel.returned().text == "4")
        try await channel.bind(rest, to: alternate)
        channel.publish("5", to: main, "unknown", mandatory: true)
        #expect(try await channel.drain(rest) == ["5"])
    }
}
