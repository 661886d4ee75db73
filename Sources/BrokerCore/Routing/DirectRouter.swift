import AMQPWire
import DataStructures

/// Direct exchanges: a message matches the bindings whose key equals its routing key (AMQP 0-9-1, 3.1.3.1).
struct DirectRouter<Target>: Router {
    static var type: String { "direct" }
    static var routesByKeyAlone: Bool { true }

    private var bindings = DividedDictionary<ShortString, BindingList<Target>>()

    init(_ setting: RouterSetting) {}

    mutating func add(_ binding: Binding<Target>) {
        if bindings[binding.key] == nil { bindings[binding.key] = BindingList() }
        bindings[binding.key]?.add(binding)
    }

    mutating func remove(_ binding: Binding<Target>) {
        bindings[binding.key]?.remove(binding)
        if bindings[binding.key]?.isEmpty == true || quirk(.unbindingOneUnbindsItsKey) { bindings[binding.key] = nil }
    }

    func matches(
        _ message: inout RoutedMessage, key: ShortString, _ found: (Destination<Target>) -> Void
    ) -> Int {
        if quirk(.directReachesTheFirst) {
            if let first = bindings[key]?.first(where: { _ in true }) { found(first.destination) }
        } else {
            bindings[key]?.forEach { found($0.destination) }
        }
        return 0
    }
}
