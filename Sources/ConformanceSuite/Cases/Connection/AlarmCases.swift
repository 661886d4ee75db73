import AMQPWire
import Testing

/// What connections notice of an alarm: memory is low, say.
@Suite("Alarms") struct AlarmCases {
    private enum Alarm {
        case memory, disk

        /// The broker may use next to no memory, or more of the disk has to be free than there is.
        func set(_ isRaised: Bool) async throws {
            switch self {
            case .memory: try await administer("set_vm_memory_high_watermark", isRaised ? "0.00001" : "0.4")
            case .disk: try await administer("set_disk_free_limit", isRaised ? "1000000GB" : "1")
            }
        }
    }

    /// Raises an alarm while something is done. It is over afterwards, whatever came of it: what comes next on this broker would
    /// wait forever.
    private func during(_ alarm: Alarm, _ body: () async throws -> Void) async throws {
        try await alarm.set(true)
        do { try await body() } catch {
            try await alarm.set(false)
            throw error
        }
        try await alarm.set(false)
    }

    private func whileMemoryIsLow(_ body: () async throws -> Void) async throws { try await during(.memory, body) }

    @Test(
        "A publisher is told of an alarm and of its end, and of the next one again",
        .proves(
            "connection.alarms-are-told",
            [
                "rabbitmq/connection.blocked/notified", "rabbitmq/connection.blocked/unblocked",
                "rabbitmq/capabilities/honoured",
            ], needs: [.admin]))
    func told() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        for text in ["first", "second"] {
            try await whileMemoryIsLow {
                channel.publish(text, to: "", queue)
                #expect(try await !channel.probe.receive(ConnectionBlocked.self).reason.isEmpty)
                try #require(channel.probe.arrived(on: 0).isEmpty, "what came beside it")
            }
            _ = try await channel.probe.receive(ConnectionUnblocked.self)
            #expect(try await channel.drain(queue) == [text])
        }
    }

    @Test(
        "Of two alarms at once a publisher is told once, and waits until both are over",
        .proves(
            "connection.two-alarms", ["rabbitmq/connection.blocked/once", "rabbitmq/connection.blocked/unblocked"],
            needs: [.admin]))
    func two() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue(exclusive: false)
        let look = try await Probe.openChannel()
        try await during(.disk) {
            // What was sent before the client was told may come in yet.
            channel.publish("the last", to: "", queue)
            _ = try await channel.probe.receive(ConnectionBlocked.self)
            channel.publish("waits", to: "", queue)
            try await whileMemoryIsLow {}
            // Who comes now is told of the alarm that is left, and so this one could have been told of the other and its end.
            let witness = try await Probe.openChannel()
            witness.publish("waits", to: "", unique("nowhere"))
            _ = try await witness.probe.receive(ConnectionBlocked.self)
            #expect(channel.probe.arrived(on: 0).map(\.description) == [])
            #expect(try await look.counts(of: queue).messages <= 1)
        }
        _ = try await channel.probe.receive(ConnectionUnblocked.self)
        #expect(try await channel.drain(queue) == ["the last", "waits"])
        #expect(channel.probe.arrived(on: 0).map(\.description) == [])
    }

    @Test(
        "A publisher that is held back is not dropped for its silence, and hears that the broker lives",
        .proves(
            "connection.alarms-keep-the-silent", ["rabbitmq/connection.blocked/silence", "spec/4.2.7/heartbeat-sent"],
            needs: [.admin, .quiet]))
    func silence() async throws {
        var held: ProbeChannel?
        try await whileMemoryIsLow {
            let channel = try await Probe.connect { $0.heartbeat = 1 }.openChannel()
            channel.publish("waits", to: "", unique("nowhere"))
            _ = try await channel.probe.receive(ConnectionBlocked.self)
            // More than two intervals, in which nothing is said to the broker.
            for _ in 1...3 {
                try await elapse(milliseconds: 800)
                let beat = try await channel.probe.event("a heartbeat") {
                    if case .heartbeat = $0 { true } else { false }
                }
                guard case .heartbeat = beat else { return note(.failed, "expected a heartbeat, got \(beat)") }
            }
            held = channel
        }
        let channel = try #require(held)
        _ = try await channel.probe.receive(ConnectionUnblocked.self)
        try await channel.barrier()
    }

    @Test(
        "A publisher that did not announce that it understands it is not told of an alarm",
        .proves(
            "connection.alarms-untold", ["rabbitmq/connection.blocked/opt-in", "rabbitmq/capabilities/client-opt-in"],
            needs: [.admin]))
    func untold() async throws {
        let channel = try await Probe.connect { $0.capabilities = ["publisher_confirms": true] }.openChannel()
        let queue = try await channel.declareQueue()
        let witness = try await Probe.openChannel()
        try await whileMemoryIsLow {
            channel.publish("waits", to: "", queue)
            // When another one has been told, this one could have been, too.
            witness.publish("waits", to: "", unique("nowhere"))
            _ = try await witness.probe.receive(ConnectionBlocked.self)
        }
        #expect(try await channel.drain(queue) == ["waits"])
        #expect(channel.probe.arrived(on: 0).map(\.description) == [])
    }

    @Test(
        "A client that only consumes goes on while there is an alarm",
        .proves(
            "connection.alarms-let-consumers-be", ["rabbitmq/connection.blocked/consumers-unaffected"],
            needs: [.admin]))
    func consumersGoOn() async throws {
        let publisher = try await Probe.openChannel()
        let queue = try await publisher.declareQueue(exclusive: false)
        for number in 1...3 { publisher.publish("\(number)", to: "", queue) }
        try await publisher.expectReady(3, in: queue)
        let channel = try await Probe.openChannel()
        try await whileMemoryIsLow {
            for text in ["1", "2"] {
                let message = try #require(try await channel.get(queue, noAck: false))
                #expect(message.text == text)
                channel.ack(message)
                try await channel.barrier()
            }
            try await channel.consume(queue, noAck: true)
            #expect(try await channel.delivery().text == "3")
            #expect(channel.probe.arrived(on: 0).map(\.description) == [])
        }
    }
}
