import Foundation
import Platform

/// Everything that the workbook knows of a chapter. Each has a folder beside this file, with its value and what the value
/// names; `all` lists them, and whatever goes through the chapters goes through that list.
struct Chapter: Sendable {
    /// From 1, with no gaps: a test counts.
    let number: Int
    /// The name of its program, of its folder here, and of its folder under `Tutorials`.
    let step: String
    /// What it is about, as the page's title says; at most 27 characters, for the overview.
    let title: String
    /// The question at the head of its page.
    let question: String
    /// The roles of its program with their words, as the tables of the pages show them.
    let roles: [String]
    /// The same roles for a picture: what each publishes and takes.
    let parties: [Party]
    let play: PlayScene
    let compare: CompareScene
    let trace: TraceScene
    let check: any ProgramCheck.Type
    /// What its programs hold to when something goes wrong.
    let promise: Promise
    /// Those that `workbook check` can tell. What the others ask for is to be thought about, and chapter and hints say how
    /// to try it.
    let exercises: [Exercise]
    /// What `workbook predict` asks.
    let questions: [Question]

    init(
        _ number: Int, _ step: String, title: String, question: String, roles: [String], parties: [Party],
        play: PlayScene, compare: CompareScene, trace: TraceScene, check: any ProgramCheck.Type,
        promise: Promise, exercises: [Exercise], questions: [Question]
    ) {
        (self.number, self.step, self.title, self.question) = (number, step, title, question)
        (self.roles, self.parties) = (roles, parties)
        (self.play, self.compare, self.trace) = (play, compare, trace)
        (self.check, self.promise, self.exercises) = (check, promise, exercises)
        self.questions = questions.map { $0.asked(in: number) }
    }

    /// Its page, from the top of the repository.
    var page: String { "\(folder)/README.md" }

    /// Where its page and its hints are, from the top of the repository.
    var folder: String { "Tutorials/\(number < 10 ? "0" : "")\(number)-\(step)" }

    /// The areas of the conformance suite that are about it, the first words of the cases' ids: the line `cases` at the head
    /// of its page, where the suite reads them too. None where there is no page to be read.
    var areas: [String] {
        let text = (try? String(contentsOfFile: SourceTree.path(page), encoding: .utf8)) ?? ""
        let line = text.firstMatch(of: /\ncases: ([^\n]*)\n/)?.1 ?? ""
        return line.split(separator: ", ").map(String.init)
    }

    /// The chapter with this number or name.
    static func find(_ word: String) -> Chapter? {
        all.first { $0.step == word || "\($0.number)" == word }
    }
}

/// A program with its words on the command line: `["send", "--count", "3"]`.
struct Part: Equatable, Sendable, ExpressibleByArrayLiteral {
    let words: [String]

    init(words: [String]) { self.words = words }
    init(arrayLiteral words: String...) { self.words = words }

    /// What stands above its column.
    var name: String { words.joined(separator: " ") }
    /// As a person types it: what a shell would take for itself is in quotes.
    var typed: String {
        words.map { word in
            word.allSatisfy { $0.isLetter || $0.isNumber || "-.".contains($0) } ? word : "'\(word)'"
        }.joined(separator: " ")
    }
}

/// The programs of a step side by side, each with its words.
struct PlayScene: Sendable {
    /// Those that wait; each is ready when it has printed a line.
    let waiting: [Part]
    /// Those that act and end, one after the other.
    let acting: [Part]
    /// How many lines those that wait print because of them, the first line of each not counted.
    let answers: Int
}
