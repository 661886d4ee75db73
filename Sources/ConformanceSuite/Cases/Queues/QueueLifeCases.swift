import AMQPWire
import Testing

@Suite("Queues after a change, and their end") struct QueueLifeCases {
    @Test(
        "300 and 1,500 ready messages are counted by declare-ok, get-ok, purge-ok and delete-ok",
        .proves("declare.many-messages", ["rabbitmq/queue.declare/counts"]))
    func manyMessages() async throws {
        for count in [300, 1500] {
            let channel = try await Probe.openChannel()
            let (purged, deleted) = (try await channel.declareQueue(), try await channel.declareQueue())
            for queue in [purged, deleted] { for _ in 0...count { channel.publish("", to: "", queue) } }
            for queue in [purged, deleted] {
                #expect(try await channel.get(queue)?.messageCount == UInt32(count))
                try await channel.expectReady(count, in: queue)
            }
            let purgeOk = try await channel.call(QueuePurge(queue: purged), QueuePurgeOk.self)
            #expect(purgeOk.messageCount == UInt32(count))
            let deleteOk = try await channel.call(QueueDelete(queue: deleted), QueueDeleteOk.self)
            #expect(deleteOk.messageCount == UInt32(count))
        }
    }

    @Test(
        "A purge takes what came back to the queue as well, and leaves and counts nothing of what is unacknowledged",
        .proves("declare.purge-after-return", ["queue.purge/02"]))
    func purgeAfterReturn() async throws {
        for arguments in [[:], ["x-max-priority": 5]] as [FieldTable] {
            let channel = try await Probe.openChannel()
            let queue = try await channel.declareQueue(arguments: arguments)
            for text in ["1", "2", "3", "4"] { channel.publish(text, to: "", queue) }
            let (first, second) = (
                try #require(try await channel.get(queue, noAck: false)),
                try #require(try await channel.get(queue, noAck: false))
            )
            channel.reject(first)
            try await channel.barrier(behind: queue)
            #expect(try await channel.call(QueuePurge(queue: queue), QueuePurgeOk.self).messageCount == 3)
            #expect(try await channel.drain(queue) == [])
            channel.reject(second)
            #expect(try await channel.drain(queue) == ["2"])
        }
    }

    @Test(
        "A queue with priorities still has them when it was purged",
        .proves("priority.after-purge", ["rabbitmq/priority-queue/order"]))
    func prioritiesAfterPurge() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-max-priority": 5])
        for _ in 1...2 {
            for priority in [1, 3, 2] as [UInt8] {
                channel.publish("\(priority)", to: "", queue, BasicProperties(priority: priority))
            }
            try await channel.barrier(behind: queue)
            #expect(try await channel.call(QueuePurge(queue: queue), QueuePurgeOk.self).messageCount == 3)
        }
        for priority in [1, 3, 2] as [UInt8] {
            channel.publish("\(priority)", to: "", queue, BasicProperties(priority: priority))
        }
        #expect(try await channel.drain(queue) == ["3", "2", "1"])
    }

    @Test(
        "Each of 256 priorities is one of its own",
        .proves("priority.all", ["rabbitmq/priority-queue/order"]))
    func allPriorities() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-max-priority": 255])
        let priorities: [UInt8] = [0, 127, 32, 255, 1, 31, 128, 254, 33, 63, 64, 16, 15]
        for priority in priorities {
            channel.publish("\(priority)", to: "", queue, BasicProperties(priority: priority))
        }
        let expected = ["255", "254", "128", "127", "64", "63", "33", "32", "31", "16", "15", "1", "0"]
        #expect(try await channel.drain(queue) == expected)
    }

    @Test(
        "Of several messages that come back each goes before those of its priority that were not out yet",
        .proves("priority.requeue-several", ["rabbitmq/priority-queue/requeue"]))
    func requeueSeveral() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-max-priority": 5])
        for (text, priority) in [("a", 3), ("b", 3), ("c", 3), ("d", 1), ("e", 1)] as [(String, UInt8)] {
            channel.publish(text, to: "", queue, BasicProperties(priority: priority))
        }
        var last: Received?
        for _ in 1...2 { last = try await channel.get(queue, noAck: false) }
        channel.nack(try #require(last), multiple: true)
        var seen: [Received] = []
        while let message = try await channel.get(queue) { seen.append(message) }
        #expect(seen.map(\.text) == ["a", "b", "c", "d", "e"])
        #expect(seen.map(\.redelivered) == [true, true, false, false, false])
    }

    @Test(
        "An auto-delete queue goes with its last consumer, whatever it holds and whatever is unacknowledged",
        .proves("declare.auto-delete-with-messages", ["rabbitmq/queue.declare/auto-delete-last-consumer"]))
    func autoDeleteWithMessages() async throws {
        for window in [0, 1] as [UInt16] {
            let channel = try await Probe.openChannel()
            let queue = try await channel.declareQueue(autoDelete: true)
            for text in ["1", "2"] { channel.publish(text, to: "", queue) }
            try await channel.qos(window)
            let tag = try await channel.consume(queue)
            _ = try await channel.deliveries(window == 0 ? 2 : 1)
            try await channel.cancel(tag)
            try await channel.awaitGone(queue: queue)
        }
    }

    @Test(
        "A message refused after its queue was deleted is not dead-lettered",
        .proves("dead-letter.refused-after-deletion", ["rabbitmq/dead-letter/requeue-not-dead"]))
    func refusedAfterDeletion() async throws {
        let letters = try await DeadLetters.open()
        letters.publish("refused too late")
        let message = try #require(try await letters.get())
        _ = try await letters.channel.call(QueueDelete(queue: letters.queue), QueueDeleteOk.self)
        letters.channel.reject(message, requeue: false)
        try await letters.channel.barrier()
        letters.channel.publish("the marker", to: "", letters.dead)
        #expect(try await letters.next().text == "the marker")
    }

    @Test(
        "Messages expire one after the other in a queue that nobody touches, behind a lease too",
        .proves("ttl.one-after-the-other", ["rabbitmq/dead-letter/expired"]))
    func oneAfterTheOther() async throws {
        for arguments in [[:], ["x-expires": 60_000]] as [FieldTable] {
            let letters = try await DeadLetters.open(arguments)
            letters.publish("soon", BasicProperties(expiration: "100"))
            letters.publish("later", BasicProperties(expiration: "300"))
            try await letters.channel.barrier(behind: letters.queue)
            try await elapse(milliseconds: 150)
            #expect(try await letters.next().text == "soon")
            try await elapse(milliseconds: 200)
            #expect(try await letters.next().text == "later")
        }
    }

    @Test(
        "A queue that is left by its last consumer has its whole lease again, and then goes",
        .proves(
            "expires.after-a-consumer", ["rabbitmq/queue-expires/unused", "rabbitmq/queue-expires/consumer-holds"],
            needs: [.quiet]))
    func leaseAfterAConsumer() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(arguments: ["x-expires": 800])
        let tags = [try await channel.consume(queue), try await channel.consume(queue)]
        try await channel.cancel(tags[0])
        try await elapse(milliseconds: 900)
        expect(try await channel.outcome(of: QueuePurge(queue: queue)), .ok)
        try await channel.cancel(tags[1])
        expect(try await channel.outcome(of: QueuePurge(queue: queue)), .ok)
        try await elapse(milliseconds: 900)
        #expect(try await !channel.exists(queue: queue))
    }
}
