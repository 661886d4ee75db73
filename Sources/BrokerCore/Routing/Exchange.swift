import AMQPWire
import DataStructures

/// An exchange: its declaration, and the bindings it is the source of.
final class Exchange<Target> {
    let name: ShortString
    let declaration: ExchangeDeclaration
    private let setting: RouterSetting
    /// Where unroutable messages go (RabbitMQ: "Alternate Exchanges"). The nameless exchange is none: it has no bindings
    /// that an alternate could follow, and RabbitMQ routes nowhere from there.
    private(set) var alternate: ShortString?
    /// The policy that acts on it.
    private(set) var policy: Policy?
    let routesByKeyAlone: Bool
    let matchesEachKey: Bool
    let leadsToClassicQueuesAlone: Bool
    private(set) var router: any Router<Target>
    /// The bindings of which this is the source, by what a look-up of duplicates asks for.
    private var outgoing = DividedDictionary<Route, Binding<Target>>()
    /// Bindings that have this exchange as their destination, so that deleting it can remove them.
    private(set) var incoming = IncomingBindings<Target>()
    let mark = PassMark()
    /// It is no more, and its bindings are on their way out.
    private(set) var isRemoved = false
    /// What counts it in an account for as long as anybody holds on to it.
    private(set) var held: AnyObject?
    /// Of an auto-delete exchange, the bindings whose destination is no more.
    private var deadBindingCount = 0

    private struct Route: Hashable {
        let destination: ObjectIdentifier
        let key: ShortString
        /// As they are on the wire, by name.
        let arguments: [UInt8]
        /// Of all of them. A table that grows asks each of its keys at once, and a hundred thousand would take long to
        /// find it out again.
        private let hash: Int

        init(_ destination: ObjectIdentifier, _ key: ShortString, _ arguments: FieldTable) {
            var writer = ByteWriter()
            if !arguments.isEmpty, !quirk(.argumentsAreNoIdentity) {
                writer.table(quirk(.argumentOrderIsIdentity) ? arguments : arguments.sortedByName)
            }
            let key = !arguments.isEmpty && quirk(.argumentsHideTheKey) ? "" : key
            (self.destination, self.key, self.arguments) = (destination, key, writer.octets)
            var hasher = Hasher()
            hasher.combine(destination)
            hasher.combine(key)
            hasher.combine(writer.octets)
            hash = hasher.finalize()
        }

        func hash(into hasher: inout Hasher) { hasher.combine(hash) }
    }

    /// `type` is the one that the declaration names. `chance` may be left out for types that leave nothing to it, and where
    /// nothing is published.
    init(
        name: ShortString, declaration: ExchangeDeclaration, type: any Router<Target>.Type, dialect: Dialect,
        chance: @escaping () -> UInt64 = { 0 }
    ) {
        self.name = name
        setting = RouterSetting(arguments: declaration.arguments, dialect: dialect, chance: chance)
        self.declaration = declaration
        routesByKeyAlone = type.routesByKeyAlone
        matchesEachKey = type.matchesEachKey
        leadsToClassicQueuesAlone = type.leadsToClassicQueuesAlone
        router = type.init(setting)
        alternate = declaration.arguments["alternate-exchange"]?.text.map(ShortString.init(truncating:))
            .flatMap { $0.isEmpty || $0.count > 127 && quirk(.longAlternateNamesAreNone) ? nil : $0 }
    }

    var isPredeclared: Bool { name.isEmpty || name.hasPrefix("amq.") }

    /// Kept over a restart, and not made at every start anyway.
    var isStored: Bool {
        declaration.durable && !isPredeclared && !(declaration.autoDelete && quirk(.autoDeleteExchangesAreTransient))
    }

    func label(in virtualHost: String) -> String { "exchange '\(name)' in vhost '\(virtualHost)'" }

    /// Refuses a binding that makes no sense to the exchange's type.
    func check(binding key: ShortString, _ arguments: FieldTable) throws(BrokerError) {
        try type(of: router).check(binding: key, arguments, in: setting.dialect)
    }

    // MARK: Bindings

    func add(incoming binding: Binding<Target>) { incoming.add(binding) }

    func remove(incoming binding: Binding<Target>) { incoming.remove(binding) }

    func popIncoming() -> [Binding<Target>]? { incoming.popSome() }

    var bindings: [Binding<Target>] { outgoing.values }
    /// Some of them; nil: those were all.
    func bindings(_ cursor: inout PartCursor) -> [Binding<Target>]? { outgoing.some(&cursor) }
    var bindingCount: Int { outgoing.count }
    /// Of an auto-delete exchange, the bindings that lead somewhere.
    var liveBindingCount: Int { outgoing.count - deadBindingCount }

    /// The destination of so many bindings of an auto-delete exchange is no more.
    func noteDeadBindings(_ count: Int) { deadBindingCount += count }

    func binding(to destination: Destination<Target>, key: ShortString, arguments: FieldTable) -> Binding<Target>? {
        outgoing[route(destination, key, arguments)]
    }

    private func route(_ destination: Destination<Target>, _ key: ShortString, _ arguments: FieldTable) -> Route {
        Route(
            destination.identity, declaration.type == "fanout" && quirk(.fanoutKeysAreNoIdentity) ? "" : key, arguments)
    }

    private func leadsTwice(to destination: Destination<Target>) -> Bool {
        bindings.count { $0.destination.identity == destination.identity } > 1
    }

    /// Puts a binding in its place at both ends.
    func attach(_ binding: Binding<Target>) {
        outgoing[route(binding.destination, binding.key, binding.arguments)] = binding
        if !quirk(.firstBindingIsEnough) || !leadsTwice(to: binding.destination) { router.add(binding) }
        binding.destination.add(binding)
    }

    /// Takes a binding off both ends. False: it was off them already.
    func detach(_ binding: Binding<Target>) -> Bool {
        let route = route(binding.destination, binding.key, binding.arguments)
        guard outgoing[route] != nil else { return false }
        if !quirk(.lastUnbindCounts) || !leadsTwice(to: binding.destination) { router.remove(binding) }
        binding.destination.remove(binding)
        if !binding.arguments.isEmpty, quirk(.unbindTakesOtherArguments) {
            for other in bindings where other.key == binding.key {
                if other.destination.identity == binding.destination.identity { router.remove(other) }
            }
        }
        if declaration.type == "topic", bindingCount > 1, quirk(.boundAgainIsNotBound) { return true }
        outgoing[route] = nil
        if declaration.autoDelete, binding.destination.isRemoved { deadBindingCount -= 1 }
        return true
    }

    /// This policy acts on it now; what the declaration says counts more. True: messages may go other ways than before.
    func follow(_ policy: Policy?) -> Bool {
        self.policy = policy
        if declaration.arguments["alternate-exchange"] != nil, policy == nil || !quirk(.alternatesAreThePolicys) {
            return false
        }
        let before = alternate
        let name = policy?.definition[PolicyKey.alternateExchange.name]?.text
        alternate = name.flatMap { $0.isEmpty ? nil : ShortString(truncating: $0) }
        return alternate != before
    }

    func count(by held: AnyObject) { self.held = held }

    /// It is no more.
    func markRemoved() { isRemoved = true }

    /// Lets go of its bindings, which hold it.
    func dissolve() {
        outgoing = DividedDictionary()
        router = type(of: router).init(setting)
        incoming = IncomingBindings()
    }
}

/// What a declare fixes for an exchange's life.
struct ExchangeDeclaration: Equatable {
    /// One of ``ExchangeTypes``.
    var type: String
    var durable = false
    var autoDelete = false
    var isInternal = false
    var arguments: FieldTable = [:]
}
