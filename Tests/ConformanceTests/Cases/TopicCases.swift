import AMQPWire
import Testing

@Suite("Topic exchange") struct TopicCases {
    @Test("`#` matches zero words", .proves("topic.hash-matches-zero-words", ["spec/3.1.3.3/hash-is-any-words"]))
    func hashMatchesZeroWords() async throws {
        let channel = try await Probe.openChannel()
        let topics = try await channel.declareExchange("topic")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: topics, "orders.#")
        channel.publish("no word behind", to: topics, "orders")
        channel.publish("two words behind", to: topics, "orders.eu.new")
        channel.publish("another first word", to: topics, "offers.eu")
        #expect(try await channel.drain(queue) == ["no word behind", "two words behind"])
    }
}
