import AMQPWire

/// Direct exchanges: a message matches the bindings whose key equals its routing key (AMQP 0-9-1, 3.1.3.1).
struct DirectRouter<Target>: Router {
    static var type: String { "direct" }
    static var routesByKeyAlone: Bool { true }

    private var bindings: [ShortString: BindingList<Target>] = [:]

    init(_ setting: RouterSetting) {}

    mutating func add(_ binding: Binding<Target>) { bindings[binding.key, default: .init()].add(binding) }

    mutating func remove(_ binding: Binding<Target>) {
        bindings[binding.key]?.remove(binding)
        if bindings[binding.key]?.isEmpty == true || quirk(.unbindingOneUnbindsItsKey) { bindings[binding.key] = nil }
    }

    func matches(_ message: Message, key: ShortString, _ found: (Destination<Target>) -> Void) -> Int {
        if quirk(.directReachesTheFirst) {
            if let first = bindings[key]?.first(where: { _ in true }) { found(first.destination) }
        } else {
            bindings[key]?.forEach { found($0.destination) }
        }
        return 0
    }
}
