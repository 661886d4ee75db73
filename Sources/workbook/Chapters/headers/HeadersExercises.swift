import AMQPClient
import AMQPWire

/// The exercises of chapter 8.
enum HeadersExercises {
    /// 8.1: whatever has a format.
    @Sendable static func wantsTheName(_ inspection: Inspection) async throws -> [Finding] {
        let run = try await inspection.start()
        defer { run.kill() }
        await inspection.until(inspection.pace.begin) { log in
            log.consumptions.contains { $0.isGranted } || run.hasEnded
        }
        let point = Point(
            "gets every message that has a format",
            why: "A value is always compared. A binding without a value asks only for the header to be there.",
            see: .headersRead)
        guard !run.hasEnded else { return [point.finding(false, "It ended without consuming.\(run.printed)")] }
        let messages: [(String, FieldTable)] = [
            ("as pdf", ["format": "pdf"]), ("as zip", ["format": "zip", "type": "log"]),
            ("of no format", ["type": "log"]), ("the end", ["format": "none"]),
        ]
        for (text, headers) in messages {
            try await inspection.publish(
                text, exchange: "headers_logs", key: "", properties: BasicProperties(headers: headers))
        }
        await inspection.until(inspection.pace.answer) { _ in
            run.lastLines().contains { $0.contains("the end") } || run.hasEnded
        }
        let got = ["as pdf", "as zip", "of no format"].filter { text in run.lastLines().contains { $0.contains(text) } }
        return [
            point.finding(
                got.contains("as pdf") && got.contains("as zip"),
                "It printed: \(Subject.shown(run.lastLines()))"),
            Point("and no other", why: "Without any condition everything matches.", see: .headersRead).finding(
                !got.contains("of no format"), "It printed: \(Subject.shown(run.lastLines()))"),
        ]
    }

    /// 8.2: a number is sent as a number.
    @Sendable static func sendsANumber(_ inspection: Inspection) async throws -> [Finding] {
        let run = try await inspection.start()
        defer { run.kill() }
        await inspection.until(inspection.pace.begin) { log in run.hasEnded || !log.published.isEmpty }
        guard let message = inspection.log.published.first else {
            throw Inspection.CannotJudge.silent(run)
        }
        let size = message.properties.headers?["size"]
        return [
            Point(
                "sends size=10 as a number",
                why: "The exchange compares type and value: \"10\" is not 10.", see: .headersRead
            ).finding(
                size?.integer == 10 && size?.text == nil,
                size.map { "basic.publish at \(message.place.time) ms, size: \($0)." } ?? "There is no header 'size'.")
        ]
    }
}
