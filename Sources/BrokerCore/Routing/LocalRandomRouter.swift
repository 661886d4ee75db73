import AMQPWire

/// Local random exchanges: each message goes to one of the queues, whichever chance says, and whatever its key (RabbitMQ:
/// "Local Random Exchange"). On a single node all queues are local. A queue that is bound more often comes up more often.
struct LocalRandomRouter<Target>: Router {
    static var type: String { "x-local-random" }
    static var routesByKeyAlone: Bool { quirk(.chanceIsAskedOnce) }
    static var matchesEachKey: Bool { quirk(.chanceIsAskedForEachKey) }
    static var leadsToClassicQueuesAlone: Bool { true }

    private let chance: () -> UInt64
    private var bindings = BindingList<Target>()

    init(_ setting: RouterSetting) { chance = setting.chance }

    static func check(binding key: ShortString, _ arguments: FieldTable, in dialect: Dialect) throws(BrokerError) {
        if key.isEmpty || quirk(.randomTakesAnyKey) { return }
        throw BrokerError(.preconditionFailed, "Non empty binding '\(key)' key not permitted")
    }

    mutating func add(_ binding: Binding<Target>) { bindings.add(binding) }

    mutating func remove(_ binding: Binding<Target>) {
        if bindings.count > 1, quirk(.randomKeepsWhatIsGone) { return }
        bindings.remove(binding)
    }

    func matches(
        _ message: inout RoutedMessage, key: ShortString, _ found: (Destination<Target>) -> Void
    ) -> Int {
        let live = bindings.all.filter { !$0.destination.isRemoved || quirk(.randomKeepsWhatIsGone) }
        if live.isEmpty { return bindings.count }
        let place = live.count > 1 && quirk(.firstIsRandomEnough) ? 0 : Int(chance() % UInt64(live.count))
        found(live[place].destination)
        return bindings.count - 1
    }
}
