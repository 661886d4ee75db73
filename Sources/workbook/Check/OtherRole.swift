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

    static func finding(_ declared: WireLog.DeclaredQueue, _ refusal: String?) -> Finding? {
        guard let refusal else { return nil }
        let flags = [
            (declared.method.durable, "durable"), (declared.method.exclusive, "exclusive"),
            (declared.method.autoDelete, "auto-delete"),
        ].filter(\.0).map(\.1)
        return Point(
            "declares its queue as the step's other program does",
            why: "A queue is what its first declaration made it. The broker refuses another that differs.",
            see: .helloRead
        ).finding(
            false,
            "queue.declare of '\(declared.name)' at \(declared.place.time) ms, "
                + (flags.isEmpty ? "without flags" : flags.joined(separator: ", "))
                + "; then the step's other program is told: \(refusal).")
    }
}
