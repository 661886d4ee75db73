import AMQPWire

/// What an exchange type decides: which of an exchange's bindings a message matches. The only difference between the
/// types.
///
/// A new type is a file beside this one and a line in ``ExchangeTypes``.
protocol Router<Target> {
    associatedtype Target

    /// As `exchange.declare` names it.
    static var type: String { get }
    /// True when the key alone decides where a message goes, so that a channel may remember the answer. There is no
    /// default: a router that leaves anything else to its message, to chance or to whose turn it is must say false.
    static var routesByKeyAlone: Bool { get }
    /// True when each of a message's keys (its own, and those of its CC and BCC headers) may match other bindings. False: its own
    /// stands for all of them.
    static var matchesEachKey: Bool { get }
    /// Refuses a declaration whose arguments make no sense to the type.
    static func check(declaration arguments: FieldTable, label: String) throws(BrokerError)
    /// Refuses a binding that makes no sense to the type.
    static func check(binding key: ShortString, _ arguments: FieldTable) throws(BrokerError)

    /// `arguments` are the exchange's own.
    init(arguments: FieldTable)
    /// The same for a type that decides differently from release to release.
    init(arguments: FieldTable, dialect: Dialect)

    mutating func add(_ binding: Binding<Target>)
    mutating func remove(_ binding: Binding<Target>)
    /// Calls `found` with the destination of every binding that the message matches under this key; a destination may
    /// come more than once. Returns how many places were looked at that `found` wasn't called for.
    func matches(
        _ message: inout RoutedMessage, key: ShortString, _ found: (Destination<Target>) -> Void
    ) throws(BrokerError) -> Int
}

extension Router {
    static var matchesEachKey: Bool { true }
    static func check(declaration arguments: FieldTable, label: String) throws(BrokerError) {}
    static func check(binding key: ShortString, _ arguments: FieldTable) throws(BrokerError) {}
    init(arguments: FieldTable, dialect: Dialect) { self.init(arguments: arguments) }
}
