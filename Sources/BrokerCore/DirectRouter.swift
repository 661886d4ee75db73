import AMQPWire

/// Direct exchanges: a message matches the bindings whose key equals its routing key (AMQP 0-9-1, 3.1.3.1).
struct DirectRouter: Router {
    private var bindings: [ShortString: [Binding]] = [:]

    mutating func add(_ binding: Binding) { bindings[binding.key, default: []].append(binding) }

    mutating func remove(_ binding: Binding) {
        bindings[binding.key]?.removeAll { $0 === binding }
        if bindings[binding.key]?.isEmpty == true { bindings[binding.key] = nil }
    }

    func matches(_ message: Message, key: ShortString, _ found: (Destination) -> Void) {
        for binding in bindings[key] ?? [] { found(binding.destination) }
    }
}
