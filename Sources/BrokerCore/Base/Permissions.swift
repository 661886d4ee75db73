/// What a user may do in one virtual host (RabbitMQ: "Access Control", permissions): three regular expressions, and
/// where one of them matches somewhere in a resource's name, its kind of operation is allowed on that resource.
public struct Permissions: Sendable, Equatable {
    /// To declare and delete.
    public let configure: String
    /// To publish to an exchange, and to have what it gets: bind a queue or an exchange as destination.
    public let write: String
    /// To get from a queue, consume from it and purge it, and to bind to an exchange as source.
    public let read: String

    /// An expression that is none, or that can't be matched in bounded time; see ``NamePattern``.
    public struct Malformed: Error, Equatable {
        public let pattern: String
        /// What is wrong with it: a sentence without its end.
        public let reason: String
    }

    /// An empty expression matches no name, as in RabbitMQ. Throws ``Malformed`` for what is not taken.
    public init(configure: String, write: String, read: String) throws(Malformed) {
        (self.configure, self.write, self.read) = (configure, write, read)
        for pattern in [configure, write, read] { _ = try Self.compiled(pattern) }
    }

    private init() { (configure, write, read) = (".*", ".*", ".*") }
    public static let all = Permissions()

    /// Whether what has this name may be read.
    func mayRead(_ name: String) -> Bool { (try? Self.compiled(read).matches(name)) ?? false }

    static func compiled(_ pattern: String) throws(Malformed) -> NamePattern {
        do throws(NamePattern.Unsupported) {
            return try NamePattern(pattern.isEmpty ? "^$" : pattern)
        } catch {
            throw Malformed(pattern: pattern, reason: error.reason)
        }
    }
}

extension BrokerConfiguration.User {
    /// May see and change everything through the listing API (RabbitMQ: "Management Plugin", permissions). Without tags it is
    /// whoever may do everything everywhere.
    public var isAdministrator: Bool { tags.map { $0.contains("administrator") } ?? (permissions == nil) }

    /// May see everybody's connections and channels, and the node.
    public var isMonitor: Bool { isAdministrator || tags?.contains("monitoring") ?? false }

    /// Whatever there is, in every virtual host.
    public var seesEverything: Bool { isAdministrator && permissions == nil }

    /// May set and clear policies.
    public var isPolicymaker: Bool { isAdministrator || tags?.contains("policymaker") ?? false }

    /// May publish under any `user-id` (RabbitMQ: "Validated User-ID"). No other tag says so.
    var mayImpersonate: Bool { tags?.contains("impersonator") ?? false }

    /// May ask the listing API anything.
    public var mayManage: Bool {
        tags.map { !$0.isDisjoint(with: ["administrator", "monitoring", "policymaker", "management"]) } ?? true
    }

    /// May bind a queue to the exchange that a virtual host's traced messages come from, so everything about them is the user's to
    /// know.
    public func maySeeTraces(in virtualHost: String) -> Bool {
        permissions(in: virtualHost)?.mayRead("amq.rabbitmq.trace") ?? false
    }

    public func mayOpen(_ virtualHost: String) -> Bool { permissions.map { $0[virtualHost] != nil } ?? true }

    /// nil: the user may not so much as open the virtual host.
    public func permissions(in virtualHost: String) -> Permissions? {
        permissions.map { $0[virtualHost] } ?? .all
    }
}
