import AMQPWire
import Testing

/// What a restart brought back, when something goes on with it.
@Suite("Restarts: and then it goes on") struct RestartedQueueCases {
    private static let persistent = BasicProperties(deliveryMode: 2)

    /// A durable queue for everybody.
    private func declareQueue(
        _ channel: ProbeChannel, _ arguments: FieldTable, name: ShortString = unique("durable")
    ) async throws -> ShortString {
        try await channel.declareQueue(name, durable: true, exclusive: false, arguments: arguments)
    }

    @Test(
        "The messages that a restart brought back take up room in a queue of limited length",
        .proves(
            "durability.restored-take-room", ["rabbitmq/max-length/exact-fit", "rabbitmq/restart/messages"],
            needs: [.restart]))
    func restoredTakeRoom() async throws {
        let before = try await Probe.openChannel()
        try await before.confirmSelect()
        let limits: [FieldTable] = [
            ["x-max-length": 5], ["x-max-length-bytes": 25], ["x-max-length-bytes": 29, "x-max-priority": 3],
            ["x-max-length": 5, "x-max-length-bytes": 1000, "x-max-priority": 3],
        ]
        let texts = (1...5).map { "text\($0)" }
        var places: [(queue: ShortString, isRefusing: Bool, what: String)] = []
        for limit in limits {
            for overflow in ["drop-head", "reject-publish"] {
                var arguments = limit
                arguments["x-overflow"] = .string(overflow)
                let queue = try await declareQueue(before, arguments)
                for text in texts {
                    before.publish(text, to: "", queue, Self.persistent)
                    #expect(try await before.confirm().isAck)
                }
                places.append((queue, overflow == "reject-publish", "\(arguments)"))
            }
        }
        try await restartBroker()
        let after = try await Probe.openChannel()
        try await after.confirmSelect()
        for (queue, isRefusing, what) in places {
            after.publish("other", to: "", queue, Self.persistent)
            #expect(try await after.confirm().isAck == !isRefusing, "\(what)")
            let expected = isRefusing ? texts : Array(texts.dropFirst()) + ["other"]
            #expect(try await after.drain(queue) == expected, "\(what)")
            // Empty again, it has room for as many as before.
            for text in texts {
                after.publish(text, to: "", queue, Self.persistent)
                #expect(try await after.confirm().isAck, "\(what)")
            }
            #expect(try await after.drain(queue) == texts, "\(what)")
        }
    }

    @Test(
        "A dead letter that a restart brought back dies on with the deaths that it had",
        .proves(
            "durability.deaths-go-on",
            [
                "rabbitmq/restart/messages", "rabbitmq/dead-letter/x-death-count",
                "rabbitmq/dead-letter/x-death-distinct",
            ],
            needs: [.restart],
            rabbitmq: .from("4.0", "Entries that come with a publish do not count: only the last death is there.")))
    func deathsGoOn() async throws {
        let queues = [unique("first"), unique("second")]
        var channel = try await Probe.openChannel()
        for (queue, other) in [(queues[0], queues[1]), (queues[1], queues[0])] {
            let arguments: FieldTable = [
                "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(other.octets),
            ]
            _ = try await declareQueue(channel, arguments, name: queue)
        }
        channel.publish("dies", to: "", queues[0], Self.persistent)
        try await channel.barrier(behind: queues[0])
        #expect(try await refuse(0, of: queues, on: channel) == ["0: 1"])
        try await restartBroker()
        channel = try await Probe.openChannel()
        #expect(try await refuse(1, of: queues, on: channel) == ["1: 1", "0: 1"], "behind the first restart")
        try await restartBroker()
        channel = try await Probe.openChannel()
        #expect(try await refuse(0, of: queues, on: channel) == ["0: 2", "1: 1"], "behind the second restart")
        // A copy that a client makes of it is another matter.
        let message = try #require(try await channel.get(queues[1]))
        channel.publish(message.text, to: "", queues[0], message.properties)
        try await channel.barrier(behind: queues[0])
        expect(
            try await refuse(0, of: queues, on: channel), spec: ["0: 3", "1: 1"], rabbitmq: ["0: 1"], from: "4.0",
            "the deaths of a copy")
    }

    /// Refuses the message of one of two queues that lead to each other. Its deaths, as the other has it then: the
    /// number of the queue, and how often.
    private func refuse(_ index: Int, of queues: [ShortString], on channel: ProbeChannel) async throws -> [String] {
        channel.reject(try #require(try await channel.get(queues[index], noAck: false)), requeue: false)
        try await channel.barrier(behind: queues[index])
        try await channel.awaitReady(1, in: queues[1 - index])
        let message = try #require(try await channel.get(queues[1 - index], noAck: false))
        channel.nack(message)
        try await channel.awaitReady(1, in: queues[1 - index])
        return message.deaths.map { entry in
            "\(queues.firstIndex { $0.text == entry["queue"]?.text } ?? -1): \(entry["count"]?.integer ?? 0)"
        }
    }
}
