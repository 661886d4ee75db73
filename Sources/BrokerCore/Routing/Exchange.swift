import AMQPWire

/// An exchange: its declaration, and the bindings it is the source of.
final class Exchange<Target> {
    let name: ShortString
    let declaration: ExchangeDeclaration
    /// Where unroutable messages go (RabbitMQ: "Alternate Exchanges"). The nameless exchange is none: it has no bindings
    /// that an alternate could follow, and RabbitMQ routes nowhere from there.
    let alternate: ShortString?
    let routesByKeyAlone: Bool
    private(set) var router: any Router<Target>
    /// The bindings of which this is the source, by what a look-up of duplicates asks for.
    private var outgoing: [Route: BindingList<Target>] = [:]
    private(set) var bindingCount = 0
    /// Bindings that have this exchange as their destination, so that deleting it can remove them.
    private(set) var incoming = BindingList<Target>()
    let mark = PassMark()

    private struct Route: Hashable {
        var destination: ObjectIdentifier
        var key: ShortString
    }

    /// `type` is the one that the declaration names.
    init(name: ShortString, declaration: ExchangeDeclaration, type: any Router<Target>.Type) {
        self.name = name
        self.declaration = declaration
        routesByKeyAlone = type.routesByKeyAlone
        router = type.init(arguments: declaration.arguments)
        alternate = declaration.arguments["alternate-exchange"]?.text.map(ShortString.init(truncating:))
            .flatMap { $0.isEmpty ? nil : $0 }
    }

    var isPredeclared: Bool { name.isEmpty || name.hasPrefix("amq.") }

    /// Kept over a restart, and not made at every start anyway.
    var isStored: Bool { declaration.durable && !isPredeclared }

    func label(in virtualHost: String) -> String { "exchange '\(name)' in vhost '\(virtualHost)'" }

    /// Refuses a binding that makes no sense to the exchange's type.
    func check(binding key: ShortString, _ arguments: FieldTable) throws(BrokerError) {
        try type(of: router).check(binding: key, arguments)
    }

    // MARK: Bindings

    func add(incoming binding: Binding<Target>) { incoming.add(binding) }

    func remove(incoming binding: Binding<Target>) { incoming.remove(binding) }

    var bindings: [Binding<Target>] { outgoing.values.flatMap(\.all) }

    func binding(to destination: Destination<Target>, key: ShortString, arguments: FieldTable) -> Binding<Target>? {
        guard let candidates = outgoing[Route(destination: destination.identity, key: key)] else { return nil }
        let arguments = arguments.sortedByName
        return candidates.first { $0.arguments == arguments }
    }

    /// Puts a binding in its place at both ends.
    func attach(_ binding: Binding<Target>) {
        outgoing[Route(destination: binding.destination.identity, key: binding.key), default: .init()].add(binding)
        bindingCount += 1
        router.add(binding)
        binding.destination.add(binding)
    }

    /// Takes a binding off both ends.
    func detach(_ binding: Binding<Target>) {
        let route = Route(destination: binding.destination.identity, key: binding.key)
        outgoing[route]?.remove(binding)
        if outgoing[route]?.isEmpty == true { outgoing[route] = nil }
        bindingCount -= 1
        router.remove(binding)
        binding.destination.remove(binding)
    }

    /// Takes all bindings off at both ends: the exchange is no more. Not one by one where that is not needed: a router
    /// that has lost all of its bindings is a new one.
    func detachAll() {
        for binding in bindings { binding.destination.remove(binding) }
        (outgoing, bindingCount) = ([:], 0)
        router = type(of: router).init(arguments: declaration.arguments)
    }

    /// Lets go of its bindings, which hold it.
    func dissolve() {
        detachAll()
        incoming = BindingList()
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
