import AMQPClient
import Commands
import Foundation

/// `workbook gauntlet`: a program in the fire. Again and again it runs, each time one thing goes wrong, and what it makes of
/// that is judged.
enum GauntletCommand {
    private static let all = Option("--all", "try every place, however long that takes")
    private static let seconds = Option("--seconds", "S", "how long to try places [30]")

    private static let svg = Option("--svg", "FILE", "the pictures of what is found, as a drawing")

    static let command = Command(
        "workbook gauntlet", takes: "STEP [-- COMMAND...]", options: [all, seconds, svg],
        does: "runs a program again and again, each time with one thing going wrong",
        notes: """
            COMMAND is your program in one of the step's roles, in any language; it must connect to AMQP_URL. Without \
            one, it tries the workbook's own, role by role. The program runs again and again, and each time one thing \
            goes wrong at one place of its conversation with the broker: the connection is cut, the program is killed, \
            the broker is restarted, refuses or returns a message or accepts none for a while, messages come twice, late \
            or in another order, one comes that no program can process, a second program starts beside it. A finding \
            counts if it occurs three times out of three, between two undisturbed runs in which all is well. \
            SECONDS_PER_DOT is set to 0.1, so that work is short. ORDERS_FOLDER names an empty folder in each run: a \
            program that keeps files (an offset, an inbox, an outbox) should keep them there. With AMQP_URL set, it \
            uses that broker, and doesn't restart it.
            Status 0: nothing is wrong; 1: something is; 2: it can't be judged.
            """, isProgramPlain: true, count: 1...1)

    static func run(_ given: Arguments) async -> Int32 {
        ProcessFamily.endWithInterrupt()
        let chapter = Chapter.named(given.words[0], Self.command)
        do throws(UsageError) {
            var time = Duration.seconds(30)
            time = try given.seconds(seconds, in: 1...3600) ?? time
            return await run(chapter, chapter.promise, given, time)
        } catch {
            wrong(error.reason, command)
        }
    }

    private static func run(
        _ chapter: Chapter, _ promise: Promise, _ given: Arguments, _ time: Duration
    ) async -> Int32 {
        do {
            var isGood = true
            var pictures: [(title: String, picture: SequencePicture)] = []
            let elsewhere = try ProcessInfo.processInfo.environment["AMQP_URL"].map {
                try ConnectionConfiguration(uri: $0)
            }
            if elsewhere != nil {
                say("Using the broker at AMQP_URL, which is not restarted. The step's queues on it are deleted.")
            }
            for (name, subject) in try subjects(chapter, given.command ?? []) {
                var gauntlet = Gauntlet(subject: subject, promise: promise)
                (gauntlet.isWhole, gauntlet.time, gauntlet.elsewhere) = (given.has(all), time, elsewhere)
                say("gauntlet \(chapter.number): \(name)")
                let report = try await gauntlet.run { say($0) }
                for line in lines(report, promise) { say(line) }
                pictures += report.found.map {
                    (
                        title: "\(name): \($0.harm.kind.title)",
                        picture: SequencePicture($0.outcome, about: $0.harm.body)
                    )
                }
                isGood = isGood && report.found.isEmpty && report.undisturbed.isEmpty
            }
            if let file = given.text(svg) {
                try SequenceSVG.text(pictures).write(toFile: file, atomically: true, encoding: .utf8)
            }
            return isGood ? 0 : 1
        } catch {
            complain("\(error)")
            return 2
        }
    }

    /// Some programs of the workbook wait on purpose: nobody is to wait for that.
    private static let environment = ["SECONDS_PER_DOT": "0.1"]

    private static func subjects(_ chapter: Chapter, _ command: [String]) throws -> [(String, Subject)] {
        guard command.isEmpty else {
            return [(command.joined(separator: " "), .command(command, environment: environment))]
        }
        let program = try Programs.path(chapter.step)
        return (chapter.play.waiting.prefix(1) + chapter.play.acting.prefix(1)).map { part in
            let words = part.words + chapter.check.hurry(part.words.first ?? "")
            return ("\(chapter.step) \(part.name)", .command([program] + words, environment: environment))
        }
    }

    private static func paragraph(_ text: String) -> [String] { wrapped(text, indent: 6, width: 110) }

    static func lines(_ report: Gauntlet.Report, _ promise: Promise) -> [String] {
        var lines: [String] = []
        for harm in report.undisturbed {
            lines += ["", "  NO  \(harm.kind.title), even when nothing goes wrong around it"]
            lines += paragraph(harm.seen) + paragraph(harm.kind.why)
        }
        if !report.undisturbed.isEmpty {
            return lines + ["", "First fix this; workbook check says more about it."]
        }
        for found in report.found {
            lines += ["", "  NO  \(found.harm.kind.title)"]
            lines += paragraph("When \(found.blow.text), three times out of three.")
            lines += paragraph(found.harm.seen) + [""]
            lines += SequencePicture(found.outcome, about: found.harm.body).lines
            lines += [""] + paragraph(found.harm.kind.why) + ["      \(promise.why.path)"]
            if found.elsewhere > 0 { lines.append("      The same at \(counted(found.elsewhere, "other place")).") }
        }
        let tried = report.tried - report.unreached
        let among = report.connections > 1 ? " of its \(report.connections) connections" : ""
        lines.append("")
        lines.append(
            "\(tried) of \(counted(report.possible, "place"))\(among) tried in \(report.seconds) s"
                + (report.possible > report.tried ? "; --all tries every one." : "."))
        if report.unreached > 0 {
            lines.append("\(counted(report.unreached, "run")) did not reach the planned place.")
        }
        if report.doubtful > 0 {
            lines.append("\(report.doubtful) more seen, but not three times out of three, so not counted.")
        }
        lines.append(
            report.found.isEmpty
                ? "Nothing was lost, got stuck or failed silently." : "\(counted(report.found.count, "finding")).")
        return lines
    }
}
