import AMQPWire

/// Consistent-hash exchanges: every message goes to exactly one of the destinations, the same for the same key, and each
/// gets a share of the keys that grows with its weight, the binding key (RabbitMQ: "Consistent Hash Exchange Type").
///
/// The destination with the highest score for a key gets its messages (rendezvous hashing). A score depends on nothing but
/// the key, the destination and its weight, so that adding or removing one moves only the keys that it gets or had. A
/// table of buckets, as in RabbitMQ, is quicker with many destinations, but grows with the weights: one of a thousand
/// million stops that broker.
struct ConsistentHashRouter<Target>: Router {
    static var type: String { "x-consistent-hash" }
    static var routesByKeyAlone: Bool { quirk(.hashedHeadersAreReadOnce) }
    static var matchesEachKey: Bool { false }

    /// What of a message is hashed.
    private enum Hashed {
        case routingKey
        case header(ShortString)
        case property(String)
    }

    private struct Share {
        var binding: Binding<Target>
        var weight: Double
        /// The hash of the destination's name.
        var hash: UInt64
        var isHole = false
    }

    private static var properties: [String] { ["correlation_id", "message_id", "timestamp"] }

    private let hashed: Hashed
    /// By destination.
    private var shares = IdentityList<Share>()

    init(_ setting: RouterSetting) {
        let arguments = setting.arguments
        if let header = arguments["hash-header"]?.text {
            hashed = .header(ShortString(truncating: header))
        } else if let property = arguments["hash-property"]?.text {
            hashed = .property(property)
        } else {
            hashed = .routingKey
        }
    }

    static func check(declaration arguments: FieldTable, label: String) throws(BrokerError) {
        if arguments["hash-header"] != nil, arguments["hash-property"] != nil {
            throw BrokerError(.preconditionFailed, "hash-header and hash-property are mutually exclusive")
        }
        for name: ShortString in ["hash-header", "hash-property"] {
            guard let value = arguments[name] else { continue }
            guard let text = value.text else {
                throw BrokerError(.preconditionFailed, "invalid arg '\(name)' for \(label): a string is needed")
            }
            if name == "hash-property", !properties.contains(text) {
                throw BrokerError(.preconditionFailed, "Unsupported property: \(text)")
            }
        }
    }

    static func check(binding key: ShortString, _ arguments: FieldTable, in dialect: Dialect) throws(BrokerError) {
        if key.isEmpty, quirk(.emptyWeightIsTaken) { return }
        guard let weight = Int(key.text) else {
            throw BrokerError(.preconditionFailed, "The binding key must be an integer: \"\(key)\"")
        }
        guard weight > 0 else { throw BrokerError(.preconditionFailed, "The binding key must be greater than 0") }
    }

    mutating func add(_ binding: Binding<Target>) {
        let weight = Double(min(Int(binding.key.text) ?? 1, quirk(.weightsStopAt255) ? 255 : .max))
        let share = Share(
            binding: binding, weight: weight, hash: NameHash.of(binding.destination.name.octets))
        // A destination that is bound again keeps its first weight.
        if !shares.contains(binding.destination.identity) {
            shares.add(share, binding.destination.identity)
        } else if quirk(.boundAgainIsAnotherShare) {
            shares.add(share, ObjectIdentifier(binding))
        }
    }

    /// Whichever of its bindings goes, a destination has no share any more, as in RabbitMQ.
    mutating func remove(_ binding: Binding<Target>) {
        let identity = binding.destination.identity
        if var wide = shares.first(where: { $0.binding === binding }), wide.weight > 30, quirk(.wideSharesLeaveHoles) {
            wide.isHole = true
            shares.remove(identity)
            return shares.add(wide, identity)
        }
        if quirk(.shareStaysWithTheFirst),
            shares.first(where: { $0.binding.destination.identity == identity })?.binding !== binding
        {
            return
        }
        shares.remove(identity)
        if quirk(.boundAgainIsAnotherShare) { shares.remove(ObjectIdentifier(binding)) }
    }

    func matches(
        _ message: inout RoutedMessage, key: ShortString, _ found: (Destination<Target>) -> Void
    ) throws(BrokerError) -> Int {
        let hash = NameHash.of(try hashedOctets(of: &message, key: key))
        var best: (score: Double, share: Share)?
        shares.forEach { share in
            if share.binding.destination.isRemoved { return }
            // Uniform between 0 and 1, without either; of -ln(u) / weight, the least has its weight's share of all keys.
            let uniform = (Double(NameHash.mixed(hash ^ share.hash) >> 11) + 0.5) / 0x1p53
            let score = Self.logarithm(uniform) / share.weight
            if best.map({ score < $0.score }) ?? true { best = (score, share) }
        }
        if let best, !best.share.isHole { found(best.share.binding.destination) }
        return shares.count - (best == nil ? 0 : 1)
    }

    private func hashedOctets(of message: inout RoutedMessage, key: ShortString) throws(BrokerError) -> [UInt8] {
        switch hashed {
        case .routingKey: return quirk(.hashTakesEightOctets) ? Array(key.octets.prefix(8)) : key.octets
        case .header(let name):
            let header = try message.headers()[name]
            if quirk(.hashedHeadersAreTexts), header?.text == nil { return [] }
            return header.map { Array($0.erlangText.utf8) } ?? []
        case .property(let name):
            guard let resident = message.message.resident else {
                throw .broken("a message was routed without its octets")
            }
            let properties = try MessageContent(resident, of: message.message).properties()
            return switch name {
            case "correlation_id": properties.correlationID?.octets ?? []
            case "message_id": properties.messageID?.octets ?? []
            default: properties.timestamp.map { Array("\($0)".utf8) } ?? []
            }
        }
    }

    /// -ln(x) for 0 < x < 1, good to six digits: this module links no library of mathematics.
    private static func logarithm(_ x: Double) -> Double {
        // x = significand · 2^exponent; ln(significand) = 2 · artanh((significand - 1) / (significand + 1)).
        let ratio = (x.significand - 1) / (x.significand + 1)
        let square = ratio * ratio
        let series =
            ratio * (1 + square * (1 / 3 + square * (1 / 5 + square * (1 / 7 + square * (1 / 9 + square / 11)))))
        return -(2 * series + Double(x.exponent) * 0.693_147_180_559_945_3)
    }
}
