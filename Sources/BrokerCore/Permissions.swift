import AMQPWire

/// What a user may do in one virtual host (RabbitMQ: "Access Control", permissions): three regular expressions, and
/// where one of them matches somewhere in a resource's name, its kind of operation is allowed on that resource.
public struct Permissions: Sendable, Equatable {
    /// To declare and delete.
    public let configure: String
    /// To publish to an exchange, and to have what it gets: bind a queue or an exchange as destination.
    public let write: String
    /// To get from a queue, consume from it and purge it, and to bind to an exchange as source.
    public let read: String

    /// What is not a regular expression.
    public struct Malformed: Error, Equatable {
        public let pattern: String
    }

    /// An empty expression matches no name, as in RabbitMQ. Throws ``Malformed`` for what is no regular expression.
    public init(configure: String, write: String, read: String) throws(Malformed) {
        (self.configure, self.write, self.read) = (configure, write, read)
        for pattern in [configure, write, read] { _ = try Self.compiled(pattern) }
    }

    private init() { (configure, write, read) = (".*", ".*", ".*") }
    public static let all = Permissions()

    /// Looks at a name's scalars, as RabbitMQ's expressions do, not at what a reader takes for one character.
    fileprivate static func compiled(_ pattern: String) throws(Malformed) -> Regex<AnyRegexOutput> {
        do {
            return try Regex(pattern.isEmpty ? "^$" : pattern).matchingSemantics(.unicodeScalar)
        } catch {
            throw Malformed(pattern: pattern)
        }
    }
}

extension BrokerConfiguration.User {
    /// True when nothing is kept from the user: RabbitMQ would give such a one the tag `administrator`.
    public var isAdministrator: Bool { permissions == nil }

    public func mayOpen(_ virtualHost: String) -> Bool { permissions.map { $0[virtualHost] != nil } ?? true }

    /// nil: the user may not so much as open the virtual host.
    public func permissions(in virtualHost: String) -> Permissions? {
        permissions.map { $0[virtualHost] } ?? .all
    }
}

/// What an operation needs a right to.
enum Right: Int { case configure, write, read }

/// The rights of a connection's user in its virtual host. Who may do everything has none of these: then nothing is to
/// be looked up.
final class AccessRights {
    private let user: String
    private let virtualHost: String
    private let patterns: [Regex<AnyRegexOutput>]
    /// What was found out: a client asks for the same few names again and again.
    private var known: [Key: Bool] = [:]

    private struct Key: Hashable {
        var right: Right
        var name: ShortString
    }

    /// How much is remembered before it is forgotten, for a client that uses ever new names.
    private static let mostKnown = 256

    init?(user: String, virtualHost: String, _ permissions: Permissions) {
        self.user = user
        self.virtualHost = virtualHost
        let patterns = [permissions.configure, permissions.write, permissions.read].compactMap {
            // They were tried when the permissions were made.
            try? Permissions.compiled($0)
        }
        guard patterns.count == 3 else { return nil }
        self.patterns = patterns
    }

    /// Throws 403 with RabbitMQ's words when the user has not got the right to an exchange. The default exchange goes by
    /// the name `amq.default`.
    func check(_ right: Right, toExchange name: ShortString) throws(BrokerError) {
        try check(right, to: "exchange", name.isEmpty ? "amq.default" : name)
    }

    /// The same for a queue.
    func check(_ right: Right, toQueue name: ShortString) throws(BrokerError) { try check(right, to: "queue", name) }

    private func check(_ right: Right, to kind: String, _ name: ShortString) throws(BrokerError) {
        let key = Key(right: right, name: name)
        let isGranted: Bool
        if let answer = known[key] {
            isGranted = answer
        } else {
            isGranted = (try? patterns[right.rawValue].firstMatch(in: name.text)) ?? nil != nil
            if known.count >= Self.mostKnown { known = [:] }
            known[key] = isGranted
        }
        guard isGranted else {
            throw BrokerError(
                .accessRefused, "access to \(kind) '\(name)' in vhost '\(virtualHost)' refused for user '\(user)'")
        }
    }
}
