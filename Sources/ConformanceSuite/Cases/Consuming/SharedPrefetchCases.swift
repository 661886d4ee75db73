import AMQPWire
import Testing

@Suite("How much a channel may hold: the shared window") struct SharedWindowCases {
    /// Of what 4.3 makes of a shared window.
    private static let release: Release = "4.3"
    private static let all = ["a1", "a2", "a3", "b1", "b2", "b3"]

    /// Two queues with three messages each, and a consumer for each of them, named as the queue's messages.
    private func twoConsumers(on channel: ProbeChannel) async throws -> [ShortString] {
        var queues: [ShortString] = []
        for tag: ShortString in ["a", "b"] {
            let queue = try await channel.declareQueue()
            for number in 1...3 { channel.publish("\(tag)\(number)", to: "", queue) }
            try await channel.barrier(behind: queue)
            try await channel.consume(queue, tag: tag)
            queues.append(queue)
        }
        return queues
    }

    private func come(to channel: ProbeChannel, from queues: [ShortString]) async throws -> [Received] {
        for queue in queues { try await channel.barrier(behind: queue) }
        return channel.deliveriesSoFar()
    }

    @Test(
        "All consumers of a channel share one window",
        .proves(
            "dispatch.shared-window", ["rabbitmq/consumer-prefetch/per-channel", "basic.qos.prefetch-count/01"],
            rabbitmq: .from("4.3", "The window is each consumer's own, as if global had not been said.")))
    func sharedWindow() async throws {
        let channel = try await Probe.openChannel()
        try await channel.qos(2, global: true)
        let queues = try await twoConsumers(on: channel)
        let two = try await come(to: channel, from: queues)
        expect(
            two.map(\.text), spec: ["a1", "a2"], rabbitmq: ["a1", "a2", "b1", "b2"], from: Self.release, "what came")
        try #require(!two.isEmpty)
        channel.ack(two[0])
        #expect(try await come(to: channel, from: queues).count == 1)
    }

    @Test(
        "A shared window holds at once for consumers that run, and counts what they hold",
        .proves(
            "dispatch.shared-window-at-once", ["rabbitmq/consumer-prefetch/global-immediate"],
            rabbitmq: .from("4.3", "The window is that of consumers to come.")))
    func sharedWindowAtOnce() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.consume(queue)
        for number in 1...2 { channel.publish("\(number)", to: "", queue) }
        let two = try await channel.deliveries(2)
        try await channel.qos(2, global: true)
        channel.publish("3", to: "", queue)
        let third = try await come(to: channel, from: [queue]).map(\.text)
        expect(third, spec: [], rabbitmq: ["3"], from: Self.release, "what came of a third")
        guard third.isEmpty else { return }
        channel.ack(two[0])
        #expect(try await channel.delivery().text == "3")
    }

    @Test(
        "A larger shared window lets more through at once",
        .proves(
            "dispatch.shared-window-raised", ["rabbitmq/consumer-prefetch/global-immediate"],
            rabbitmq: .from("4.3", "The window is that of consumers to come.")))
    func sharedWindowRaised() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(1, global: true)
        try await channel.consume(queue)
        for number in 1...5 { channel.publish("\(number)", to: "", queue) }
        #expect(try await come(to: channel, from: [queue]).map(\.text) == ["1"])
        try await channel.qos(3, global: true)
        expect(
            try await come(to: channel, from: [queue]).map(\.text), spec: ["2", "3"], rabbitmq: [], from: Self.release,
            "what the larger window let through")
    }

    @Test(
        "A smaller shared window waits until enough is acknowledged",
        .proves(
            "dispatch.shared-window-lowered", ["rabbitmq/consumer-prefetch/global-immediate"],
            rabbitmq: .from("4.3", "The window is that of consumers to come.")))
    func sharedWindowLowered() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(3, global: true)
        try await channel.consume(queue)
        for number in 1...5 { channel.publish("\(number)", to: "", queue) }
        let three = try await channel.deliveries(3)
        try await channel.qos(1, global: true)
        channel.ack(three[1], multiple: true)
        let more = try await come(to: channel, from: [queue]).map(\.text)
        expect(
            more, spec: [], rabbitmq: ["4", "5"], from: Self.release, "beside the one that is left and fills the window"
        )
        guard more.isEmpty else { return }
        channel.ack(three[2])
        #expect(try await channel.delivery().text == "4")
    }

    @Test(
        "A shared window of zero takes the limit away",
        .proves(
            "dispatch.shared-window-removed",
            ["rabbitmq/consumer-prefetch/zero", "rabbitmq/consumer-prefetch/global-immediate"],
            rabbitmq: .from("4.3", "The window is that of consumers to come.")))
    func sharedWindowRemoved() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(1, global: true)
        try await channel.consume(queue)
        for number in 1...4 { channel.publish("\(number)", to: "", queue) }
        _ = try await channel.delivery()
        try await channel.qos(0, global: true)
        if isRabbitMQ(from: Self.release) {
            let more = try await come(to: channel, from: [queue]).map(\.text)
            return expect(more, spec: ["2", "3", "4"], rabbitmq: [], from: Self.release, "what came without a window")
        }
        #expect(try await channel.deliveries(3).map(\.text) == ["2", "3", "4"])
    }

    @Test(
        "A shared window counts what a cancelled consumer still holds",
        .proves(
            "dispatch.shared-window-and-cancel", ["rabbitmq/consumer-prefetch/per-channel"],
            rabbitmq: .from("4.3", "The window is each consumer's own, as if global had not been said.")))
    func sharedWindowAndCancel() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(1, global: true)
        let first = try await channel.consume(queue)
        for number in 1...2 { channel.publish("\(number)", to: "", queue) }
        let held = try await channel.delivery()
        try await channel.cancel(first)
        try await channel.consume(queue)
        let more = try await come(to: channel, from: [queue]).map(\.text)
        expect(more, spec: [], rabbitmq: ["2"], from: Self.release, "what came to the second consumer")
        guard more.isEmpty else { return }
        channel.ack(held)
        #expect(try await channel.delivery().text == "2")
    }

    @Test(
        "A shared window does not affect consumers without acks",
        .proves("dispatch.no-ack-has-no-shared-window", ["rabbitmq/consumer-prefetch/no-ack-exempt"]))
    func noAckHasNoSharedWindow() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(1, global: true)
        try await channel.consume(queue, noAck: true)
        for number in 1...4 { channel.publish("\(number)", to: "", queue) }
        #expect(try await channel.deliveries(4).map(\.text) == ["1", "2", "3", "4"])
    }

    @Test(
        "A fetch ignores a shared window",
        .proves("dispatch.get-has-no-shared-window", ["rabbitmq/consumer-prefetch/get-exempt"]))
    func getHasNoSharedWindow() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(1, global: true)
        try await channel.consume(queue)
        for number in 1...2 { channel.publish("\(number)", to: "", queue) }
        _ = try await channel.delivery()
        #expect(try await channel.get(queue)?.text == "2")
    }

    @Test(
        "A fetched message that is not acknowledged takes no room in the shared window",
        .proves("dispatch.fetched-fills-no-shared-window", ["rabbitmq/consumer-prefetch/get-exempt"]))
    func fetchedFillsNoSharedWindow() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.qos(1, global: true)
        for number in 1...2 { channel.publish("\(number)", to: "", queue) }
        #expect(try await channel.get(queue, noAck: false)?.text == "1")
        try await channel.consume(queue)
        #expect(try await channel.delivery().text == "2")
    }

    @Test(
        "With both windows the shared one may be full first",
        .proves(
            "dispatch.both-windows-shared-first", ["rabbitmq/consumer-prefetch/both"],
            rabbitmq: .from("4.3", "The window that is set last is each consumer's own, whatever was set before.")))
    func bothWindowsSharedFirst() async throws {
        let channel = try await Probe.openChannel()
        try await channel.qos(2)
        try await channel.qos(3, global: true)
        let queues = try await twoConsumers(on: channel)
        expect(
            try await come(to: channel, from: queues).map(\.text), spec: ["a1", "a2", "b1"], rabbitmq: Self.all,
            from: Self.release, "what came")
    }

    @Test(
        "With both windows a consumer's own may be full first",
        .proves(
            "dispatch.both-windows-own-first", ["rabbitmq/consumer-prefetch/both"],
            rabbitmq: .from("4.3", "The window that is set last is each consumer's own, whatever was set before.")))
    func bothWindowsOwnFirst() async throws {
        let channel = try await Probe.openChannel()
        try await channel.qos(1)
        try await channel.qos(3, global: true)
        let queues = try await twoConsumers(on: channel)
        expect(
            try await come(to: channel, from: queues).map(\.text), spec: ["a1", "b1"], rabbitmq: Self.all,
            from: Self.release, "what came")
    }

    @Test(
        "Does a window for each consumer, set later, leave the shared one?",
        .proves(
            "dispatch.order-of-two-windows", ["rabbitmq/consumer-prefetch/both"],
            rabbitmq: "A later window for each consumer takes the shared one away."))
    func orderOfTwoWindows() async throws {
        let channel = try await Probe.openChannel()
        try await channel.qos(1, global: true)
        try await channel.qos(2)
        let queues = try await twoConsumers(on: channel)
        expect(
            try await come(to: channel, from: queues).map(\.text), spec: ["a1"], rabbitmq: ["a1", "a2", "b1", "b2"],
            "what came with a shared window of 1 and then one of 2 for each")
    }

    @Test(
        "A shared window is one channel's, not the connection's",
        .proves("dispatch.shared-window-of-a-channel", ["rabbitmq/consumer-prefetch/not-connection-wide"]))
    func sharedWindowOfAChannel() async throws {
        let limited = try await Probe.openChannel()
        try await limited.qos(1, global: true)
        let free = try await limited.probe.openChannel()
        let queue = try await free.declareQueue()
        try await free.consume(queue)
        for number in 1...3 { free.publish("\(number)", to: "", queue) }
        #expect(try await free.deliveries(3).map(\.text) == ["1", "2", "3"])
    }
}
