import AMQPWire
import Testing

@Suite("Publisher confirms") struct ConfirmCases {
    @Test(
        "For an unroutable mandatory message the return comes before the ack",
        .proves(
            "confirms.return-before-ack",
            ["confirm/unroutable-messages", "rabbitmq/publisher-confirms/mandatory-return-before-ack"]))
    func returnBeforeAck() async throws {
        let channel = try await Probe.openChannel()
        try await channel.confirmSelect()
        channel.publish("lost", to: "", unique("nobody"), mandatory: true)
        let first = try #require(Received(try await channel.next()), "a return has to come first")
        #expect(first.text == "lost")
        #expect(Confirm(try await channel.next()) == .ack(1))
    }
}
