import ConformanceReport
import Commands
import Foundation

/// `workbook check EXERCISE`: whether an exercise is done.
enum ExerciseCommand {
    /// The exit status: 0 done, 1 not yet, 2 can't be judged.
    static func run(_ given: Arguments) async -> Int32 {
        ProcessFamily.endWithInterrupt()
        let (id, command) = (given.words[0], given.command ?? [])
        guard let (chapter, exercise) = Chapter.exercise(id) else {
            let ids = Chapter.all.flatMap(\.exercises).map(\.id).joined(separator: ", ")
            wrong("'\(id)' can't be checked; these can: \(ids)", CheckCommand.command)
        }
        return await judge(exercise, chapter, command)
    }

    /// Tells whether an exercise is done, remembers it when it is, and returns the exit status.
    static func judge(_ exercise: Exercise, _ chapter: Chapter, _ command: [String]) async -> Int32 {
        let id = exercise.id
        do {
            let findings: [Finding]
            switch exercise.task {
            case .program(let role, let examine):
                let words = try command.isEmpty ? StartCommand.program(of: chapter) + role : command
                findings = try await Inspection.hold(.command(words), Pace(), examine)
            case .breakage(let area, let rule, let see):
                try checkNoProgram(command, "\(id) is about the broker, not about a program")
                findings = [try Breakage(area: area, rule: rule, see: see).finding()]
            case .prediction(let questions):
                try checkNoProgram(command, "\(id) asks you, not a program")
                guard try await PredictCommand.askAll(questions, in: chapter) else { return 1 }
                findings = []
            case .thought:
                try checkNoProgram(command, "\(id) asks you, not a program")
                guard let page = ExercisePage(id, of: chapter), Thought(page).isShared(id) else { return 1 }
                findings = []
            }
            say("check \(id)")
            if !findings.isEmpty { for line in CheckCommand.lines(findings) { say(line) } }
            guard findings.allSatisfy(\.isGood) else {
                say("A hint: swift run workbook hint \(id)")
                return 1
            }
            Progress.add("check \(id)")
            if case .breakage = exercise.task { say("Now undo your change to the broker's source.") }
            let canCompare = HintCommand.solution(of: id) != nil
            say(canCompare ? "Done. A solution to compare with: swift run workbook hint \(id)" : "Done.")
            return 0
        } catch {
            complain("\(error)")
            return 2
        }
    }

    private static func checkNoProgram(_ command: [String], _ reason: String) throws {
        if !command.isEmpty { throw Inspection.CannotJudge(description: reason) }
    }
}

/// Runs the conformance suite on a broker that the reader has changed.
private struct Breakage {
    let area: String
    let rule: String
    let see: Paragraph

    struct CannotRun: Error, CustomStringConvertible { let description: String }

    func finding() throws -> Finding {
        let results = FileManager.default.temporaryDirectory.appending(path: "exercise-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: results) }
        say("Building the tests and running the cases \(area)*. The first time, this takes some minutes.")
        // Its status says nothing: that cases fail is what the reader wants.
        try runSwift(
            "test", "--quiet", "--filter", "ConformanceSuite",
            silentlyWith: ["CONFORMANCE_ONLY": area, "CONFORMANCE_RESULTS": results.path])
        guard let report = try? Report(files: [results]), !report.rows.isEmpty else {
            throw CannotRun(description: "The conformance suite did not run. Does the broker still build? swift build")
        }
        let failed = Set(report.changes.filter { $0.verdict == .failed }.map(\.id))
        let proving = report.rows.filter { row in failed.contains(row.id) && row.rules.contains { $0.id == rule } }
        let others = failed.subtracting(proving.map(\.id)).sorted()
        let seen =
            failed.isEmpty
            ? "Every case \(area)* passes."
            : "These cases fail, and prove the rule: \(proving.map(\.id).joined(separator: ", "))."
                + (others.isEmpty ? "" : " These fail too, and prove other rules: \(others.joined(separator: ", ")).")
        let point = Point(
            "some cases fail, including one that proves \(rule), and most still pass",
            why: "The smallest change breaks one rule. Others fail only where their scene needs it too.", see: see)
        return point.finding(!proving.isEmpty && failed.count * 2 < report.rows.count, seen)
    }
}
