import AMQPWire
import Testing

@Suite("When the broker cancels a consumer") struct CancelNotifyCases {
    /// A consumer, told of cancels or not, of a queue that others may delete.
    private func consumer(isTold: Bool = true) async throws -> (channel: ProbeChannel, queue: ShortString) {
        let probe = isTold ? try await Probe.connect() : try await Probe.connect { $0.capabilities = [:] }
        let channel = try await probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false)
        try await channel.consume(queue, tag: "consumer")
        return (channel, queue)
    }

    private func delete(_ queue: ShortString, on channel: ProbeChannel) async throws {
        _ = try await channel.call(QueueDelete(queue: queue), QueueDeleteOk.self)
    }

    @Test(
        "Deleting a queue sends basic.cancel to each of its consumers",
        .proves("cancel-notify.queue-deleted", ["rabbitmq/consumer-cancel-notify/queue-deleted"]))
    func queueDeleted() async throws {
        let (channel, queue) = try await consumer()
        try await channel.consume(queue, tag: "second")
        try await delete(queue, on: channel)
        let cancels = [try await channel.receive(BasicCancel.self), try await channel.receive(BasicCancel.self)]
        #expect(Set(cancels.map(\.consumerTag)) == ["consumer", "second"])
        #expect(cancels.map(\.noWait) == [true, true], "the broker wants no answer")
    }

    @Test(
        "A client that did not announce the capability is told nothing",
        .proves(
            "cancel-notify.opt-in",
            ["rabbitmq/consumer-cancel-notify/opt-in", "rabbitmq/capabilities/client-opt-in"]))
    func optIn() async throws {
        let (channel, queue) = try await consumer(isTold: false)
        let (informed, _) = try await consumer()
        try await informed.consume(queue, tag: "informed")
        try await delete(queue, on: channel)
        // The one that is told shows that the telling is over.
        #expect(try await informed.receive(BasicCancel.self).consumerTag == "informed")
        try await channel.barrier()
        #expect(channel.probe.arrived(on: channel.number).isEmpty)
    }

    @Test(
        "A client's own cancel is answered with cancel-ok, and with nothing else",
        .proves("cancel-notify.not-on-own-cancel", ["rabbitmq/consumer-cancel-notify/not-on-client-cancel"]))
    func notOnOwnCancel() async throws {
        let (channel, queue) = try await consumer()
        try await channel.cancel("consumer")
        try await channel.barrier(behind: queue)
        #expect(channel.probe.arrived(on: channel.number).isEmpty)
    }

    @Test(
        "Deleting a queue sends nothing to a client whose consumer was cancelled before",
        .proves("cancel-notify.not-after-own-cancel", ["rabbitmq/consumer-cancel-notify/not-on-client-cancel"]))
    func notAfterOwnCancel() async throws {
        let (channel, queue) = try await consumer()
        try await channel.consume(queue, tag: "left")
        try await channel.cancel("consumer")
        try await delete(queue, on: channel)
        #expect(try await channel.receive(BasicCancel.self).consumerTag == "left")
        try await channel.barrier()
        #expect(channel.probe.arrived(on: channel.number).isEmpty)
    }

    @Test(
        "Cancelling a consumer that the broker has cancelled already is no error",
        .proves("cancel-notify.late-cancel", ["rabbitmq/consumer-cancel-notify/late-cancel"]))
    func lateCancel() async throws {
        let (channel, queue) = try await consumer()
        try await delete(queue, on: channel)
        _ = try await channel.receive(BasicCancel.self)
        try await channel.send(BasicCancel(consumerTag: "consumer"), expecting: .ok)
    }

    @Test(
        "A consumer is cancelled whichever connection deletes its queue",
        .proves("cancel-notify.deleted-elsewhere", ["rabbitmq/consumer-cancel-notify/deleted-elsewhere"]))
    func deletedElsewhere() async throws {
        let (channel, queue) = try await consumer()
        try await delete(queue, on: try await Probe.openChannel())
        #expect(try await channel.receive(BasicCancel.self).consumerTag == "consumer")
    }

    @Test(
        "When the broker has cancelled a consumer, its channel goes on, and its consumer tag is free again",
        .proves("cancel-notify.channel-stays", ["rabbitmq/consumer-cancel-notify/channel-stays"]))
    func channelStays() async throws {
        let (channel, queue) = try await consumer()
        try await delete(queue, on: channel)
        _ = try await channel.receive(BasicCancel.self)
        let next = try await channel.declareQueue()
        try await channel.consume(next, tag: "consumer")
        channel.publish("life goes on", to: "", next)
        #expect(try await channel.delivery().text == "life goes on")
    }

    @Test(
        "A channel that deletes a queue it consumes from hears delete-ok before the cancels",
        .proves("cancel-notify.after-delete-ok", ["rabbitmq/consumer-cancel-notify/after-delete-ok"]))
    func afterDeleteOk() async throws {
        let (channel, queue) = try await consumer()
        try await channel.consume(queue, tag: "second")
        channel.send(QueueDelete(queue: queue))
        let methods = [try await channel.next(), try await channel.next(), try await channel.next()].map(\.method?.id)
        #expect(methods == [QueueDeleteOk.id, BasicCancel.id, BasicCancel.id])
    }
}
