import AMQPWire
import Testing

@Suite("Quorum queues: limits, times and dead letters") struct QuorumLimitCases {
    private func open(_ arguments: FieldTable) async throws -> (channel: ProbeChannel, queue: ShortString) {
        let channel = try await Probe.openChannel()
        return (channel, try await channel.declareQuorumQueue(arguments))
    }

    /// With a queue for its dead letters, from which the channel consumes.
    private func openWithDeadLetters(
        _ arguments: FieldTable
    ) async throws -> (channel: ProbeChannel, queue: ShortString) {
        let channel = try await Probe.openChannel()
        let dead = try await channel.declareQueue()
        try await channel.consume(dead, noAck: true)
        let letters: FieldTable = [
            "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(dead.octets),
        ]
        return (channel, try await channel.declareQuorumQueue(FieldTable(letters.fields + arguments.fields)))
    }

    @Test(
        "A full queue drops its oldest message",
        .proves("quorum.drop-head", ["rabbitmq/quorum/drop-head"], needs: [.quorumQueues]))
    func dropHead() async throws {
        let (channel, queue) = try await open(["x-max-length": 2])
        channel.publish(1...4, toQueue: queue)
        try await channel.barrier(behind: queue)
        #expect(try await channel.drainWhole(queue) == ["3", "4"])
    }

    @Test(
        "A queue that is its own target for dead letters does not get back what was returned too often",
        .proves(
            "quorum.limit-of-its-own-target", ["rabbitmq/quorum/dead-letters", "rabbitmq/dead-letter/automatic-cycle"],
            needs: [.quorumQueues]))
    func limitOfItsOwnTarget() async throws {
        let channel = try await Probe.openChannel()
        let queue = unique("quorum")
        try await channel.declareQueue(
            queue, durable: true, exclusive: false,
            arguments: [
                "x-queue-type": "quorum", "x-delivery-limit": 1, "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": .longString(queue.octets),
            ])
        channel.publish("failing", to: "", queue)
        for _ in 1...2 {
            for message in try await channel.hold(1, of: queue) { channel.reject(message, requeue: true) }
        }
        channel.publish("next", to: "", queue)
        #expect(try await channel.hold(1, of: queue).map(\.text) == ["next"])
        try await channel.barrier(behind: queue)
        #expect(try await channel.get(queue) == nil)
    }

    @Test(
        "A dropped message is dead-lettered with reason maxlen, oldest first",
        .proves("quorum.drop-head-dead-letters", ["rabbitmq/quorum/dead-letters"], needs: [.quorumQueues]))
    func dropHeadDeadLetters() async throws {
        let (channel, queue) = try await openWithDeadLetters(["x-max-length": 1])
        channel.publish(1...3, toQueue: queue)
        let dead = try await channel.deliveries(2)
        #expect(dead.map(\.text) == ["1", "2"])
        #expect(dead.allSatisfy { $0.deaths.first?["reason"] == "maxlen" })
    }

    @Test(
        "Unacknowledged messages do not count toward its length",
        .proves("quorum.length-of-ready", ["rabbitmq/quorum/length"], needs: [.quorumQueues]))
    func lengthOfReady() async throws {
        let (channel, queue) = try await open(["x-max-length": 2])
        channel.publish(1...2, toQueue: queue)
        let held = try await channel.hold(2, of: queue)
        channel.publish(3...4, toQueue: queue)
        try await channel.barrier(behind: queue)
        for message in held { channel.ack(message) }
        #expect(try await channel.drainWhole(queue) == ["3", "4"])
    }

    @Test(
        "A limit in octets counts bodies, and what properties take up",
        .proves(
            "quorum.octets", ["rabbitmq/quorum/octets"], needs: [.quorumQueues],
            rabbitmq: .before("4.3", "Only bodies count.")))
    func octets() async throws {
        let (channel, queue) = try await open(["x-max-length-bytes": 60])
        let properties = BasicProperties(headers: ["padding": .string(String(repeating: "p", count: 40))])
        for text in ["first", "second", "third"] { channel.publish(text, to: "", queue, properties) }
        try await channel.barrier(behind: queue)
        expect(
            try await channel.drainWhole(queue).count, spec: 0, rabbitmq: 3, before: "4.3", "messages that were kept")
    }

    @Test(
        "Where publishes are refused, one more than the limit is taken, and the next is nacked",
        .proves("quorum.reject-publish", ["rabbitmq/quorum/reject-publish"], needs: [.quorumQueues]))
    func rejectPublish() async throws {
        let (channel, queue) = try await open(["x-max-length": 2, "x-overflow": "reject-publish"])
        try await channel.confirmSelect()
        var answers: [Bool] = []
        for number in 1...5 {
            channel.publish("\(number)", to: "", queue)
            answers.append(try await channel.confirm().isAck)
        }
        #expect(answers == [true, true, true, false, false])
        #expect(try await channel.drainWhole(queue) == ["1", "2", "3"])
    }

    @Test(
        "They are taken again when a fifth of the limit is free",
        .proves("quorum.reject-publish-until-room", ["rabbitmq/quorum/room-again"], needs: [.quorumQueues]))
    func rejectPublishUntilRoom() async throws {
        let (channel, queue) = try await open(["x-max-length": 4, "x-overflow": "reject-publish"])
        try await channel.confirmSelect()
        func publish() async throws -> Bool {
            channel.publish("more", to: "", queue)
            return try await channel.confirm().isAck
        }
        var answers: [Bool] = []
        for _ in 1...6 { answers.append(try await publish()) }
        #expect(answers == [true, true, true, true, true, false])
        // With 4 left it is still full, with 3 it is not.
        for isRoom in [false, true] {
            _ = try #require(try await channel.fetch(queue, noAck: true))
            try await channel.barrier(behind: queue)
            #expect(try await publish() == isRoom)
        }
    }

    @Test(
        "reject-publish-dlx is taken, and drops the oldest",
        .proves("quorum.reject-publish-dlx", ["rabbitmq/quorum/reject-publish-dlx"], needs: [.quorumQueues]))
    func rejectPublishDLX() async throws {
        let (channel, queue) = try await openWithDeadLetters(["x-max-length": 1, "x-overflow": "reject-publish-dlx"])
        channel.publish(1...2, toQueue: queue)
        #expect(try await channel.delivery().text == "1")
        #expect(try await channel.drainWhole(queue) == ["2"])
    }

    @Test(
        "A message that comes back to a full queue is dropped first",
        .proves(
            "quorum.requeue-to-full", ["rabbitmq/quorum/requeue-to-full"], needs: [.quorumQueues],
            rabbitmq: .before("4.0", "It is put to the end, and what stands at the head is dropped.")))
    func requeueToFull() async throws {
        let (channel, queue) = try await open(["x-max-length": 1])
        try await channel.confirmSelect()
        channel.publish("old", to: "", queue)
        _ = try await channel.confirm()
        let old = try #require(try await channel.fetch(queue))
        channel.publish("new", to: "", queue)
        // RabbitMQ may take what comes back before what comes in.
        _ = try await channel.confirm()
        channel.nack(old)
        try await channel.barrier(behind: queue)
        expect(try await channel.drainWhole(queue), spec: ["new"], rabbitmq: ["old"], before: "4.0", "what is left")
    }

    @Test(
        "An expired message is dead-lettered with reason expired",
        .proves("quorum.expired", ["rabbitmq/quorum/expired"], needs: [.quorumQueues]))
    func expired() async throws {
        let (channel, queue) = try await openWithDeadLetters(["x-message-ttl": 50])
        channel.publish("too old", to: "", queue)
        try await channel.barrier(behind: queue)
        try await elapse(milliseconds: 50)
        let dead = try await channel.delivery()
        #expect(dead.text == "too old")
        #expect(dead.deaths.first?["reason"] == "expired")
    }

    @Test(
        "A message's own time holds, too",
        .proves("quorum.own-expiration", ["rabbitmq/quorum/expired"], needs: [.quorumQueues]))
    func ownExpiration() async throws {
        let (channel, queue) = try await open([:])
        channel.publish("short", to: "", queue, BasicProperties(expiration: "50"))
        channel.publish("long", to: "", queue, BasicProperties(expiration: "600000"))
        try await channel.barrier(behind: queue)
        try await elapse(milliseconds: 100)
        #expect(try await channel.drainWhole(queue) == ["long"])
    }

    @Test(
        "A message that expired while it was held is not handed out again",
        .proves("quorum.expired-while-held", ["rabbitmq/quorum/expired"], needs: [.quorumQueues]))
    func expiredWhileHeld() async throws {
        let (channel, queue) = try await open(["x-message-ttl": 500])
        channel.publish("held", to: "", queue)
        let held = try #require(try await channel.fetch(queue))
        try await elapse(milliseconds: 600)
        channel.nack(held)
        #expect(try await channel.fetch(queue, noAck: true) == nil)
    }

    @Test(
        "A rejected message goes to the dead-letter exchange",
        .proves("quorum.rejected", ["rabbitmq/quorum/dead-letters"], needs: [.quorumQueues]))
    func rejected() async throws {
        let (channel, queue) = try await openWithDeadLetters([:])
        channel.publish("refused", to: "", queue)
        channel.reject(try #require(try await channel.fetch(queue)), requeue: false)
        let dead = try await channel.delivery()
        #expect(dead.text == "refused")
        #expect(dead.deaths.first?["reason"] == "rejected")
    }

    @Test(
        "A transient message is kept over a restart",
        .proves("quorum.transient-survives", ["rabbitmq/quorum/keeps-all"], needs: [.quorumQueues, .restart]))
    func transientSurvives() async throws {
        let (before, queue) = try await open([:])
        try await before.confirmSelect()
        before.publish("transient", to: "", queue, BasicProperties(deliveryMode: 1))
        #expect(try await before.confirm().isAck)
        try await restartBroker()
        let after = try await Probe.openChannel()
        let message = try #require(try await after.fetch(queue, noAck: true))
        #expect(message.text == "transient")
        #expect(message.properties.deliveryMode == 1)
    }

    @Test(
        "Messages that had come back or were held before a restart are there with their counts",
        .proves("quorum.counts-survive", ["rabbitmq/quorum/counts-survive"], needs: [.quorumQueues, .restart]))
    func countsSurvive() async throws {
        let (before, queue) = try await open(["x-delivery-limit": 9])
        before.publish(1...4, toQueue: queue)
        for _ in 1...2 { before.reject(try #require(try await before.fetch(queue))) }
        let held = try await before.hold(3, of: queue)
        before.reject(held[0])
        // The queue has heard of it all when the rest is there.
        try await before.expectReady(2, in: queue)
        try await restartBroker()
        let after = try await Probe.openChannel()
        var seen: [String] = []
        while let message = try await after.fetch(queue, noAck: true) {
            seen.append("\(message.text): \(message.headers["x-delivery-count"]?.integer ?? 0)")
        }
        #expect(seen == ["1: 3", "2: 1", "3: 1", "4: 0"])
    }

    @Test(
        "Confirmed messages survive a kill, in their order",
        .proves("quorum.confirmed-survives-a-kill", ["rabbitmq/quorum/keeps-all"], needs: [.quorumQueues, .kill]))
    func confirmedSurvivesAKill() async throws {
        let (before, queue) = try await open([:])
        try await before.confirmSelect()
        before.publish(1...20, toQueue: queue)
        try await before.awaitConfirms(1...20)
        // RabbitMQ writes down a moment later that there is such a queue: one killed before that never answers again.
        try await elapse(milliseconds: 2000)
        try await killBroker()
        let after = try await Probe.openChannel()
        // Its node has to be elected its leader first.
        for _ in 1...40 {
            if try await after.counts(of: queue).messages >= 20 { break }
            try await elapse(milliseconds: 100)
        }
        #expect(try await after.drainWhole(queue) == (1...20).map { "\($0)" })
    }
}
