import Commands
import Foundation
import Platform

/// `workbook hint`: the next hint for an exercise, one at a time.
enum HintCommand {
    static let command = Command(
        "workbook hint", takes: "EXERCISE",
        does: "prints the next of three hints for an exercise, such as 1.1, or a solution once you have done it")

    static func run(_ given: Arguments) -> Int32 {
        let exercise = given.words[0]
        guard let chapter = Chapter.find(exercise.prefix { $0 != "." }.description),
            let hints = ExercisePage(exercise, of: chapter)?.hints, !hints.isEmpty
        else { wrong("there is no exercise '\(exercise)'", command) }
        // When it is done, the reader needs no hint, but may want to compare.
        if Progress.done().contains("check \(exercise)"), let solution = solution(of: exercise) {
            say("You have done \(exercise). A solution, \(solution.path):\n")
            say(solution.text)
            return 0
        }
        let seen = Progress.done().count { $0.hasPrefix("hint \(exercise) ") }
        let next = min(seen + 1, hints.count)
        say("Hint \(next) of \(hints.count) for \(exercise): \(hints[next - 1])")
        if next < hints.count { say("Try again before you ask for the next.") }
        Progress.add("hint \(exercise) \(next)")
        return 0
    }

    /// The file with the solution, for exercises that ask for a program.
    static func solution(of exercise: String) -> (path: String, text: String)? {
        guard let name = Chapter.exercise(exercise)?.exercise.solution else { return nil }
        let path = "Tests/Solutions/\(name).swift"
        return (try? String(contentsOfFile: SourceTree.path(path), encoding: .utf8)).map { (path, $0) }
    }
}
