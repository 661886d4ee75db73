import AMQPWire

/// An exchange: its declaration, and the bindings it is the source of.
final class Exchange {
    let name: ShortString
    let declaration: Declaration
    /// What an exchange type decides: the only difference between the types.
    private var router: any Router
    /// In the order they were made, grouped by destination for a quick look-up of duplicates.
    private(set) var bindings: [ObjectIdentifier: [Binding]] = [:]
    private(set) var bindingCount = 0
    /// Bindings that have this exchange as their destination, so that deleting it can remove them.
    var incoming: [Binding] = []
    /// The pass of routing that last came through here; see ``VirtualHost/route(_:from:keys:)``.
    var routingPass: UInt64 = 0
    /// Where unroutable messages go (RabbitMQ: "Alternate Exchanges").
    let alternate: ShortString?

    /// What a declare fixes for an exchange's life.
    struct Declaration {
        var type: ExchangeType
        var durable = false
        var autoDelete = false
        var isInternal = false
        var arguments: FieldTable = [:]
    }

    init(name: ShortString, declaration: Declaration) {
        self.name = name
        self.declaration = declaration
        router = declaration.type.makeRouter()
        alternate = declaration.arguments["alternate-exchange"]?.text.flatMap { try? ShortString($0) }
    }

    var isPredeclared: Bool { name.isEmpty || name.hasPrefix("amq.") }

    /// Kept over a restart, and not made at every start anyway.
    var isStored: Bool { declaration.durable && !isPredeclared }

    func label(in virtualHost: VirtualHost) -> String { "exchange '\(name)' in vhost '\(virtualHost.name)'" }

    func binding(to destination: Destination, key: ShortString, arguments: FieldTable) -> Binding? {
        bindings[destination.identity]?.first {
            $0.isSame(destination: destination, key: key, arguments: arguments)
        }
    }

    func add(_ binding: Binding) {
        bindings[binding.destination.identity, default: []].append(binding)
        bindingCount += 1
        router.add(binding)
    }

    func remove(_ binding: Binding) {
        let identity = binding.destination.identity
        guard let at = bindings[identity]?.firstIndex(where: { $0 === binding }) else { return }
        bindings[identity]?.remove(at: at)
        if bindings[identity]?.isEmpty == true { bindings[identity] = nil }
        bindingCount -= 1
        router.remove(binding)
    }

    /// Lets go of its bindings; see ``VirtualHost/dissolve()``.
    func dissolve() {
        (bindings, bindingCount, incoming) = ([:], 0, [])
        router = declaration.type.makeRouter()
    }

    /// Calls `found` with the destination of every binding that `message` and `key` match; a destination may come more
    /// than once.
    func matches(_ message: Message, key: ShortString, _ found: (Destination) -> Void) {
        router.matches(message, key: key, found)
    }

    /// True when the key alone decides where a message goes, so that the answer may be remembered.
    var routesByKeyAlone: Bool { declaration.type != .headers }
}

/// The four types of exchange that AMQP 0-9-1 defines (3.1.3).
enum ExchangeType: String, CaseIterable {
    case direct, fanout, topic, headers

    func makeRouter() -> any Router {
        switch self {
        case .direct: DirectRouter()
        case .fanout: FanoutRouter()
        case .topic: TopicRouter()
        case .headers: HeadersRouter()
        }
    }

    /// Refuses binding arguments that make no sense to the type.
    func check(_ arguments: FieldTable) throws(BrokerError) {
        if self == .headers { try HeadersRouter.check(arguments) }
    }
}

/// Finds the bindings of an exchange that a message matches.
protocol Router {
    mutating func add(_ binding: Binding)
    mutating func remove(_ binding: Binding)
    func matches(_ message: Message, key: ShortString, _ found: (Destination) -> Void)
}
