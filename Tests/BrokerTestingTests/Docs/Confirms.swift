import AMQPClient

/// Publishes a message and returns once the broker has it.
func order(_ text: String, on channel: Channel) async throws -> String {
    do throws(AMQPError) {
        try await channel.publishAndConfirm(Message(text, persistent: true), routingKey: "orders", mandatory: true)
        return "ordered"
    } catch {
        switch error.kind {
        case .nacked: return "the broker did not keep it"
        case .returned: return "no queue takes it"
        default: throw error
        }
    }
}

/// Publishes many messages, with up to 100 of them unconfirmed at a time.
func orderAll(_ texts: [String], on channel: Channel) async throws {
    let publisher = try await channel.confirmedPublisher(limit: 100)
    for text in texts { try await publisher.publish(Message(text, persistent: true), routingKey: "orders") }
    try await publisher.waitForAll()
}

/// Publishes two messages, and looks at the broker's answer to each.
func orderTwo(_ first: String, _ second: String, on channel: Channel) async throws -> [PublishOutcome] {
    let one = try await channel.publishForConfirm(Message(first), routingKey: "orders", mandatory: true)
    let other = try await channel.publishForConfirm(Message(second), routingKey: "orders", mandatory: true)
    return [try await one.outcome(), try await other.outcome()]
}
