import AMQPWire
import Testing

@Suite("Quorum queues: time") struct QuorumTimeCases {
    private func open(_ arguments: FieldTable = [:]) async throws -> (channel: ProbeChannel, queue: ShortString) {
        let channel = try await Probe.openChannel()
        return (channel, try await channel.declareQuorumQueue(arguments))
    }

    @Test(
        "An expired message behind one that lives is not handed to a consumer",
        .proves("quorum.expired-behind-live", ["rabbitmq/quorum/expired"], needs: [.quorumQueues]))
    func expiredBehindLive() async throws {
        let (channel, queue) = try await open()
        for (number, expiration) in [(1, nil), (2, "50"), (3, nil)] as [(Int, ShortString?)] {
            channel.publish("\(number)", to: "", queue, BasicProperties(expiration: expiration))
        }
        try await channel.barrier(behind: queue)
        try await elapse(milliseconds: 100)
        try await channel.consume(queue, noAck: true)
        #expect(try await channel.deliveries(2).map(\.text) == ["1", "3"])
    }

    @Test(
        "A message that came back expires by itself",
        .proves("quorum.returned-expire", ["rabbitmq/quorum/expired"], needs: [.quorumQueues]))
    func returnedExpire() async throws {
        let channel = try await Probe.openChannel()
        let dead = try await channel.declareQueue()
        try await channel.consume(dead, noAck: true)
        let queue = try await channel.declareQuorumQueue([
            "x-message-ttl": 1000, "x-delivery-limit": 9, "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": .longString(dead.octets),
        ])
        channel.publish("back", to: "", queue)
        channel.reject(try #require(try await channel.fetch(queue)))
        try await channel.awaitReady(1, in: queue)
        try await elapse(milliseconds: 1000)
        let letter = try await channel.delivery()
        #expect(letter.text == "back")
        #expect(letter.deaths.first?["reason"] == "expired")
    }

    @Test(
        "A message of low priority expires even if one of high priority comes before it",
        .proves(
            "quorum.expired-below-live", ["rabbitmq/quorum/expired-below-live"], needs: [.quorumQueues],
            rabbitmq: .before("4.3", "It stays until it is the next to be handed out.")))
    func expiredBelowLive() async throws {
        let (channel, queue) = try await open()
        try await channel.confirmSelect()
        channel.publish("high", to: "", queue, BasicProperties(priority: 9))
        channel.publish("low", to: "", queue, BasicProperties(priority: 1, expiration: "50"))
        try await channel.awaitReady(2, in: queue)
        try await elapse(milliseconds: 200)
        // A broker may look for it with the next thing that it does.
        channel.publish("more", to: "", queue, BasicProperties(priority: 9))
        try await channel.awaitConfirms(1...3)
        expect(
            try await channel.counts(of: queue).messages, spec: 2, rabbitmq: 3, before: "4.3", "how many are there")
        #expect(try await channel.drainWhole(queue) == ["high", "more"])
    }

    @Test(
        "A queue that nobody uses goes, and one with a consumer stays",
        .proves("quorum.expires", ["rabbitmq/quorum/expires"], needs: [.quorumQueues]))
    func expires() async throws {
        let (channel, unused) = try await open(["x-expires": 1000])
        let used = try await channel.declareQuorumQueue(["x-expires": 1000])
        try await channel.consume(used)
        // RabbitMQ looks for such queues every few seconds.
        try await elapse(milliseconds: 7000)
        #expect(try await !channel.exists(queue: unused))
        #expect(try await channel.exists(queue: used))
    }

    @Test(
        "A quorum queue that its last consumer has left expires as if it had just been declared",
        .proves("quorum.expires-again", ["rabbitmq/quorum/expires"], needs: [.quorumQueues, .movableClock]))
    func expiresAgain() async throws {
        let (channel, queue) = try await open(["x-expires": 1000])
        let tag = try await channel.consume(queue)
        try await elapse(milliseconds: 1500)
        try await channel.cancel(tag)
        try await elapse(milliseconds: 600)
        expect(try await channel.outcome(of: QueuePurge(queue: queue)), .ok)
        try await elapse(milliseconds: 600)
        #expect(try await !channel.exists(queue: queue))
    }

    @Test(
        "A fetch from a quorum queue counts as use",
        .proves("quorum.expires-get-renews", ["rabbitmq/quorum/expires"], needs: [.quorumQueues, .movableClock]))
    func expiresGetRenews() async throws {
        let (channel, queue) = try await open(["x-expires": 1000])
        try await elapse(milliseconds: 600)
        #expect(try await channel.get(queue) == nil)
        try await elapse(milliseconds: 600)
        expect(try await channel.outcome(of: QueuePurge(queue: queue)), .ok)
    }
}
