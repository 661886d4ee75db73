import AMQPClient

/// What questions of several chapters have set up, and look at afterwards.
extension Playground {
    /// Numbered tasks for some consumers of one queue; returns when all of them have arrived.
    func tasks(
        _ count: Int, to consumers: Int, prefetch: Int
    ) async throws -> (takers: [Taker], all: [String]) {
        let channel = try await channel()
        try await channel.declareQueue("tasks")
        var takers: [Taker] = []
        for _ in 0..<consumers { takers.append(try await consumer(of: "tasks", prefetch: prefetch)) }
        let all = (0..<count).map { "\($0)" }
        for task in all { try await channel.publish(Message(task), routingKey: "tasks") }
        try await wait("every task is with a worker") { takers.map(\.taken.count).reduce(0, +) == count }
        return (takers, all)
    }

    /// Queues bound with keys, and which of them get a message with `key`.
    func routed(
        _ key: String, through type: ExchangeType, _ queues: [(name: String, keys: [String])], asks: String,
        lesson: String
    ) async throws -> Outcome {
        let channel = try await channel()
        let exchange = try await channel.declareExchange("logs", type: type)
        for queue in queues {
            try await channel.declareQueue(queue.name)
            for key in queue.keys { try await channel.bindQueue(queue.name, to: exchange.name, routingKey: key) }
        }
        try await exchange.publish(Message("x"), routingKey: key)
        let isPattern = queues.allSatisfy { $0.keys == [$0.name] }
        let bound = queues.map { "'\($0.name)' with \(enumerated($0.keys.map { "'\($0)'" }))" }
        let setting =
            isPattern
            ? "\(queues.count) queues are bound to a \(type.rawValue) exchange, each with one pattern."
            : "These queues are bound to a \(type.rawValue) exchange: \(enumerated(bound))."
        let names = queues.map(\.name)
        return Outcome(
            "\(setting) \(asks) with the routing key '\(key)'?", among: names,
            reached: try await channel.receivers(names), lesson: lesson)
    }
}

extension Channel {
    /// Which of these queues have a message.
    func receivers(_ queues: [String]) async throws -> [String] {
        var receivers: [String] = []
        for queue in queues where try await get(queue, noAck: true) != nil { receivers.append(queue) }
        return receivers
    }
}

extension Queue {
    /// Takes out what it has, by a connection that may look into it although it is exclusive.
    func contents() async throws -> [String] {
        var contents: [String] = []
        while let message = try await get(noAck: true) { contents.append(message.text) }
        return contents
    }
}

extension Outcome {
    /// Which queues a message reached.
    init(_ asks: String, among queues: [String], reached: [String], lesson: String) {
        let story = "The message was in \(reached.isEmpty ? "no queue" : enumerated(reached.map { "'\($0)'" }))."
        self.init(asks, which: queues, right: reached, story: [story], lesson: lesson)
    }
}
