import AMQPWire

// What a caller puts into a table and no broker could read.

extension Method {
    /// The arguments of a method that this side calls.
    var arguments: FieldTable? {
        switch self {
        case .exchangeDeclare(let method): method.arguments
        case .exchangeBind(let method): method.arguments
        case .exchangeUnbind(let method): method.arguments
        case .queueDeclare(let method): method.arguments
        case .queueBind(let method): method.arguments
        case .queueUnbind(let method): method.arguments
        case .basicConsume(let method): method.arguments
        default: nil
        }
    }
}

extension FieldTable {
    /// Where the first NaN or infinity stands, such as `limits.upper`; nil: there is none.
    var nonFinitePath: String? {
        for field in fields {
            if let rest = field.value.nonFinitePath { return field.name.text + rest }
        }
        return nil
    }
}

extension FieldValue {
    /// What follows the value's own name; empty for a number.
    fileprivate var nonFinitePath: String? {
        switch self {
        case .float(let value): return value.isFinite ? nil : ""
        case .double(let value): return value.isFinite ? nil : ""
        case .table(let table): return table.nonFinitePath.map { ".\($0)" }
        case .array(let values):
            for (place, value) in values.enumerated() {
                if let rest = value.nonFinitePath { return "[\(place)]\(rest)" }
            }
            return nil
        default: return nil
        }
    }
}
