import AMQPWire
import Testing

/// What settling does beside deleted queues, holes, large numbers, and where there is nothing to do.
@Suite("Settling in unusual places") struct UnusualSettlingCases {
    @Test(
        "Methods that find nothing to do are answered all the same",
        .proves(
            "channel.nothing-to-do",
            [
                "rabbitmq/basic.recover/requeue-all", "rabbitmq/consumer-cancel-notify/late-cancel",
                "rabbitmq/tx/new-tx-implicit", "queue.purge/02",
            ]))
    func nothingToDo() async throws {
        let channel = try await Probe.openChannel()
        // Twice, because the second time is another state.
        for _ in 1...2 {
            _ = try await channel.call(BasicRecover(requeue: true), BasicRecoverOk.self)
            _ = try await channel.call(BasicCancel(consumerTag: "nobody's"), BasicCancelOk.self)
            _ = try await channel.call(BasicQos(prefetchCount: 0), BasicQosOk.self)
            _ = try await channel.call(ChannelFlow(active: true), ChannelFlowOk.self)
        }
        let queue = try await channel.declareQueue()
        for _ in 1...2 {
            #expect(try await channel.call(QueuePurge(queue: queue), QueuePurgeOk.self).messageCount == 0)
            _ = try await channel.call(TxSelect(), TxSelectOk.self)
            _ = try await channel.call(TxRollback(), TxRollbackOk.self)
            _ = try await channel.call(TxCommit(), TxCommitOk.self)
            _ = try await channel.call(BasicRecover(requeue: true), BasicRecoverOk.self)
        }
        let confirming = try await channel.probe.openChannel()
        for _ in 1...2 { try await confirming.confirmSelect() }
    }

    @Test(
        "An acknowledgement makes room in a shared window when the message's queue is gone as well",
        .proves(
            "dispatch.room-from-a-deleted-queue",
            ["rabbitmq/consumer-prefetch/per-channel", "rabbitmq/consumer-prefetch/settle-frees"]))
    func roomFromADeletedQueue() async throws {
        let channel = try await Probe.connect { $0.capabilities = [:] }.openChannel()
        let other = try await Probe.openChannel()
        try await channel.qos(1, global: true)
        let deleted = try await channel.declareQueue(exclusive: false)
        let queue = try await channel.declareQueue(exclusive: false)
        try await channel.consume(deleted)
        try await channel.consume(queue)
        channel.publish("held", to: "", deleted)
        let held = try await channel.delivery()
        _ = try await other.call(QueueDelete(queue: deleted), QueueDeleteOk.self)
        channel.ack(held)
        try await channel.barrier()
        channel.publish("next", to: "", queue)
        #expect(try await channel.delivery().text == "next")
    }

    @Test(
        "A tag between holes settles its own message, and no other",
        .proves("settle.beside-holes", ["basic.ack.multiple/exists", "domain.delivery-tag/non-zero"]))
    func besideHoles() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false)
        for number in 1...200 { channel.publish("\(number)", to: "", queue) }
        try await channel.consume(queue)
        let all = try await channel.deliveries(200)
        var left = Set(1...200)
        // A hole in the middle, grown one by one, then single ones beside it and at both ends.
        for tag in Array(60...160) + [161, 59, 1, 2, 200, 199, 30, 180] {
            channel.ack(all[tag - 1])
            left.remove(tag)
        }
        channel.ack(all[9], multiple: true)
        left.subtract(1...10)
        try await channel.barrier(behind: queue)
        try await channel.close()
        let other = try await channel.probe.openChannel()
        try await other.awaitReady(left.count, in: queue)
        #expect(try await other.drain(queue) == left.sorted().map { "\($0)" })
    }

    @Test(
        "A message that was handed out hundreds of times is still marked as redelivered, and keeps its place",
        .proves("settle.redelivered-hundreds-of-times", ["domain.redelivered/implementation"]))
    func redeliveredHundredsOfTimes() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for text in ["back again", "behind"] { channel.publish(text, to: "", queue) }
        try await channel.barrier(behind: queue)
        for count in 0..<300 {
            let message = try #require(try await channel.get(queue, noAck: false))
            try #require(message.text == "back again", "after \(count) returns")
            try #require(message.redelivered == (count > 0), "after \(count) returns")
            channel.nack(message)
            try await channel.awaitReady(2, in: queue)
        }
    }

    @Test(
        "A channel whose number needs two octets has confirms, returns, deliveries and errors like any other",
        .proves(
            "channel.large-numbers", ["rabbitmq/publisher-confirms/exactly-one-answer", "spec/4.2.3/channel-zero-only"])
    )
    func largeNumbers() async throws {
        let probe = try await Probe.connect()
        let most = probe.channelMax
        let numbers = ([255, 256, 257, 300, 512, 1000] as [UInt16]).filter { most == 0 || $0 <= most }
        guard numbers.count > 1 else { return inform("no channel's number needs two octets") }
        for number in numbers {
            let channel = try await probe.openChannel(number)
            let queue = try await channel.declareQueue()
            try await channel.confirmSelect()
            try await channel.consume(queue)
            channel.publish("1", to: "", queue)
            #expect(try await channel.confirm().tag == 1)
            #expect(try await channel.delivery().text == "1")
            channel.publish("nowhere", to: "", unique("nobody"), mandatory: true)
            #expect(try await channel.returned().text == "nowhere")
            #expect(try await channel.confirm().tag == 2)
            try await channel.send(
                QueueDeclare(queue: unique("nowhere"), passive: true), expecting: .channelClose(.notFound))
        }
    }

    @Test(
        "A consumer that becomes the active one behind a full window gets its message once there is room",
        .proves(
            "single-active.takes-over-behind-a-full-window",
            ["rabbitmq/single-active-consumer/failover-cancel", "rabbitmq/consumer-prefetch/per-channel"]))
    func takesOverBehindAFullWindow() async throws {
        let active = try await Probe.openChannel()
        let queue = try await active.declareQueue(exclusive: false, arguments: ["x-single-active-consumer": true])
        let tag = try await active.consume(queue)
        let channel = try await Probe.openChannel()
        try await channel.qos(1, global: true)
        let other = try await channel.declareQueue()
        try await channel.consume(other)
        try await channel.consume(queue)
        channel.publish("fills the window", to: "", other)
        let held = try await channel.delivery()
        try await active.cancel(tag)
        active.publish("waits", to: "", queue)
        try await active.barrier(behind: queue)
        channel.ack(held)
        #expect(try await channel.delivery().text == "waits")
    }
}
