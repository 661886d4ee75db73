import AMQPWire
import DataStructures

/// Headers exchanges: a binding's arguments are compared with the message's headers; the key plays no part
/// (AMQP 0-9-1, 3.1.3.4; RabbitMQ: "Headers Exchange").
struct HeadersRouter<Target>: Router {
    static var type: String { "headers" }
    static var routesByKeyAlone: Bool { quirk(.headersAreReadOnce) }
    static var matchesEachKey: Bool { false }

    /// By binding, whose order it keeps.
    private var conditions = DividedDictionary<ObjectIdentifier, Condition>()
    private var bindings = BindingList<Target>()

    private let dialect: Dialect

    init(_ setting: RouterSetting) { dialect = setting.dialect }

    private struct Condition {
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

    static func check(binding key: ShortString, _ arguments: FieldTable, in dialect: Dialect) throws(BrokerError) {
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

    mutating func add(_ binding: Binding<Target>) {
        let match = binding.arguments["x-match"]?.text.flatMap(Match.init) ?? .all
        let countsX = match == .allWithX || match == .anyWithX && !quirk(.anyWithXLeavesXOut)
        let wanted = binding.arguments.fields.filter { field in
            if field.name == "x-match" { return false }
            if field.name.hasPrefix("x"), !field.name.hasPrefix("x-"), quirk(.xAloneIsLeftOut) { return false }
            return countsX || !field.name.hasPrefix("x-")
        }
        conditions[ObjectIdentifier(binding)] = Condition(match: match, wanted: wanted)
        bindings.add(binding)
    }

    mutating func remove(_ binding: Binding<Target>) {
        conditions[ObjectIdentifier(binding)] = nil
        bindings.remove(binding)
    }

    func matches(
        _ message: inout RoutedMessage, key: ShortString, _ found: (Destination<Target>) -> Void
    ) throws(BrokerError) -> Int {
        if conditions.isEmpty || quirk(.headersMatchNothing) { return 0 }
        let header = try message.lookUp()
        var compared = 0
        bindings.forEach { binding in
            guard let condition = conditions[ObjectIdentifier(binding)] else { return }
            if matches(condition, header, &compared) { found(binding.destination) }
        }
        return bindings.count + compared
    }

    /// Counts the headers that are looked at.
    private func matches(_ condition: Condition, _ header: HeaderLookUp, _ compared: inout Int) -> Bool {
        func agrees(_ field: FieldTable.Field) -> Bool {
            compared += 1
            guard let value = header(field.name) else { return false }
            // A void argument asks only that the header be there.
            if field.value == .void || value == .void && quirk(.voidHeadersMatchAll) { return true }
            if let one = field.value.integer, let other = value.integer, quirk(.integersAreComparedIn32Bits) {
                return Int32(truncatingIfNeeded: one) == Int32(truncatingIfNeeded: other)
            }
            if let one = field.value.text, let other = value.text, quirk(.textsAreComparedThrough127) {
                return one.utf8.prefix(127).elementsEqual(other.utf8.prefix(127))
            }
            return dialect.comparesHeadersByKind
                ? field.value.isEqualTerm(ofTheKindOf: value) : field.value.isEqualTerm(to: value)
        }
        return switch condition.match {
        case .all, .allWithX:
            condition.wanted.prefix(condition.wanted.count > 8 && quirk(.eightArgumentsAreCompared) ? 8 : .max)
                .allSatisfy(agrees)
        case .any, .anyWithX: condition.wanted.prefix(quirk(.anyIsTheFirst) ? 1 : .max).contains(where: agrees)
        }
    }
}
