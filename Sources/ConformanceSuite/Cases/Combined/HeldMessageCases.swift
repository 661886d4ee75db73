import AMQPWire
import Testing

/// What a channel holds unacknowledged, when something else happens to its queue, its transaction or its window.
@Suite("Held messages: and something else happens") struct HeldMessageCases {
    /// Two consumers of a queue, one of which holds its only message. Then the queue is deleted.
    private func expectBothToldOfTheDeletion(_ declare: (ProbeChannel) async throws -> ShortString) async throws {
        for isDeletedElsewhere in [true, false] {
            let channel = try await Probe.openChannel()
            let queue = try await declare(channel)
            try await channel.qos(1)
            for tag: ShortString in ["one", "other"] { try await channel.consume(queue, tag: tag) }
            channel.publish("held", to: "", queue)
            let held = try await channel.delivery()
            let deleting = try await isDeletedElsewhere ? Probe.openChannel() : channel
            _ = try await deleting.call(QueueDelete(queue: queue), QueueDeleteOk.self)
            let cancels = [try await channel.receive(BasicCancel.self), try await channel.receive(BasicCancel.self)]
            #expect(Set(cancels.map(\.consumerTag)) == ["one", "other"], "deleted elsewhere: \(isDeletedElsewhere)")
            // The tag is still outstanding, and the consumers' names are free again.
            channel.ack(held)
            try await channel.barrier()
            let next = try await channel.declareQueue()
            try await channel.consume(next, tag: "one")
            channel.publish("goes on", to: "", next)
            #expect(try await channel.delivery().text == "goes on", "deleted elsewhere: \(isDeletedElsewhere)")
        }
    }

    @Test(
        "A consumer that holds messages is told like any other that its queue was deleted",
        .proves(
            "cancel-notify.while-holding",
            [
                "rabbitmq/consumer-cancel-notify/queue-deleted", "rabbitmq/consumer-cancel-notify/deleted-elsewhere",
                "rabbitmq/consumer-cancel-notify/channel-stays",
            ]))
    func toldWhileHolding() async throws {
        try await expectBothToldOfTheDeletion { try await $0.declareQueue(exclusive: false) }
    }

    @Test(
        "A consumer of a quorum queue that holds messages is told that its queue was deleted",
        .proves(
            "quorum.cancel-while-holding",
            ["rabbitmq/consumer-cancel-notify/queue-deleted", "rabbitmq/consumer-cancel-notify/deleted-elsewhere"],
            needs: [.quorumQueues]))
    func toldWhileHoldingOfAQuorumQueue() async throws {
        try await expectBothToldOfTheDeletion { try await $0.declareQuorumQueue() }
    }

    // MARK: Transactions

    /// Ways to settle four of five messages at once, or in several steps.
    private enum Settling: CaseIterable {
        case ackOfSeveral, twoAcksOfSeveral, ackOfAll, requeueOfSeveral, refusalOfSeveral, oneByOne

        func settle(_ messages: [Received], on channel: ProbeChannel) {
            switch self {
            case .ackOfSeveral: channel.ack(messages[3], multiple: true)
            case .twoAcksOfSeveral:
                channel.ack(messages[1], multiple: true)
                channel.ack(messages[3], multiple: true)
            case .ackOfAll: channel.send(BasicAck(deliveryTag: 0, multiple: true))
            case .requeueOfSeveral: channel.nack(messages[3], multiple: true)
            case .refusalOfSeveral: channel.nack(messages[3], multiple: true, requeue: false)
            case .oneByOne: for index in [2, 0, 3, 1] { channel.ack(messages[index]) }
            }
        }
    }

    @Test(
        "A rollback gives back each of several messages that were settled at once",
        .proves(
            "tx.rollback-of-several", ["rabbitmq/tx/rollback-acks", "rabbitmq/tx/unacked-survive-rollback"]))
    func rollbackOfSeveral() async throws {
        let other = try await Probe.openChannel()
        for settling in Settling.allCases {
            for isSettledThen in [true, false] {
                let channel = try await other.probe.openChannel()
                let queue = try await other.declareQueue(exclusive: false)
                for number in 1...5 { other.publish("\(number)", to: "", queue) }
                try await other.barrier(behind: queue)
                _ = try await channel.call(TxSelect(), TxSelectOk.self)
                var held: [Received] = []
                for _ in 1...5 { held.append(try #require(try await channel.get(queue, noAck: false))) }
                settling.settle(held, on: channel)
                _ = try await channel.call(TxRollback(), TxRollbackOk.self)
                try await other.expectReady(0, in: queue, "\(settling): nothing is requeued")
                if isSettledThen {
                    for message in held { channel.ack(message) }
                    _ = try await channel.call(TxCommit(), TxCommitOk.self)
                }
                try await channel.close()
                let expected = isSettledThen ? [] : ["1", "2", "3", "4", "5"]
                try await other.awaitReady(expected.count, in: queue)
                #expect(try await other.drain(queue) == expected, "\(settling), settled then: \(isSettledThen)")
            }
        }
    }

    // MARK: Windows

    @Test(
        "When the shared limit is taken back, what waited for it comes at once",
        .proves(
            "dispatch.shared-window-taken-back",
            ["rabbitmq/consumer-prefetch/global-immediate", "rabbitmq/consumer-prefetch/zero"],
            rabbitmq: .from("4.3", "The window is that of consumers to come.")))
    func sharedWindowTakenBack() async throws {
        let (channel, queue, _) = try await behindASharedWindow()
        try await channel.qos(0, global: true)
        try await channel.barrier(behind: queue)
        let come = channel.deliveriesSoFar().map(\.text)
        expect(come, spec: ["2", "3", "4"], rabbitmq: [], from: "4.3", "what came")
    }

    @Test(
        "Does a limit for each consumer let go what waited for the shared one?",
        .proves(
            "dispatch.shared-window-replaced", ["rabbitmq/consumer-prefetch/both"],
            rabbitmq: .before("4.3", "A later window for each consumer takes the shared one away, at once.")))
    func sharedWindowReplaced() async throws {
        for count in [10, 1, 0] as [UInt16] {
            let (channel, queue, held) = try await behindASharedWindow()
            try await channel.qos(count)
            // It comes by itself: a question to the queue might wake that.
            var come: [String] = []
            for _ in 1...100 where come.isEmpty {
                try await channel.barrier()
                come += channel.deliveriesSoFar().map(\.text)
            }
            if !come.isEmpty { try await channel.barrier(behind: queue) }
            come += channel.deliveriesSoFar().map(\.text)
            expect(come, spec: [], rabbitmq: ["2", "3", "4"], before: "4.3", "what came with \(count) for each")
            guard come.isEmpty else { continue }
            // It is there still, then, and lets one through for one.
            channel.ack(held)
            try await channel.barrier(behind: queue)
            #expect(channel.deliveriesSoFar().map(\.text) == ["2"], "with \(count) for each")
        }
    }

    /// A consumer that holds the first of four messages, because its channel has room for one.
    private func behindASharedWindow() async throws -> (channel: ProbeChannel, queue: ShortString, held: Received) {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(1, global: true)
        try await channel.consume(queue)
        for number in 1...4 { channel.publish("\(number)", to: "", queue) }
        try await channel.barrier(behind: queue)
        let come = channel.deliveriesSoFar()
        #expect(come.map(\.text) == ["1"])
        return (channel, queue, try #require(come.first))
    }

    @Test(
        "A consumer of a quorum queue holds as many as its limit says, beyond 2,000 too",
        .proves(
            "quorum.prefetch-of-thousands", ["rabbitmq/quorum/prefetch", "rabbitmq/quorum/order"],
            needs: [.quorumQueues]))
    func prefetchOfThousands() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQuorumQueue()
        channel.publish(1...3001, toQueue: queue)
        try await channel.awaitReady(3001, in: queue)
        try await channel.qos(3000)
        try await channel.consume(queue)
        let held = try await channel.deliveries(3000)
        let isInOrder = held.map(\.text) == (1...3000).map { "\($0)" }
        #expect(isInOrder)
        try await channel.barrier(behind: queue)
        #expect(channel.deliveriesSoFar().isEmpty, "more than the limit was handed out")
        channel.ack(held[0])
        #expect(try await channel.delivery().text == "3001")
    }

    // MARK: What comes back

    @Test(
        "A message of any size tells how often it came back",
        .proves(
            "quorum.count-of-any-size", ["rabbitmq/quorum/delivery-count", "rabbitmq/quorum/abandoned"],
            needs: [.quorumQueues]))
    func countOfAnySize() async throws {
        let channel = try await Probe.openChannel()
        for size in [0, 4_096, 65_536, 65_537, 102_400, 300_000] {
            let queue = try await channel.declareQuorumQueue()
            let body = [UInt8](repeating: 7, count: size)
            channel.publish(body: body, to: "", queue)
            for count in 1...2 {
                let holder = try await channel.probe.openChannel()
                _ = try await holder.hold(1, of: queue)
                // Closing the channel is a failure of all that it held, in every release.
                try await holder.close()
                try await channel.awaitReady(1, in: queue)
                let consumer = try await channel.probe.openChannel()
                try await consumer.qos(1)
                try await consumer.consume(queue)
                let message = try await consumer.delivery()
                #expect(message.headers["x-delivery-count"]?.integer == Int64(2 * count - 1), "\(size) octets")
                let isWhole = message.content.body == body
                #expect(isWhole && message.redelivered, "\(size) octets")
                try await consumer.close()
                try await channel.awaitReady(1, in: queue)
            }
        }
    }

    // MARK: Filters of a stream

    @Test(
        "A filter of one, two or no fitting values takes what has no value when it is asked to, and only then",
        .proves(
            "stream.filter-of-several-unfiltered", ["rabbitmq/stream/filter"], needs: [.streams],
            rabbitmq: .before("4.0", "There are no filters: it is handed everything.")))
    func filterOfSeveralUnfiltered() async throws {
        let channel = try await Probe.openChannel()
        let stream = try await channel.declareStream()
        try await channel.confirmSelect()
        // Each confirmed: so none stands in a run with others, which RabbitMQ would hand out together.
        for value in ["eu", nil, "asia", "us", nil, "eu"] as [String?] {
            let headers = value.map { FieldTable([.init("x-stream-filter-value", .string($0))]) }
            channel.publish(value ?? "none", to: "", stream, BasicProperties(headers: headers))
            #expect(try await channel.confirm().isAck)
        }
        let all = ["eu", "none", "asia", "us", "none", "eu"]
        for values in [["eu"], ["eu", "us"], ["us", "asia", "eu"], ["us", "nowhere"]] {
            for takesUnfiltered in [true, false] {
                let reader = try await channel.probe.openChannel()
                let filter = FieldValue.array(values.map(FieldValue.string))
                try await reader.read(
                    stream, from: "first",
                    ["x-stream-filter": filter, "x-stream-match-unfiltered": .bool(takesUnfiltered)])
                let fitting = all.filter { values.contains($0) || takesUnfiltered && $0 == "none" }
                let come = try await reader.deliveries(fitting.count).map(\.text)
                expect(
                    come, spec: fitting, rabbitmq: Array(all.prefix(fitting.count)), before: "4.0",
                    "what comes of \(values), those without a value: \(takesUnfiltered)")
            }
        }
    }
}
