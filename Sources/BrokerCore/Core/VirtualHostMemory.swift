/// What the things that are declared take up in memory, about, in octets.
extension VirtualHost {
    static func octets(of exchange: Exchange<any Queue>) -> Int {
        Load.ofExchange + exchange.declaration.arguments.footprint
    }

    static func octets(of queue: any Queue) -> Int {
        Load.ofQueue + queue.declaration.arguments.footprint
    }

    static func octets(of binding: Binding<any Queue>) -> Int {
        let isPattern = binding.source.declaration.type == TopicRouter<any Queue>.type
        let dots = isPattern ? binding.key.octets.count { $0 == UInt8(ascii: ".") } : 0
        // The exchange has the arguments once more, to find the binding by.
        return Load.ofBinding + binding.key.count + dots * Load.ofWord + 2 * binding.arguments.footprint
    }
}
