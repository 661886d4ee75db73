import AMQPWire
import Testing

extension ProbeChannel {
    /// A quorum queue that this channel's node leads.
    fileprivate func declareQuorumQueueHere() async throws -> ShortString {
        try await declareQuorumQueue(["x-queue-leader-locator": "client-local"])
    }

    /// Publishes a message that lasts, and waits until it is confirmed. The channel confirms already.
    fileprivate func confirm(_ text: String, to queue: ShortString) async throws {
        publish(text, to: "", queue, BasicProperties(deliveryMode: 2))
        #expect(try await confirm().isAck)
    }
}

@Suite("A cluster loses a node: replicated queues") struct ClusterCases {
    @Test(
        "Confirmed messages survive the node that leads their queue, in their order and unmarked",
        .proves(
            "cluster.confirmed-survives-the-leader", ["rabbitmq/cluster/confirmed-survives"],
            needs: [.cluster, .quorumQueues]))
    func confirmedSurvivesTheLeader() async throws {
        let leader = try await Probe.openChannel(node: 2)
        let queue = try await leader.declareQuorumQueueHere()
        try await leader.fill(queue, 1...50)
        try await kill(nodes: 2)
        let other = try await Probe.openChannel(node: 1)
        try await other.consume(queue)
        let messages = try await other.deliveries(50)
        #expect(messages.map(\.text) == (1...50).map { "\($0)" })
        #expect(messages.allSatisfy { !$0.redelivered })
    }

    @Test(
        "Confirmed messages survive the death of all nodes at once",
        .proves(
            "cluster.confirmed-survives-all", ["rabbitmq/cluster/confirmed-survives"],
            needs: [.cluster, .quorumQueues]))
    func confirmedSurvivesAll() async throws {
        let leader = try await Probe.openChannel(node: 2)
        let queue = try await leader.declareQuorumQueueHere()
        try await leader.fill(queue, 1...50)
        // A node writes down a moment later that there is such a queue.
        try await elapse(milliseconds: 2000)
        try await kill(nodes: 1, 2, 3)
        try await start(nodes: 1, 2, 3)
        let other = try await consumer(of: queue, node: 1)
        #expect(try await other.deliveries(50).map(\.text) == (1...50).map { "\($0)" })
    }

    @Test(
        "A minority confirms nothing, however long it waits, and what it was given is confirmed when a majority is back",
        .proves(
            "cluster.minority-does-not-confirm", ["rabbitmq/cluster/minority"], needs: [.cluster, .quorumQueues]))
    func minorityDoesNotConfirm() async throws {
        let channel = try await Probe.openChannel(node: 1)
        let queue = try await channel.declareQuorumQueueHere()
        let marker = try await channel.declareQueue()
        try await channel.fill(queue, 1...1)
        try await kill(nodes: 2, 3)
        channel.publish("2", to: "", queue)
        // Several times what a majority takes; then a queue of this node alone still confirms, and this one has not.
        try await elapse(milliseconds: 3000)
        channel.publish("marker", to: "", marker)
        #expect(try await channel.confirm() == .ack(3))
        try await start(nodes: 2, 3)
        #expect(try await channel.confirm().acks(2))
        let other = try await consumer(of: queue, node: 3)
        #expect(try await other.deliveries(2).map(\.text) == ["1", "2"])
    }

    @Test(
        "A consumer at a node that lives goes on with what it holds, and gets what comes then, when the leader dies",
        .proves("cluster.consumer-goes-on", ["rabbitmq/cluster/consumer-goes-on"], needs: [.cluster, .quorumQueues]))
    func consumerGoesOn() async throws {
        let leader = try await Probe.openChannel(node: 2)
        let queue = try await leader.declareQuorumQueueHere()
        let consumer = try await Probe.openChannel(node: 1)
        try await consumer.qos(10)
        try await consumer.consume(queue, tag: "goes on")
        try await leader.fill(queue, 1...3)
        let held = try await consumer.deliveries(3)
        consumer.ack(held[0])
        try await consumer.barrier(behind: queue)
        try await kill(nodes: 2)
        let publisher = try await Probe.openChannel(node: 3)
        try await publisher.fill(queue, 4...4)
        let next = try await consumer.delivery()
        #expect(next.text == "4" && next.consumerTag == "goes on" && !next.redelivered)
        consumer.ack(next, multiple: true)
        // What it held was not handed out again, and its acknowledgements count.
        try await consumer.barrier(behind: queue)
        #expect(consumer.deliveriesSoFar().isEmpty)
        try await consumer.probe.close()
        try await publisher.expectReady(0, in: queue)
    }

    @Test(
        "Messages that a consumer at a dead node held go to one at another, marked; the queue's leader lives",
        .proves(
            "cluster.held-at-a-dead-node", ["rabbitmq/cluster/redelivered"], needs: [.cluster, .quorumQueues]))
    func heldAtADeadNode() async throws { try await holdAtADeadNode(leader: 3) }

    @Test(
        "Messages that a consumer at a dead node held go to one at another, even if the dead node led the queue",
        .proves(
            "cluster.held-at-the-leader", ["rabbitmq/cluster/redelivered"], needs: [.cluster, .quorumQueues]))
    func heldAtTheLeader() async throws { try await holdAtADeadNode(leader: 2) }

    /// Node 2 dies, with a consumer there.
    private func holdAtADeadNode(leader: Int) async throws {
        let queue = try await Probe.openChannel(node: leader).declareQuorumQueueHere()
        let doomed = try await Probe.openChannel(node: 2)
        // No more than it gets while it lives: RabbitMQ goes on handing out to a node whose death it has not noticed.
        try await doomed.qos(5)
        try await doomed.consume(queue)
        let publisher = try await Probe.openChannel(node: 3)
        try await publisher.fill(queue, 1...5)
        _ = try await doomed.deliveries(5)
        let heir = try await Probe.openChannel(node: 1)
        try await heir.qos(10)
        try await heir.consume(queue)
        try await kill(nodes: 2)
        #expect(try await doomed.probe.end() != nil, "its connection ends with its node")
        try await publisher.fill(queue, 6...6)
        let messages = try await heir.deliveries(6)
        // The new one comes before the news of the death.
        #expect(messages.map(\.text).sorted() == ["1", "2", "3", "4", "5", "6"])
        #expect(messages.filter { !$0.redelivered }.map(\.text) == ["6"])
        #expect(messages.filter(\.redelivered).map(\.text) == ["1", "2", "3", "4", "5"])
    }

    @Test(
        "A stream's offsets are the same at every node, and with another leader: its consumers go on, and others begin anywhere",
        .proves("cluster.stream-offsets", ["rabbitmq/cluster/stream"], needs: [.cluster, .streams]))
    func streamOffsets() async throws {
        let leader = try await Probe.openChannel(node: 2)
        let stream = try await leader.declareStream(["x-queue-leader-locator": "client-local"])
        try await leader.fill(stream, 1...20)
        let reader = try await Probe.openChannel(node: 1)
        try await reader.read(stream, from: 5)
        let before = try await reader.deliveries(15)
        #expect(before.map(\.text) == (6...20).map { "\($0)" })
        #expect(before.compactMap(\.offset) == Array(5...19))
        try await kill(nodes: 2)
        let publisher = try await Probe.openChannel(node: 3)
        try await publisher.fill(stream, 21...21)
        let next = try await reader.delivery()
        #expect(next.text == "21" && next.offset == 20)
        try await publisher.read(stream, from: 10)
        let again = try await publisher.deliveries(11)
        #expect(again.map(\.text) == (11...21).map { "\($0)" })
        #expect(again.compactMap(\.offset) == Array(10...20))
    }

    /// A consumer, once the queue has a leader again: until then it is refused, sometimes with the whole connection.
    private func consumer(of queue: ShortString, node: Int) async throws -> ProbeChannel {
        for _ in 1...100 {
            let consume = BasicConsume(queue: queue)
            if let channel = try? await Probe.openChannel(node: node),
                (try? await channel.call(consume, BasicConsumeOk.self)) != nil
            {
                return channel
            }
            try await elapse(milliseconds: 300)
        }
        throw SuiteError("\(queue) has no leader again")
    }
}

@Suite("A cluster loses a node: queues of that node alone") struct LostQueueCases {
    @Test(
        "An exclusive queue dies with its node: its connection ends, and it is not there again with the node",
        .proves("cluster.exclusive-dies", ["rabbitmq/cluster/exclusive"], needs: [.cluster]))
    func exclusiveDies() async throws {
        let owner = try await Probe.openChannel(node: 2)
        let queue = try await owner.declareQueue()
        try await kill(nodes: 2)
        #expect(try await owner.probe.end() != nil)
        try await start(nodes: 2)
        for node in 1...2 {
            let channel = try await Probe.openChannel(node: node)
            let passive = QueueDeclare(queue: queue, passive: true)
            expect(try await channel.outcome(of: passive), .channelClose(.notFound))
        }
    }

    @Test(
        "A consumer of a classic queue at another node is cancelled when the queue's node dies",
        .proves("cluster.classic-cancels", ["rabbitmq/cluster/classic"], needs: [.cluster]))
    func classicCancels() async throws {
        let queue = try await filled()
        let consumer = try await Probe.openChannel(node: 1)
        try await consumer.consume(queue, tag: "elsewhere")
        #expect(try await consumer.delivery().text == "1")
        try await kill(nodes: 2)
        #expect(try await consumer.receive(BasicCancel.self).consumerTag == "elsewhere")
        try await consumer.barrier()
    }

    @Test(
        "A durable classic queue is away with its node, and there again with it, with what was confirmed",
        .proves("cluster.classic-is-away", ["rabbitmq/cluster/classic"], needs: [.cluster]))
    func classicIsAway() async throws {
        let queue = try await filled()
        try await kill(nodes: 2)
        let channel = try await Probe.openChannel(node: 1)
        let passive = QueueDeclare(queue: queue, passive: true)
        expect(try await channel.outcome(of: passive), .channelClose(.notFound))
        try await start(nodes: 2)
        let after = try await Probe.openChannel(node: 1)
        try await after.awaitReady(1, in: queue)
        let message = try #require(try await after.get(queue))
        #expect(message.text == "1")
    }

    @Test(
        "A publish to a classic queue whose node is dead is refused",
        .proves("cluster.classic-takes-nothing", ["rabbitmq/cluster/classic-takes-nothing"], needs: [.cluster]))
    func classicTakesNothing() async throws {
        let queue = try await filled()
        try await kill(nodes: 2)
        let channel = try await Probe.openChannel(node: 1)
        try await channel.confirmSelect()
        channel.publish("2", to: "", queue, BasicProperties(deliveryMode: 2), mandatory: true)
        #expect(try await channel.confirm().nacks(1))
    }

    /// A durable classic queue on node 2 with a message that lasts, confirmed.
    private func filled() async throws -> ShortString {
        let channel = try await Probe.openChannel(node: 2)
        let queue = try await channel.declareQueue(unique("classic"), durable: true, exclusive: false)
        try await channel.confirmSelect()
        try await channel.confirm("1", to: queue)
        return queue
    }
}
