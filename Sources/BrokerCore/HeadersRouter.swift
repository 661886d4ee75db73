import AMQPWire

/// Headers exchanges: a binding's arguments are compared with the message's headers; the key plays no part
/// (AMQP 0-9-1, 3.1.3.4; RabbitMQ: "Headers Exchange").
struct HeadersRouter: Router {
    private var rules: [Rule] = []

    private struct Rule {
        var binding: Binding
        var match: Match
        /// The arguments that take part.
        var wanted: [FieldTable.Field]
    }

    /// The `x-match` argument.
    private enum Match: String {
        case all, any
        /// As `all` and `any`, arguments whose name starts with `x-` included (RabbitMQ 3.10).
        case allWithX = "all-with-x"
        case anyWithX = "any-with-x"
    }

    static func check(_ arguments: FieldTable) throws(BrokerError) {
        guard let value = arguments["x-match"] else { return }
        guard case .longString(let octets) = value else {
            throw BrokerError(
                .preconditionFailed,
                "Invalid x-match field type \(value.erlangTypeName) (value \(value.erlangText)); expected longstr")
        }
        let text = String(decoding: octets, as: UTF8.self)
        guard Match(rawValue: text) != nil else {
            throw BrokerError(
                .preconditionFailed,
                "Invalid x-match field value \(value.erlangText); expected all, any, all-with-x, or any-with-x")
        }
    }

    mutating func add(_ binding: Binding) {
        let match = binding.arguments["x-match"]?.text.flatMap(Match.init) ?? .all
        let countsX = match == .allWithX || match == .anyWithX
        let wanted = binding.arguments.fields.filter { field in
            field.name != "x-match" && (countsX || !field.name.hasPrefix("x-"))
        }
        rules.append(Rule(binding: binding, match: match, wanted: wanted))
    }

    mutating func remove(_ binding: Binding) { rules.removeAll { $0.binding === binding } }

    func matches(_ message: Message, key: ShortString, _ found: (Destination) -> Void) {
        if rules.isEmpty { return }
        let headers = message.headers
        for rule in rules where Self.matches(rule, headers) { found(rule.binding.destination) }
    }

    private static func matches(_ rule: Rule, _ headers: FieldTable) -> Bool {
        func agrees(_ field: FieldTable.Field) -> Bool {
            guard let value = headers[field.name] else { return false }
            // A void argument asks only that the header be there.
            return field.value == .void || field.value.isSame(as: value)
        }
        return switch rule.match {
        case .all, .allWithX: rule.wanted.allSatisfy(agrees)
        case .any, .anyWithX: rule.wanted.contains(where: agrees)
        }
    }
}
