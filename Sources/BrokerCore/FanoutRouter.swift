import AMQPWire

/// Fanout exchanges: every message matches every binding, whatever the keys (AMQP 0-9-1, 3.1.3.2).
struct FanoutRouter: Router {
    private var bindings: [Binding] = []

    mutating func add(_ binding: Binding) { bindings.append(binding) }

    mutating func remove(_ binding: Binding) { bindings.removeAll { $0 === binding } }

    func matches(_ message: Message, key: ShortString, _ found: (Destination) -> Void) {
        for binding in bindings { found(binding.destination) }
    }
}
