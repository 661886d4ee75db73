import AMQPWire
import Testing

@Suite("What happens to a delivery when its consumer goes") struct ReturnToQueueCases {
    /// A queue that another connection can use, with a consumer that holds three of its five messages.
    private func holding() async throws -> (holder: ProbeChannel, queue: ShortString, observer: ProbeChannel) {
        let observer = try await Probe.openChannel()
        let queue = try await observer.declareQueue(exclusive: false)
        let holder = try await Probe.openChannel()
        try await holder.qos(3)
        try await holder.consume(queue, tag: "holder")
        for number in 1...5 { observer.publish("\(number)", to: "", queue) }
        return (holder, queue, observer)
    }

    /// All messages of the queue, in the order in which a new consumer is handed them.
    private func delivered(_ queue: ShortString, to channel: ProbeChannel) async throws -> [Received] {
        try await channel.consume(queue, noAck: true)
        return try await channel.deliveries(5)
    }

    @Test(
        "A cancel leaves with the channel what it holds: it can still be settled",
        .proves("settle.cancel-keeps-unacked", ["rabbitmq/ordering/cancel-keeps-unacked"]))
    func cancelKeepsUnacked() async throws {
        let (holder, queue, observer) = try await holding()
        let held = try await holder.deliveries(3)
        try await holder.cancel("holder")
        try await observer.expectReady(2, in: queue, "a cancel must not put anything back")
        holder.ack(held[0])
        holder.nack(held[1])
        try await holder.barrier(behind: queue)
        #expect(try await observer.drain(queue) == ["2", "4", "5"])
    }

    @Test(
        "Unsettled messages of a channel go back when it is closed, to their old places and marked",
        .proves(
            "settle.channel-close-returns",
            ["rabbitmq/ordering/cancel-keeps-unacked", "rabbitmq/ordering/requeue-position"]))
    func channelCloseReturns() async throws {
        let (holder, queue, observer) = try await holding()
        _ = try await holder.deliveries(3)
        try await holder.close()
        try await observer.awaitReady(5, in: queue)
        let messages = try await delivered(queue, to: observer)
        #expect(messages.map(\.text) == ["1", "2", "3", "4", "5"])
        #expect(messages.map(\.redelivered) == [true, true, true, false, false])
    }

    @Test(
        "Unsettled messages of a connection go back when it is closed",
        .proves("settle.connection-close-returns", ["basic/10", "domain.redelivered/implementation"]))
    func connectionCloseReturns() async throws {
        let (holder, queue, observer) = try await holding()
        let held = try await holder.deliveries(3)
        holder.ack(held[1])
        try await holder.barrier(behind: queue)
        try await holder.probe.close()
        observer.publish("6", to: "", queue)
        try await observer.awaitReady(5, in: queue)
        let messages = try await delivered(queue, to: observer)
        #expect(messages.map(\.text) == ["1", "3", "4", "5", "6"])
        #expect(messages.map(\.redelivered) == [true, true, true, false, false])
    }

    @Test(
        "Unsettled messages of a connection go back when it is lost",
        .proves("settle.connection-loss-returns", ["basic/10", "domain.redelivered/implementation"]))
    func connectionLossReturns() async throws {
        let (holder, queue, observer) = try await holding()
        _ = try await holder.deliveries(3)
        holder.probe.abort()
        // The loss may be noticed after the new consumer is there, and then comes what was never out first.
        let messages = try await delivered(queue, to: observer).sorted { $0.text < $1.text }
        #expect(messages.map(\.text) == ["1", "2", "3", "4", "5"])
        #expect(messages.map(\.redelivered) == [true, true, true, false, false])
    }

    @Test(
        "An error that closes the channel returns what it held",
        .proves("settle.channel-error-returns", ["rabbitmq/ordering/requeue-position"]))
    func channelErrorReturns() async throws {
        let (holder, queue, observer) = try await holding()
        _ = try await holder.deliveries(3)
        try await holder.send(BasicAck(deliveryTag: 99), expecting: .channelClose(.preconditionFailed))
        try await observer.awaitReady(5, in: queue)
        #expect(try await delivered(queue, to: observer).map(\.text) == ["1", "2", "3", "4", "5"])
    }

    @Test(
        "Messages that two channels held in turn go back in the order of publishing",
        .proves("settle.two-channels-return", ["rabbitmq/ordering/requeue-position"]))
    func twoChannelsReturn() async throws {
        let one = try await Probe.openChannel()
        let other = try await one.probe.openChannel()
        let last = try await one.probe.openChannel()
        let queue = try await one.declareQueue()
        for number in 1...5 { one.publish("\(number)", to: "", queue) }
        try await one.barrier(behind: queue)
        for channel in [one, other, one, other] { _ = try await channel.get(queue, noAck: false) }
        // Each is a process of its own where that is how a broker is made: what the two give back could come in either order.
        try await one.close()
        try await last.awaitReady(3, in: queue)
        try await other.close()
        try await last.awaitReady(5, in: queue)
        #expect(try await last.drain(queue) == ["1", "2", "3", "4", "5"])
    }

    @Test(
        "Recover returns all that is unsettled, marked: fetched messages and a cancelled consumer's too",
        .proves("settle.recover", ["basic.recover/01", "rabbitmq/basic.recover/requeue-all"]))
    func recover() async throws {
        let work = try await Outstanding(2, left: 2)
        try await work.channel.consume(work.queue, tag: "cancelled")
        _ = try await work.channel.deliveries(2)
        try await work.channel.cancel("cancelled")
        _ = try await work.channel.call(BasicRecover(requeue: true), BasicRecoverOk.self)
        var messages: [Received] = []
        while let message = try await work.channel.get(work.queue) { messages.append(message) }
        #expect(messages.map(\.text) == ["1", "2", "3", "4"])
        #expect(messages.map(\.redelivered) == [true, true, true, true])
    }

    @Test(
        "Recover brings a consumer again what it has not settled, and only that",
        .proves("settle.recover-redelivers", ["basic.recover/01"]))
    func recoverRedelivers() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue)
        for number in 1...3 { channel.publish("\(number)", to: "", queue) }
        channel.ack(try await channel.deliveries(3)[1])
        _ = try await channel.call(BasicRecover(requeue: true), BasicRecoverOk.self)
        let again = try await channel.deliveries(2)
        #expect(again.map(\.text) == ["1", "3"])
        #expect(again.map(\.redelivered) == [true, true])
    }

    @Test(
        "After recover the old tags are unknown",
        .proves("settle.recover-forgets-tags", ["rabbitmq/basic.recover/requeue-all", "basic.ack.multiple/exists"]))
    func recoverForgetsTags() async throws {
        let work = try await Outstanding(1)
        _ = try await work.channel.call(BasicRecover(requeue: true), BasicRecoverOk.self)
        let tag = work.held[0].deliveryTag
        try await work.channel.send(BasicAck(deliveryTag: tag), expecting: .channelClose(.preconditionFailed))
    }

    @Test(
        "Messages that recover-async redelivers are marked; there is no reply",
        .proves("settle.recover-async", ["basic.recover-async/01"]))
    func recoverAsync() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue)
        for number in 1...2 { channel.publish("\(number)", to: "", queue) }
        _ = try await channel.deliveries(2)
        channel.send(BasicRecoverAsync(requeue: true))
        let again = try await channel.deliveries(2)
        #expect(again.map(\.text) == ["1", "2"])
        #expect(again.map(\.redelivered) == [true, true])
        try await channel.barrier()
        #expect(channel.probe.arrived(on: channel.number).isEmpty)
    }

    @Test(
        "Recover may ask for redelivery to the same consumer",
        .proves(
            "settle.recover-without-requeue", ["rabbitmq/basic.recover/requeue-false", "basic.recover/01"],
            rabbitmq: "Only recovery by requeueing is there; without, it is 540 on the connection."))
    func recoverWithoutRequeue() async throws {
        let channel = try await Probe.openChannel()
        try await channel.send(
            BasicRecover(requeue: false), expecting: .ok, rabbitmq: .connectionClose(.notImplemented))
    }
}
