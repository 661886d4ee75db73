import AMQPWire

/// What an exchange type decides: which of an exchange's bindings a message matches, and which bindings make sense.
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
    /// Refuses a binding that makes no sense to the type, or that a release does not take.
    static func check(binding key: ShortString, _ arguments: FieldTable, in dialect: Dialect) throws(BrokerError)

    /// True when only classic queues may be bound. A router does not know what it leads to: the channel looks.
    static var leadsToClassicQueuesAlone: Bool { get }

    /// How many places it keeps for the patterns of its bindings, beside what it has for each binding: for the account of memory.
    var placeCount: Int { get }

    init(_ setting: RouterSetting)

    mutating func add(_ binding: Binding<Target>)
    mutating func remove(_ binding: Binding<Target>)
    /// Calls `found` with the destination of every binding that the message matches under this key; a destination may
    /// come more than once. Returns how many places were looked at beside those calls, or a few more.
    ///
    /// A destination that is removed may still be bound for a while, and is passed over by whoever asks. A router that chooses
    /// one of several has to pass over it itself, or its message is lost, as ``LocalRandomRouter`` does.
    func matches(
        _ message: inout RoutedMessage, key: ShortString, _ found: (Destination<Target>) -> Void
    ) throws(BrokerError) -> Int
}

extension Router {
    static var matchesEachKey: Bool { true }
    static func check(declaration arguments: FieldTable, label: String) throws(BrokerError) {}
    static func check(binding key: ShortString, _ arguments: FieldTable, in dialect: Dialect) throws(BrokerError) {}
    static var leadsToClassicQueuesAlone: Bool { false }
    var placeCount: Int { 0 }
}

/// What a router may know of its exchange and its broker.
struct RouterSetting {
    /// The exchange's own.
    var arguments: FieldTable
    /// For a type that decides differently from release to release.
    var dialect: Dialect
    /// Draws from the broker's one generator, for a type that leaves something to chance. Keep it, not a generator: a copy of one
    /// that has a seed would repeat what the others draw.
    var chance: () -> UInt64
}
