import AMQPWire

/// What an operation needs a right to.
enum Right: Int { case configure, write, read }

/// The rights of a connection's user in its virtual host. Who may do everything has none of these: then nothing is to
/// be looked up.
final class AccessRights {
    private let user: String
    private let virtualHost: String
    private let patterns: [NamePattern]
    /// What was found out: a client asks for the same few names again and again.
    private var known: [Key: Bool] = [:]
    /// Where it counts; nil: nowhere, it is asked just once.
    private let load: Load?
    private var counted = 0

    private struct Key: Hashable {
        var right: Right
        var name: ShortString
    }

    /// How much is remembered before it is forgotten, for a client that uses ever new names.
    private static let mostKnown = 256

    init(user: String, virtualHost: String, _ permissions: Permissions, in load: Load? = nil) throws(BrokerError) {
        self.load = load
        self.user = user
        self.virtualHost = virtualHost
        do throws(Permissions.Malformed) {
            patterns = [
                try Permissions.compiled(permissions.configure), try Permissions.compiled(permissions.write),
                try Permissions.compiled(permissions.read),
            ]
        } catch {
            throw .broken("'\(error.pattern)' was a regular expression when the permissions were made")
        }
    }

    deinit { count(-counted) }

    private func count(_ octets: Int) {
        counted += octets
        load?.hold(octets)
    }

    /// Throws 403 with RabbitMQ's words when the user has not got the right to an exchange. The default exchange goes by
    /// the name `amq.default`.
    func check(_ right: Right, toExchange name: ShortString) throws(BrokerError) {
        if name.isEmpty, quirk(.defaultExchangeNeedsNoRight) { return }
        try check(right, to: "exchange", name.isEmpty ? "amq.default" : name)
    }

    /// The same for a queue.
    func check(_ right: Right, toQueue name: ShortString) throws(BrokerError) { try check(right, to: "queue", name) }

    /// Throws the same when the user has no right to it at all.
    func checkAny(toExchange name: ShortString) throws(BrokerError) {
        if !has(.write, to: name), !has(.read, to: name) { try check(.configure, toExchange: name) }
    }

    func checkAny(toQueue name: ShortString) throws(BrokerError) {
        if !has(.write, to: name), !has(.read, to: name) { try check(.configure, toQueue: name) }
    }

    private func check(_ right: Right, to kind: String, _ name: ShortString) throws(BrokerError) {
        guard has(right, to: name) else {
            throw BrokerError(
                .accessRefused, "access to \(kind) '\(name)' in vhost '\(virtualHost)' refused for user '\(user)'")
        }
    }

    private func has(_ right: Right, to name: ShortString) -> Bool {
        let key = Key(right: quirk(.rightsAreRememberedByNameAlone) ? .configure : right, name: name)
        if let answer = known[key] { return answer }
        let isGranted = patterns[right.rawValue].matches(name.text)
        if known.count >= Self.mostKnown {
            if quirk(.rightsEndAtManyNames) { return true }
            known = [:]
            count(-counted)
        }
        known[key] = isGranted
        count(Load.ofRight + name.count)
        return isGranted
    }
}
