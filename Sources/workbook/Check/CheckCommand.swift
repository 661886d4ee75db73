import BrokerCore
import Commands
import Foundation

/// `workbook check`: watches a program through a broker of its own, and says what it does right and wrong.
enum CheckCommand {
    private static let dialect = Option(
        "--dialect", "3.10|4.0|4.3", "use a broker that behaves as that release of RabbitMQ [3.10]")
    static let command = Command(
        "workbook check", takes: "STEP|EXERCISE [-- COMMAND...]", options: [dialect],
        does: "watches a program at work, or tells whether an exercise is done",
        notes: """
            For a STEP it watches the workbook's own program, or COMMAND, in any language, and says what it does right \
            and wrong; COMMAND must connect to AMQP_URL. The -- may be left out. For an EXERCISE such as 2.2 it tells \
            whether that is done: by the program in the folder that `workbook start` made, or by COMMAND.
            ORDERS_FOLDER names a folder that is empty in each check: a program that keeps files (an offset, an inbox, an \
            outbox) should keep them there. A job or payment with a '!' in it must fail; a dot in a task stands for work.
            A point marked ? could not be seen. Status 0: nothing is wrong; 1: something is; 2: it can't be judged.
            """, isProgramPlain: true, count: 1...1)

    static func run(_ given: Arguments) async -> Int32 {
        ProcessFamily.endWithInterrupt()
        let chapter = Chapter.named(given.words[0], Self.command)
        let command = given.command ?? []
        let release = given.text(dialect) ?? Dialect.v3_10.name
        guard let release = Dialect(named: release) else {
            wrong("--dialect takes one of \(Dialect.names), not '\(release)'", Self.command)
        }
        do {
            var (isGood, isSeen) = (true, true)
            for (name, subject, pace) in try subjects(chapter, command) {
                let findings = try await Check.findings(chapter, subject, pace, as: release)
                say("check \(chapter.number): \(name)")
                for line in lines(findings) { say(line) }
                isGood = isGood && !findings.contains(where: \.isWrong)
                // Where nothing showed, nothing has been passed.
                isSeen = isSeen && findings.contains { $0.verdict != .notSeen }
            }
            if isGood, isSeen { Progress.add("check \(chapter.number)") }
            return isGood ? isSeen ? 0 : 2 : 1
        } catch {
            complain("\(error)")
            return 2
        }
    }

    /// The reader's command, or each role of the workbook's own program.
    private static func subjects(
        _ chapter: Chapter, _ command: [String]
    ) throws -> [(String, Subject, Pace)] {
        var pace = Pace()
        // For the check's own tests: a dot takes a tenth of a second there, and nobody is to wait for what never comes.
        if ProcessInfo.processInfo.environment["WORKBOOK_FAST"] != nil {
            (pace.shortestDot, pace.longestDot) = (80, .milliseconds(500))
            (pace.answer, pace.givesUp, pace.endless) = (.seconds(2), .seconds(3), .seconds(30))
            (pace.hold, pace.shortestRest) = (pace.moment, 20)
            (pace.whole, pace.hopeless) = (.seconds(60), .seconds(600))
        }
        guard command.isEmpty else { return [(command.joined(separator: " "), .command(command), pace)] }
        let program = try Programs.path(chapter.step)
        pace.shortestDot = 150
        return (chapter.play.waiting.prefix(1) + chapter.play.acting.prefix(1)).map { part in
            // The workbook's own worker need not take its time, nor its client wait for long.
            let words = part.words + chapter.check.hurry(part.words.first ?? "")
            return (
                "\(chapter.step) \(part.name)",
                .command([program] + words, environment: ["SECONDS_PER_DOT": "0.2"]), pace
            )
        }
    }

    static func lines(_ findings: [Finding]) -> [String] {
        var lines: [String] = []
        for finding in findings {
            let mark =
                switch finding.verdict {
                case .yes: "yes"
                case .no: " NO"
                case .notSeen: "  ?"
                }
            lines.append(" \(mark)  \(finding.title)")
            lines.append("      \(finding.seen)")
            if !finding.why.isEmpty { lines.append("      \(finding.why)") }
            if let see = finding.see { lines.append("      \(see.path)") }
        }
        return lines + [summary(findings)]
    }

    private static func summary(_ findings: [Finding]) -> String {
        let (wrong, unseen) = (findings.count(where: \.isWrong), findings.count { $0.verdict == .notSeen })
        let rest = unseen == 0 ? "" : " \(unseen) could not be seen."
        switch (wrong, findings.count) {
        case (0, let count): return "\(count - unseen) of \(count) checks passed.\(rest)"
        case (1, 1): return "The first check failed; more may follow once it passes."
        case (let wrong, let count): return "\(wrong) of \(count) checks failed.\(rest)"
        }
    }
}
