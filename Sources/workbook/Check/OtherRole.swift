import AMQPClient

/// What happens when the step's other program, the workbook's, declares the same queue.
struct OtherRole {
    let queue: String
    let isDurable: Bool
    let inspection: Inspection

    /// None when it may.
    var findings: [Finding] {
        get async throws {
            let log = inspection.log
            guard let declared = log.declaration(of: queue), log.refusals.isEmpty else { return [] }
            let refusal = try await inspection.refusal(
                of: queue, durable: isDurable, arguments: declared.method.arguments)
            return [Self.finding(declared, refusal)].compactMap(\.self)
        }
    }

    /// The same of an exchange. The type is another point.
    static func findings(
        exchange: String, type: ExchangeType, durable: Bool = false, _ inspection: Inspection
    ) async throws -> [Finding] {
        let log = inspection.log
        guard let declared = log.declaration(ofExchange: exchange), declared.method.type.text == type.rawValue,
            log.refusals.isEmpty
        else { return [] }
        let refusal = try await inspection.refusal(
            ofExchange: exchange, type: type, durable: durable, arguments: declared.method.arguments)
        return [finding(declared, refusal)].compactMap(\.self)
    }

    static func finding(_ declared: WireLog.DeclaredExchange, _ refusal: String?) -> Finding? {
        guard let refusal else { return nil }
        let flags = [
            (declared.method.durable, "durable"), (declared.method.autoDelete, "auto-delete"),
            (declared.method.internal, "internal"),
        ].filter(\.0).map(\.1)
        return Point(
            "declares its exchange as the step's other program does",
            why:
                "An exchange is what its first declaration made it, and the broker refuses another that differs. Declare "
                + "it as the step does, or give it another name. Some clients make it durable unless you say otherwise.",
            see: .pubsubRead
        ).finding(
            false,
            "exchange.declare of '\(declared.name)' at \(declared.place.time) ms, "
                + (flags.isEmpty ? "without flags" : flags.joined(separator: ", "))
                + "; then the step's other program is told: \(refusal).")
    }

    static func finding(_ declared: WireLog.DeclaredQueue, _ refusal: String?) -> Finding? {
        guard let refusal else { return nil }
        let flags = [
            (declared.method.durable, "durable"), (declared.method.exclusive, "exclusive"),
            (declared.method.autoDelete, "auto-delete"),
        ].filter(\.0).map(\.1)
        return Point(
            "declares its queue as the step's other program does",
            why:
                "A queue is what its first declaration made it, and the broker refuses another that differs. Declare it as "
                + "the step does, or give it another name.", see: .helloRead
        ).finding(
            false,
            "queue.declare of '\(declared.name)' at \(declared.place.time) ms, "
                + (flags.isEmpty ? "without flags" : flags.joined(separator: ", "))
                + "; then the step's other program is told: \(refusal).")
    }
}
