/// What the things that are declared take up in memory, about, in octets.
extension VirtualHost {
    static func octets(of exchange: Exchange<any Queue>) -> Int {
        Load.ofExchange + exchange.declaration.arguments.footprint
    }

    static func octets(of queue: any Queue) -> Int {
        Load.ofQueue + queue.declaration.arguments.footprint
    }

    static func octets(of binding: Binding<any Queue>) -> Int {
        // The exchange has the arguments once more, to find the binding by.
        Load.ofBinding + binding.key.count + 2 * binding.arguments.footprint
    }
}
