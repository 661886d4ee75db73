import AMQPWire

/// What the things that are declared take up in memory, about, in octets.
extension VirtualHost {
    static func octets(of exchange: Exchange<any Queue>) -> Int {
        Load.ofExchange + exchange.name.count + exchange.declaration.arguments.footprint
    }

    static func octets(of declaration: QueueDeclaration, _ name: ShortString, _ arguments: QueueArguments) -> Int {
        // It is in the label once more.
        Load.ofQueue + 2 * name.count + declaration.arguments.footprint
            + (arguments.kind == .classic ? Int(arguments.maximumPriority) * Load.ofPriority : 0)
    }

    /// Beside the places that it has in the tree of a topic exchange, which it may share with others.
    static func octets(of binding: Binding<any Queue>) -> Int {
        // The exchange has the arguments once more, to find the binding by.
        Load.ofBinding + binding.key.count + 2 * binding.arguments.footprint
    }
}
