import AMQPWire
import Testing

@Suite("Dead letters: which messages, and where to") struct DeadLetterCases {
    @Test(
        "A message rejected without requeue goes to the dead-letter exchange",
        .proves("dead-letter.rejected", ["rabbitmq/dead-letter/rejected"]))
    func rejected() async throws {
        let letters = try await DeadLetters.open()
        letters.publish("refused")
        letters.channel.reject(try #require(try await letters.get()), requeue: false)
        let dead = try await letters.next()
        #expect(dead.text == "refused")
        #expect(dead.deaths.first?["reason"] == "rejected")
    }

    @Test(
        "A message nacked without requeue goes there as rejected, too",
        .proves("dead-letter.nacked", ["rabbitmq/dead-letter/rejected", "rabbitmq/basic.nack/requeue-false"]))
    func nacked() async throws {
        let letters = try await DeadLetters.open()
        letters.publish("refused")
        letters.channel.nack(try #require(try await letters.get()), requeue: false)
        let dead = try await letters.next()
        #expect(dead.text == "refused")
        #expect(dead.deaths.first?["reason"] == "rejected")
    }

    @Test(
        "A nack of several sends each there, in order",
        .proves("dead-letter.nacked-multiple", ["rabbitmq/dead-letter/multiple-nack"]))
    func nackedMultiple() async throws {
        let letters = try await DeadLetters.open()
        for number in 1...4 { letters.publish("\(number)") }
        var last: Received?
        for _ in 1...3 { last = try await letters.get() }
        letters.channel.nack(try #require(last), multiple: true, requeue: false)
        #expect(try await [letters.next().text, letters.next().text, letters.next().text] == ["1", "2", "3"])
        #expect(try await letters.get()?.text == "4")
    }

    @Test(
        "An expired message goes there with reason expired",
        .proves("dead-letter.expired", ["rabbitmq/dead-letter/expired"]))
    func expired() async throws {
        let letters = try await DeadLetters.open(["x-message-ttl": 50])
        letters.publish("too old")
        try await letters.channel.barrier(behind: letters.queue)
        try await elapse(milliseconds: 50)
        let dead = try await letters.next()
        #expect(dead.text == "too old")
        #expect(dead.deaths.first?["reason"] == "expired")
    }

    @Test(
        "Messages that a full queue drops go there with reason maxlen, oldest first",
        .proves("dead-letter.maxlen", ["rabbitmq/dead-letter/maxlen", "rabbitmq/max-length/drop-head-dlx"]))
    func maxlen() async throws {
        let letters = try await DeadLetters.open(["x-max-length": 1])
        for number in 1...3 { letters.publish("\(number)") }
        let dead = try await [letters.next(), letters.next()]
        #expect(dead.map(\.text) == ["1", "2"])
        #expect(dead.allSatisfy { $0.deaths.first?["reason"] == "maxlen" })
    }

    @Test(
        "Without a dead-letter exchange a rejected message is gone",
        .proves("dead-letter.no-exchange", ["rabbitmq/dead-letter/no-dlx"]))
    func noExchange() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("refused", to: "", queue)
        channel.reject(try #require(try await channel.get(queue, noAck: false)), requeue: false)
        try await channel.expectReady(0, in: queue)
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "A requeued message is not dead-lettered",
        .proves("dead-letter.requeue-is-no-death", ["rabbitmq/dead-letter/requeue-not-dead"]))
    func requeueIsNoDeath() async throws {
        let letters = try await DeadLetters.open()
        letters.publish("comes back")
        letters.publish("the marker behind it")
        letters.channel.reject(try #require(try await letters.get()), requeue: true)
        let again = try #require(try await letters.get())
        #expect(again.text == "comes back")
        #expect(again.headers["x-death"] == nil)
        letters.channel.reject(try #require(try await letters.get()), requeue: false)
        #expect(try await letters.next().text == "the marker behind it")
    }

    @Test(
        "A purged message is not dead-lettered",
        .proves("dead-letter.purge-is-no-death", ["rabbitmq/dead-letter/requeue-not-dead"]))
    func purgeIsNoDeath() async throws {
        let letters = try await DeadLetters.open()
        letters.publish("purged")
        let purged = try await letters.channel.call(QueuePurge(queue: letters.queue), QueuePurgeOk.self)
        #expect(purged.messageCount == 1)
        letters.publish("the marker behind it")
        letters.channel.reject(try #require(try await letters.get()), requeue: false)
        #expect(try await letters.next().text == "the marker behind it")
    }

    @Test(
        "Messages of a deleted queue are not dead-lettered",
        .proves("dead-letter.deletion-is-no-death", ["rabbitmq/dead-letter/requeue-not-dead"]))
    func deletionIsNoDeath() async throws {
        let letters = try await DeadLetters.open()
        letters.publish("deleted with its queue")
        let deleted = try await letters.channel.call(QueueDelete(queue: letters.queue), QueueDeleteOk.self)
        #expect(deleted.messageCount == 1)
        letters.channel.publish("the marker", to: "", letters.dead)
        #expect(try await letters.next().text == "the marker")
    }

    @Test(
        "An acknowledged message is not dead-lettered",
        .proves("dead-letter.ack-is-no-death", ["rabbitmq/dead-letter/ack-not-dead"]))
    func ackIsNoDeath() async throws {
        let letters = try await DeadLetters.open()
        letters.publish("done")
        letters.publish("the marker behind it")
        letters.channel.ack(try #require(try await letters.get()))
        letters.channel.reject(try #require(try await letters.get()), requeue: false)
        #expect(try await letters.next().text == "the marker behind it")
    }

    @Test(
        "When the exchange is missing the message is gone, and the channel lives",
        .proves("dead-letter.missing-exchange", ["rabbitmq/dead-letter/missing-exchange"]))
    func missingExchange() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(
            arguments: ["x-dead-letter-exchange": .longString(unique("missing").octets)])
        channel.publish("refused", to: "", queue)
        channel.reject(try #require(try await channel.get(queue, noAck: false)), requeue: false)
        expect(try await channel.outcome(), .ok)
        try await channel.expectReady(0, in: queue)
    }

    @Test(
        "The exchange may be declared after the queue that names it",
        .proves("dead-letter.exchange-declared-later", ["rabbitmq/dead-letter/declared-later"]))
    func exchangeDeclaredLater() async throws {
        let channel = try await Probe.openChannel()
        let name = unique("later")
        let queue = try await channel.declareQueue(arguments: ["x-dead-letter-exchange": .longString(name.octets)])
        try await channel.declareExchange("fanout", name)
        let dead = try await channel.declareQueue()
        try await channel.bind(dead, to: name)
        try await channel.consume(dead, noAck: true)
        channel.publish("refused", to: "", queue)
        channel.reject(try #require(try await channel.get(queue, noAck: false)), requeue: false)
        #expect(try await channel.delivery().text == "refused")
    }

    @Test(
        "An empty name means the default exchange",
        .proves("dead-letter.default-exchange", ["rabbitmq/dead-letter/default-exchange"]))
    func defaultExchange() async throws {
        let letters = try await DeadLetters.open(key: "queue")
        letters.publish("refused")
        letters.channel.reject(try #require(try await letters.get()), requeue: false)
        let dead = try await letters.next()
        #expect(dead.text == "refused")
        #expect(dead.exchange == "")
        #expect(dead.routingKey == letters.dead)
    }

    @Test(
        "Every queue bound to the dead-letter exchange gets a copy",
        .proves("dead-letter.several-queues", ["rabbitmq/dead-letter/several-queues"]))
    func severalQueues() async throws {
        let letters = try await DeadLetters.open()
        let channel = try await Probe.openChannel()
        let second = try await channel.declareQueue()
        try await channel.bind(second, to: letters.exchange, "#")
        try await channel.consume(second, noAck: true)
        letters.publish("refused")
        letters.channel.reject(try #require(try await letters.get()), requeue: false)
        #expect(try await letters.next().text == "refused")
        #expect(try await channel.delivery().text == "refused")
    }

    @Test(
        "An internal exchange may be the dead-letter exchange",
        .proves("dead-letter.internal-exchange", ["rabbitmq/exchange.declare/internal-as-dlx"]))
    func internalExchange() async throws {
        let letters = try await DeadLetters.open(isInternal: true)
        letters.publish("refused")
        letters.channel.reject(try #require(try await letters.get()), requeue: false)
        #expect(try await letters.next().text == "refused")
    }

    @Test(
        "A cycle of nothing but expiry is cut: the message does not enter a queue again",
        .proves("dead-letter.automatic-cycle", ["rabbitmq/dead-letter/automatic-cycle"]))
    func automaticCycle() async throws {
        let letters = try await DeadLetters.open(["x-message-ttl": 50])
        try await letters.channel.bind(letters.queue, to: letters.exchange, "#")
        letters.publish("too old")
        try await letters.channel.barrier(behind: letters.queue)
        try await elapse(milliseconds: 50)
        #expect(try await letters.next().text == "too old")
        try await letters.channel.expectReady(0, in: letters.queue)
        #expect(letters.channel.deliveriesSoFar().isEmpty, "it went round again")
    }

    @Test(
        "A cycle with a rejection in it goes on",
        .proves("dead-letter.cycle-with-a-rejection", ["rabbitmq/dead-letter/cycle-with-reject"]))
    func cycleWithARejection() async throws {
        let channel = try await Probe.openChannel()
        let queue = unique("round")
        try await channel.declareQueue(
            queue,
            arguments: ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(queue.octets)])
        try await channel.consume(queue)
        channel.publish("round and round", to: "", queue)
        for _ in 1...3 { channel.reject(try await channel.delivery(), requeue: false) }
        let fourth = try await channel.delivery()
        #expect(fourth.text == "round and round")
        #expect(fourth.deaths.first?["count"]?.integer == 3)
    }
}

/// A queue, and what comes out of its dead-letter exchange.
struct DeadLetters {
    let channel: ProbeChannel
    let queue: ShortString
    /// A topic exchange; empty when a key was asked for.
    let exchange: ShortString
    /// Gets everything dead; `channel` consumes it.
    let dead: ShortString

    /// With a `key`, the default exchange takes the dead straight to their queue.
    static func open(
        _ arguments: FieldTable = [:], key: String? = nil, isInternal: Bool = false
    ) async throws -> DeadLetters {
        let channel = try await Probe.openChannel()
        let dead = try await channel.declareQueue()
        var exchange: ShortString = ""
        var arguments = arguments
        if key == nil {
            exchange = try await channel.declareExchange("topic", internal: isInternal)
            try await channel.bind(dead, to: exchange, "#")
        } else {
            arguments["x-dead-letter-routing-key"] = .longString(dead.octets)
        }
        arguments["x-dead-letter-exchange"] = .longString(exchange.octets)
        let queue = try await channel.declareQueue(arguments: arguments)
        try await channel.consume(dead, noAck: true)
        return DeadLetters(channel: channel, queue: queue, exchange: exchange, dead: dead)
    }

    func publish(_ text: String, _ properties: BasicProperties = BasicProperties()) {
        channel.publish(text, to: "", queue, properties)
    }

    /// Fetches one that is alive.
    func get() async throws -> Received? { try await channel.get(queue, noAck: false) }

    /// Fetches one that is alive, and refuses it.
    func refuse() async throws {
        guard let message = try await get() else { throw SuiteError("there is no message to refuse") }
        channel.reject(message, requeue: false)
    }

    /// The next dead one.
    func next() async throws -> Received { try await channel.delivery() }
}

extension Received {
    /// The entries of its x-death header, the latest first.
    var deaths: [FieldTable] { headers["x-death"]?.array?.compactMap(\.table) ?? [] }
}
