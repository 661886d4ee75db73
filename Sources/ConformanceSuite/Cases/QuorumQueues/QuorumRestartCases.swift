import AMQPWire
import Testing

@Suite("Quorum queues: what a restart leaves") struct QuorumRestartCases {
    private static let needs: Set<Need> = [.quorumQueues, .restart]

    private func open(_ arguments: FieldTable = [:]) async throws -> (channel: ProbeChannel, queue: ShortString) {
        let channel = try await Probe.openChannel()
        return (channel, try await channel.declareQuorumQueue(arguments))
    }

    /// Everything that the queue has heard of on this channel has had its effect, and is written down.
    private func restart(behind channel: ProbeChannel, _ queue: ShortString) async throws -> ProbeChannel {
        try await channel.barrier(behind: queue)
        try await restartBroker()
        return try await Probe.openChannel()
    }

    /// What is in a queue, with the counts that it tells.
    private func drainCounted(_ channel: ProbeChannel, _ queue: ShortString) async throws -> [String] {
        var seen: [String] = []
        while let message = try await channel.fetch(queue, noAck: true) {
            seen.append("\(message.text): \(message.headers["x-delivery-count"]?.integer ?? 0)")
        }
        return seen
    }

    @Test(
        "Messages that a consumer still holds at a restart come back marked and counted",
        .proves("quorum.held-survives", ["rabbitmq/quorum/counts-survive"], needs: [.quorumQueues, .restart]))
    func heldSurvives() async throws {
        let (before, queue) = try await open()
        try await before.consume(queue)
        before.publish(1...2, toQueue: queue)
        _ = try await before.deliveries(2)
        let after = try await restart(behind: before, queue)
        for text in ["1", "2"] {
            let message = try #require(try await after.fetch(queue, noAck: true))
            #expect(message.text == text)
            #expect(message.redelivered)
            #expect(message.headers["x-delivery-count"]?.integer == 1)
        }
    }

    @Test(
        "Messages that were held at a kill come back marked and counted, behind those that had come back before",
        .proves("quorum.held-survives-a-kill", ["rabbitmq/quorum/counts-survive"], needs: [.quorumQueues, .kill]))
    func heldSurvivesAKill() async throws {
        let (before, queue) = try await open(["x-delivery-limit": 9])
        try await before.confirmSelect()
        before.publish(1...4, toQueue: queue)
        try await before.awaitConfirms(1...4)
        // RabbitMQ writes down a moment later that there is such a queue.
        try await elapse(milliseconds: 2000)
        let other = try await Probe.openChannel()
        try await other.qos(1)
        try await other.consume(queue)
        #expect(try await other.delivery().text == "1")
        let fetched = try await before.hold(2, of: queue)
        before.reject(fetched[1])
        try await before.awaitReady(2, in: queue)
        // What was before this is written down when it is confirmed.
        before.publish("5", to: "", queue)
        try await before.awaitConfirms(5...5)
        try await killBroker()
        let after = try await Probe.openChannel()
        for _ in 1...40 {
            if try await after.counts(of: queue).messages >= 5 { break }
            try await elapse(milliseconds: 100)
        }
        let seen = try await drainCounted(after, queue)
        #expect(seen.first == "3: 1")
        // Those of two channels come in either order.
        #expect(seen.dropFirst().sorted() == ["1: 1", "2: 1", "4: 0", "5: 0"])
    }

    @Test(
        "A message that is held at a restart and may not fail is gone",
        .proves(
            "quorum.limit-at-a-restart", ["rabbitmq/quorum/limit-at-a-restart"], needs: [.quorumQueues, .restart]))
    func limitAtARestart() async throws {
        let channel = try await Probe.openChannel()
        let dead = try await channel.declareQuorumQueue()
        let queue = try await channel.declareQuorumQueue([
            "x-delivery-limit": 0, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(dead.octets),
        ])
        channel.publish(1...2, toQueue: queue)
        _ = try #require(try await channel.fetch(queue))
        let after = try await restart(behind: channel, queue)
        let letter = try #require(try await after.fetch(dead, noAck: true))
        #expect(letter.text == "1")
        #expect(letter.deaths.first?["reason"] == "delivery_limit")
        #expect(try await after.drainWhole(queue) == ["2"])
    }

    @Test(
        "Failures are counted whatever they come of: a rejection, a closed channel, a lost connection, a restart",
        .proves(
            "quorum.failures-of-each-kind", ["rabbitmq/quorum/counts-survive", "rabbitmq/quorum/delivery-limit"],
            needs: [.quorumQueues, .restart]))
    func failuresOfEachKind() async throws {
        let (channel, queue) = try await open(["x-delivery-limit": 4])
        channel.publish("poison", to: "", queue)
        channel.reject(try #require(try await channel.fetch(queue)))
        try await channel.awaitReady(1, in: queue)
        let closed = try await channel.probe.openChannel()
        _ = try #require(try await closed.fetch(queue))
        try await closed.close()
        try await channel.awaitReady(1, in: queue)
        let lost = try await Probe.openChannel()
        _ = try #require(try await lost.fetch(queue))
        lost.probe.abort()
        try await channel.awaitReady(1, in: queue)
        let held = try await Probe.openChannel()
        let last = try await held.fetch(queue)
        #expect(last?.headers["x-delivery-count"]?.integer == 3)
        let after = try await restart(behind: held, queue)
        let fifth = try #require(try await after.fetch(queue))
        #expect(fifth.headers["x-delivery-count"]?.integer == 4)
        after.reject(fifth)
        #expect(try await after.fetch(queue, noAck: true) == nil)
    }

    @Test(
        "Counts and order survive a second restart",
        .proves("quorum.counts-survive-twice", ["rabbitmq/quorum/counts-survive"], needs: [.quorumQueues, .restart]))
    func countsSurviveTwice() async throws {
        let (first, queue) = try await open(["x-delivery-limit": 9])
        first.publish(1...5, toQueue: queue)
        let held = try await first.hold(3, of: queue)
        for message in held.reversed() { first.reject(message) }
        let second = try await restart(behind: first, queue)
        // 3 and 2 come first. 3 fails again and stands behind 1 then, and 2 is held.
        let next = try await second.hold(2, of: queue)
        second.reject(next[0])
        let third = try await restart(behind: second, queue)
        #expect(try await drainCounted(third, queue) == ["1: 1", "3: 2", "2: 2", "4: 0", "5: 0"])
    }

    @Test(
        "A nack does not count as a failure after a restart either",
        .proves(
            "quorum.released-survive", ["rabbitmq/quorum/released", "rabbitmq/quorum/counts-survive"],
            needs: [.quorumQueues, .restart], rabbitmq: .before("4.3", "Every return counts, whatever its reason.")))
    func releasedSurvive() async throws {
        let (before, queue) = try await open(["x-delivery-limit": 9])
        before.publish(1...3, toQueue: queue)
        let held = try await before.hold(2, of: queue)
        before.nack(held[1], multiple: true)
        try await before.awaitReady(3, in: queue)
        let after = try await restart(behind: before, queue)
        expect(
            try await drainCounted(after, queue), spec: ["1: 0", "2: 0", "3: 0"],
            rabbitmq: ["1: 1", "2: 1", "3: 0"], before: "4.3", "what is there")
    }

    @Test(
        "Counts beyond an octet survive",
        .proves("quorum.large-counts-survive", ["rabbitmq/quorum/counts-survive"], needs: [.quorumQueues, .restart]))
    func largeCountsSurvive() async throws {
        let (before, queue) = try await open(["x-delivery-limit": 1000])
        before.publish("again", to: "", queue)
        try await before.consume(queue)
        for _ in 1...259 { before.reject(try await before.delivery()) }
        // By the restart it fails once more.
        _ = try await before.delivery()
        let after = try await restart(behind: before, queue)
        #expect(try await drainCounted(after, queue) == ["again: 260"])
    }

    @Test(
        "The order of what came back survives",
        .proves(
            "quorum.order-of-returns-survives",
            ["rabbitmq/quorum/order-of-returns", "rabbitmq/quorum/counts-survive"], needs: [.quorumQueues, .restart],
            rabbitmq: .before("4.0", "Without a delivery limit it is at the end of the queue.")))
    func orderOfReturnsSurvives() async throws {
        let (before, queue) = try await open()
        before.publish(1...4, toQueue: queue)
        let held = try await before.hold(2, of: queue)
        for message in held.reversed() { before.reject(message) }
        try await before.awaitReady(4, in: queue)
        before.publish("5", to: "", queue)
        try await before.awaitReady(5, in: queue)
        let after = try await restart(behind: before, queue)
        expect(
            try await after.drainWhole(queue), spec: ["2", "1", "3", "4", "5"], rabbitmq: ["3", "4", "2", "1", "5"],
            before: "4.0", "the order")
    }

    @Test(
        "Priorities survive, and so does having none",
        .proves(
            "quorum.priorities-survive", ["rabbitmq/quorum/priorities", "rabbitmq/quorum/keeps-all"],
            needs: [.quorumQueues, .restart],
            rabbitmq: .before("4.3", "In 4.0 there are two, above 4 and not; in 3.10 they mean nothing.")))
    func prioritiesSurvive() async throws {
        let (before, queue) = try await open()
        for (number, priority) in [1, nil, 9].enumerated() as EnumeratedSequence<[UInt8?]> {
            before.publish("\(number)", to: "", queue, BasicProperties(priority: priority))
        }
        let after = try await restart(behind: before, queue)
        let seen = try await after.drainWhole(queue)
        if isRabbitMQ(from: "4.0") {
            expect(seen, spec: ["2", "1", "0"], rabbitmq: ["2", "0", "1"], before: "4.3", "the order")
        } else {
            expect(seen, spec: ["2", "1", "0"], rabbitmq: ["0", "1", "2"], before: "4.0", "the order")
        }
    }

    @Test(
        "Messages that were acknowledged or rejected, or had failed too often, stay gone",
        .proves("quorum.settled-stay-gone", ["rabbitmq/quorum/gone-for-good"], needs: [.quorumQueues, .restart]))
    func settledStayGone() async throws {
        let (before, queue) = try await open()
        before.publish(1...4, toQueue: queue)
        let held = try await before.hold(3, of: queue)
        before.ack(held[0])
        before.reject(held[1], requeue: false)
        before.ack(held[2])
        let dead = try await before.declareQuorumQueue()
        let failing = try await before.declareQuorumQueue([
            "x-delivery-limit": 0, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(dead.octets),
        ])
        before.publish("poison", to: "", failing)
        before.reject(try #require(try await before.fetch(failing)))
        try await before.awaitReady(1, in: dead)
        let after = try await restart(behind: before, queue)
        #expect(try await after.drainWhole(queue) == ["4"])
        #expect(try await after.drainWhole(failing) == [])
        // Otherwise it would have died twice.
        #expect(try await after.drainWhole(dead) == ["poison"])
    }

    @Test(
        "Messages that were delivered without acknowledgement stay gone",
        .proves("quorum.no-ack-stays-gone", ["rabbitmq/quorum/gone-for-good"], needs: [.quorumQueues, .restart]))
    func noAckStaysGone() async throws {
        let (before, queue) = try await open()
        before.publish(1...3, toQueue: queue)
        #expect(try await before.fetch(queue, noAck: true)?.text == "1")
        let tag = try await before.consume(queue, noAck: true)
        before.publish(4...5, toQueue: queue)
        #expect(try await before.deliveries(4).map(\.text) == ["2", "3", "4", "5"])
        try await before.cancel(tag)
        before.publish("6", to: "", queue)
        let after = try await restart(behind: before, queue)
        #expect(try await after.drainWhole(queue) == ["6"])
    }

    @Test(
        "Messages that were dropped from a full queue or purged stay gone",
        .proves("quorum.dropped-stay-gone", ["rabbitmq/quorum/gone-for-good"], needs: [.quorumQueues, .restart]))
    func droppedStayGone() async throws {
        let (before, full) = try await open(["x-max-length": 2])
        let purged = try await before.declareQuorumQueue()
        before.publish(1...4, toQueue: full)
        before.publish(1...3, toQueue: purged)
        before.reject(try #require(try await before.fetch(purged)))
        try await before.awaitReady(3, in: purged)
        #expect(try await before.call(QueuePurge(queue: purged), QueuePurgeOk.self).messageCount == 3)
        before.publish("4", to: "", purged)
        try await before.awaitReady(1, in: purged)
        try await before.barrier(behind: full)
        let after = try await restart(behind: before, purged)
        try await after.expectReady(2, in: full)
        #expect(try await after.drainWhole(full) == ["3", "4"])
        #expect(try await after.drainWhole(purged) == ["4"])
    }

    @Test(
        "An expired message is dead-lettered once, and not again after a restart",
        .proves(
            "quorum.expired-stay-gone", ["rabbitmq/quorum/gone-for-good", "rabbitmq/quorum/expired"],
            needs: [.quorumQueues, .restart]))
    func expiredStayGone() async throws {
        let before = try await Probe.openChannel()
        let dead = try await before.declareQuorumQueue()
        let queue = try await before.declareQuorumQueue([
            "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(dead.octets),
        ])
        before.publish("early", to: "", queue, BasicProperties(expiration: "50"))
        try await before.barrier(behind: queue)
        try await elapse(milliseconds: 100)
        try await before.awaitReady(1, in: dead)
        let after = try await restart(behind: before, queue)
        #expect(try await after.get(queue) == nil)
        try await after.awaitReady(1, in: dead)
        #expect(try await after.drainWhole(dead) == ["early"])
        #expect(try await !after.hasReady(in: dead))
    }

    @Test(
        "A message that a restart has left expires by itself",
        .proves(
            "quorum.expires-behind-a-restart", ["rabbitmq/quorum/expires-behind-a-restart"],
            needs: [.quorumQueues, .restart, .movableClock]))
    func expiresBehindARestart() async throws {
        let before = try await Probe.openChannel()
        let dead = try await before.declareQuorumQueue()
        let queue = try await before.declareQuorumQueue([
            "x-message-ttl": 700, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(dead.octets),
        ])
        before.publish("late", to: "", queue)
        let after = try await restart(behind: before, queue)
        try await elapse(milliseconds: 700)
        try await after.expectReady(1, in: dead)
        #expect(try await after.drainWhole(dead) == ["late"])
    }
}
