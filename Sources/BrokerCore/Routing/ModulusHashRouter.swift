import AMQPWire

/// Modulus-hash exchanges: each message goes to one destination, the same for the same keys as long as the bindings stay as
/// they are (RabbitMQ 4.3: `x-modulus-hash`). What the bindings are called does not matter; a destination that is bound more
/// often gets more of the keys. When a binding comes or goes, most keys move: ``ConsistentHashRouter`` is for where they
/// mustn't.
///
/// Which destination it is has no rule: RabbitMQ takes it by a hash of Erlang's.
struct ModulusHashRouter<Target>: Router {
    static var type: String { "x-modulus-hash" }
    /// The keys of CC and BCC count too.
    static var routesByKeyAlone: Bool { false }
    static var matchesEachKey: Bool { false }

    private var bindings = BindingList<Target>()
    private let sorted = Sorted()

    /// The bindings by the names of their destinations, so that a restart changes nothing; nil: to be sorted.
    private final class Sorted { var bindings: [Binding<Target>]? }

    /// For a quirk.
    private let chance: () -> UInt64

    init(_ setting: RouterSetting) { chance = setting.chance }

    mutating func add(_ binding: Binding<Target>) {
        if quirk(.modulusCountsQueues), isBound(binding.destination) { return }
        bindings.add(binding)
        sorted.bindings = nil
    }

    private func isBound(_ destination: Destination<Target>) -> Bool {
        bindings.first { $0.destination.identity == destination.identity } != nil
    }

    mutating func remove(_ binding: Binding<Target>) {
        bindings.remove(binding)
        if !quirk(.modulusKeepsWhatIsGone) { sorted.bindings = nil }
    }

    func matches(
        _ message: inout RoutedMessage, key: ShortString, _ found: (Destination<Target>) -> Void
    ) throws(BrokerError) -> Int {
        let all = sorted.bindings ?? bindings.all.sorted { $0.destination.name < $1.destination.name }
        sorted.bindings = all
        let live = all.filter { !$0.destination.isRemoved || quirk(.modulusKeepsWhatIsGone) }
        if live.isEmpty { return bindings.count }
        var hash = NameHash()
        hash.combine(key.octets)
        if message.message.traits.hasHeaders, !quirk(.modulusKnowsNoCopies) {
            for copy in CarbonCopies.keys(in: try message.headers()) { hash.combine(copy.octets) }
        }
        var place = Int(hash.value % UInt64(live.count))
        if live.count > 1, quirk(.modulusIsLeftToChance) { place = Int(chance() % UInt64(live.count)) }
        found(live[place].destination)
        return bindings.count - 1
    }
}
