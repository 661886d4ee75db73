import AMQPWire
import Testing

@Suite("What a restart leaves") struct DurabilityCases {
    @Test(
        "A durable queue and the persistent messages in it survive a restart",
        .proves(
            "durability.persistent-message-survives", ["queue.declare.durable/persistence", "basic/01"],
            needs: [.restart]))
    func persistentMessageSurvives() async throws {
        let queue = unique("durable")
        let before = try await Probe.openChannel()
        try await before.declareQueue(queue, durable: true, exclusive: false)
        try await before.confirmSelect()
        before.publish("persistent", to: "", queue, BasicProperties(deliveryMode: 2))
        before.publish("transient", to: "", queue, BasicProperties(deliveryMode: 1))
        while try await before.confirm().tag < 2 {}
        try await restartBroker()
        let after = try await Probe.openChannel()
        #expect(try await after.exists(queue: queue))
        #expect(try await after.drain(queue) == ["persistent"])
    }
}
