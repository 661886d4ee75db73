import AMQPWire
import Testing

@Suite("Line breaks in names") struct NameCases {
    /// The name with a carriage return and a line feed in it.
    private func broken(_ name: ShortString) -> ShortString {
        ShortString(truncating: name.text.prefix(3) + "\r" + name.text.dropFirst(3) + "\n")
    }

    @Test(
        "Bind, unbind and delete take line breaks out of the names of queues and exchanges",
        .proves("declare.line-breaks-in-queue-names", ["rabbitmq/names/line-breaks"]))
    func queues() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("fanout")
        let queue = try await channel.declareQueue()
        try await channel.send(QueueBind(queue: broken(queue), exchange: broken(exchange)), expecting: .ok)
        channel.publish("bound", to: exchange)
        #expect(try await channel.drain(queue) == ["bound"])
        try await channel.send(QueueUnbind(queue: broken(queue), exchange: broken(exchange)), expecting: .ok)
        channel.publish("unbound", to: exchange)
        #expect(try await channel.drain(queue) == [])
        try await channel.send(QueueDelete(queue: broken(queue)), expecting: .ok)
        #expect(try await !channel.exists(queue: queue))
        try await channel.send(ExchangeDelete(exchange: broken(exchange)), expecting: .ok)
        #expect(try await !channel.exists(exchange: exchange))
    }

    @Test(
        "Bindings between exchanges take them out, too",
        .proves("exchange-bindings.line-breaks-in-names", ["rabbitmq/names/line-breaks"]))
    func exchanges() async throws {
        let channel = try await Probe.openChannel()
        let (destination, queue) = try await channel.declareFanoutAndQueue()
        let source = try await channel.declareExchange("fanout")
        try await channel.send(
            ExchangeBind(destination: broken(destination), source: broken(source)), expecting: .ok)
        channel.publish("bound", to: source)
        #expect(try await channel.drain(queue) == ["bound"])
        try await channel.send(
            ExchangeUnbind(destination: broken(destination), source: broken(source)), expecting: .ok)
        channel.publish("unbound", to: source)
        #expect(try await channel.drain(queue) == [])
    }

    @Test(
        "Purge, get, consume and publish take a name as it is",
        .proves("declare.line-breaks-elsewhere", ["rabbitmq/names/line-breaks"]))
    func elsewhere() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.send(QueuePurge(queue: broken(queue)), expecting: .channelClose(.notFound))
        try await channel.send(BasicGet(queue: broken(queue)), expecting: .channelClose(.notFound))
        try await channel.send(BasicConsume(queue: broken(queue)), expecting: .channelClose(.notFound))
        channel.publish("nowhere", to: "", broken(queue))
        #expect(try await channel.drain(queue) == [])
    }
}
