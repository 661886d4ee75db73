import AMQPWire

/// Where a binding leads: out of routing, to a target, or on to another exchange.
enum Destination<Target> {
    case target(RouteEnd<Target>)
    case exchange(Exchange<Target>)

    var name: ShortString {
        switch self {
        case .target(let end): end.name
        case .exchange(let exchange): exchange.name
        }
    }

    /// It is no more, and its bindings are on their way out: none of them matches.
    var isRemoved: Bool {
        switch self {
        case .target(let end): end.isRemoved
        case .exchange(let exchange): exchange.isRemoved
        }
    }

    var isDurable: Bool {
        switch self {
        case .target(let end): end.isDurable
        case .exchange(let exchange): exchange.declaration.durable && !quirk(.bindingsBetweenExchangesAreTransient)
        }
    }

    /// What tells destinations apart.
    var identity: ObjectIdentifier {
        switch self {
        case .target(let end): ObjectIdentifier(end)
        case .exchange(let exchange): ObjectIdentifier(exchange)
        }
    }

    func add(_ binding: Binding<Target>) {
        switch self {
        case .target(let end): end.incoming.add(binding)
        case .exchange(let exchange): exchange.add(incoming: binding)
        }
    }

    func remove(_ binding: Binding<Target>) {
        switch self {
        case .target(let end): end.incoming.remove(binding)
        case .exchange(let exchange): exchange.remove(incoming: binding)
        }
    }
}

/// The end of a route: what a message reaches, as the bindings that lead there see it. In this broker, a queue.
final class RouteEnd<Target> {
    let name: ShortString
    let isDurable: Bool
    let target: Target
    /// Bindings that lead here, so that deleting the target can remove them.
    fileprivate(set) var incoming = IncomingBindings<Target>()
    let mark = PassMark()
    /// See ``Destination/isRemoved``.
    private(set) var isRemoved = false

    init(_ target: Target, name: ShortString, isDurable: Bool) {
        self.target = target
        self.name = name
        self.isDurable = isDurable
    }

    func popIncoming() -> [Binding<Target>]? { incoming.popSome() }

    /// The target is no more.
    func markRemoved() { isRemoved = true }

    /// Lets go of its bindings, which hold it.
    func dissolve() { incoming = IncomingBindings() }
}

/// A binding from an exchange to a target or to another exchange.
///
/// Source, destination, key and arguments together are its identity: binding twice is binding once, and the same key
/// with other arguments is another binding (AMQP 0-9-1, `queue.bind` rule duplicates).
final class Binding<Target> {
    let source: Exchange<Target>
    let destination: Destination<Target>
    let key: ShortString
    /// Sorted by name: their order is no part of the identity.
    let arguments: FieldTable
    /// Grows from binding to binding, so that the log can tell them again in the order they were made.
    let order: UInt64

    init(
        source: Exchange<Target>, destination: Destination<Target>, key: ShortString, arguments: FieldTable,
        order: UInt64
    ) {
        self.source = source
        self.destination = destination
        self.key = key
        self.arguments = arguments
        self.order = order
    }

    /// Kept over a restart: both its ends are.
    var isDurable: Bool {
        source.declaration.durable && destination.isDurable
            && (source.isStored || !quirk(.bindingsOfPredeclaredAreTransient))
            && (arguments.isEmpty || !quirk(.bindingsWithArgumentsAreTransient))
    }
}
