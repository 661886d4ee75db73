import AMQPClient

/// The exercise of chapter 12 that a program can tell.
enum OrderExercises {
    /// 12.1: the account is in a header, and the routing key is free for something else.
    @Sendable static func hashesAHeader(_ inspection: Inspection) async throws -> [Finding] {
        let run = try await inspection.start()
        defer { run.kill() }
        await inspection.until(inspection.pace.begin) { log in run.hasEnded || !log.published.isEmpty }
        await inspection.until(inspection.pace.answer) { _ in run.hasEnded }
        let log = inspection.log
        guard let published = log.published.first else { throw Inspection.CannotJudge.silent(run) }
        let declared = log.declaration(ofExchange: published.exchange)
        let hashed = declared?.method.arguments["hash-header"]?.text
        let value = published.properties.headers?["account"]?.text ?? ""
        return [
            Point(
                "declares an exchange that hashes the header 'account'",
                why: "Without the argument hash-header the exchange hashes the routing key.", see: .orderRead
            ).finding(
                hashed == "account",
                declared.map { "exchange.declare of '\($0.name)' with \($0.method.arguments)." }
                    ?? "No exchange.declare of '\(published.exchange)' was seen."),
            Point(
                "sends the account in that header",
                why: "Messages without the header all go to one queue.", see: .orderRead
            ).finding(!value.isEmpty, "The header 'account' is '\(value)'."),
            Point(
                "and something else as routing key", why: "The key is free now: it may say what has happened.",
                see: .orderRead
            ).finding(
                published.key != value, "The routing key is '\(published.key)'."),
        ]
    }
}
