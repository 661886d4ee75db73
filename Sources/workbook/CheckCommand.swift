import Foundation

/// `workbook check`: watches a program through a broker of its own, and says what it does right and wrong.
enum CheckCommand {
    static let usage = """
        workbook check STEP [-- COMMAND...]
                   watches a program of a step at work, yours or the workbook's own; it must connect to AMQP_URL.
                   STEP is 2 or worker: a worker, or a program that hands out tasks
        """

    static func run(_ words: [String]) async -> Int32 {
        let split = words.firstIndex(of: "--") ?? words.endIndex
        let own = words[..<split]
        let command = Array(words[split...].dropFirst())
        guard let step = own.first, own.count == 1 else { fail("which step?\n\(usage)") }
        guard let chapter = Chapter.find(step), chapter.number == 2 else {
            fail("only step 2 can be checked so far, not '\(step)'\n\(usage)")
        }
        do {
            let subject: Subject
            var dot = Int64(400)
            if command.isEmpty {
                let program = try Programs.path(chapter.step)
                // The workbook's own worker need not take its time.
                subject = .command([program, "work"], environment: ["SECONDS_PER_DOT": "0.2"])
                dot = 150
            } else {
                subject = .command(command)
            }
            let findings = try await WorkerCheck(subject: subject, shortestDot: dot).findings()
            say("check \(chapter.number): \(command.isEmpty ? "\(chapter.step) work" : command.joined(separator: " "))")
            for line in lines(findings, chapter) { say(line) }
            if findings.allSatisfy(\.isGood) { Progress.add("check \(chapter.number)") }
            return findings.allSatisfy(\.isGood) ? 0 : 1
        } catch {
            complain("\(error)")
            return 1
        }
    }

    static func lines(_ findings: [Finding], _ chapter: Chapter) -> [String] {
        var lines: [String] = []
        for finding in findings {
            lines.append(" \(finding.isGood ? "yes" : " NO")  \(finding.title)")
            lines.append("      \(finding.seen)")
            if !finding.why.isEmpty { lines.append("      \(finding.why)") }
        }
        let wrong = findings.count { !$0.isGood }
        lines.append(
            wrong == 0
                ? "All \(findings.count) points are right."
                : "\(wrong) of \(findings.count) are wrong: \(chapter.folder)/README.md")
        return lines
    }
}
