import AMQPWire

/// Fanout exchanges: every message matches every binding, whatever the keys (AMQP 0-9-1, 3.1.3.2).
struct FanoutRouter<Target>: Router {
    static var type: String { "fanout" }
    static var routesByKeyAlone: Bool { true }
    static var matchesEachKey: Bool { false }

    private var bindings = BindingList<Target>()

    init(_ setting: RouterSetting) {}

    mutating func add(_ binding: Binding<Target>) { bindings.add(binding) }

    mutating func remove(_ binding: Binding<Target>) { bindings.remove(binding) }

    func matches(
        _ message: inout RoutedMessage, key: ShortString, _ found: (Destination<Target>) -> Void
    ) -> Int {
        bindings.forEach { found($0.destination) }
        return 0
    }
}
