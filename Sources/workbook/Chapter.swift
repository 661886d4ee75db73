import Foundation

/// The steps of the workbook, and who plays in each.
struct Chapter: Sendable {
    /// A program on stage: what stands above its column, and its words on the command line.
    struct Part: Sendable {
        var words: [String]
        var name: String { words.joined(separator: " ") }
        /// As a person types it: what a shell would take for itself is in quotes.
        var typed: String {
            words.map { word in
                word.allSatisfy { $0.isLetter || $0.isNumber || "-.".contains($0) } ? word : "'\(word)'"
            }.joined(separator: " ")
        }
    }

    let number: Int
    let step: String
    let question: String
    /// Those who wait; each is ready when it has printed a line.
    let waiting: [Part]
    /// Those who act and end, one after the other.
    let acting: [Part]
    /// How many lines those who wait print because of them, the first line of each not counted.
    let answers: Int

    var folder: String { "Tutorials/0\(number)-\(step)" }

    static func find(_ word: String) -> Chapter? {
        all.first { $0.step == word || "\($0.number)" == word }
    }

    private init(
        _ number: Int, _ step: String, _ question: String, waiting: [[String]], acting: [[String]], answers: Int
    ) {
        (self.number, self.step, self.question, self.answers) = (number, step, question, answers)
        self.waiting = waiting.map { Part(words: $0) }
        self.acting = acting.map { Part(words: $0) }
    }

    static let all = [
        Chapter(
            1, "hello", "Where is a message between the moment you send it and the moment somebody reads it?",
            waiting: [["receive"]], acting: [["send", "--count", "3"]], answers: 3),
        Chapter(
            2, "worker", "Who loses the task when a worker dies?", waiting: [["work"], ["work"]],
            acting: [["new-task", "A long task..."], ["new-task", "--count", "3", "Short task."]], answers: 8),
        Chapter(
            3, "pubsub", "How do several programs all get the same message?", waiting: [["receive"], ["receive"]],
            acting: [["emit"], ["emit", "error: The disk is full"]], answers: 4),
        Chapter(
            4, "routing", "How does a program get only the messages that it asked for?",
            waiting: [["receive", "error"], ["receive", "info", "error"]],
            acting: [["emit", "info"], ["emit", "debug", "Nobody asked"], ["emit", "error", "The disk is full"]],
            answers: 3),
        Chapter(
            5, "topic", "How do you ask for \"everything critical\" and \"everything from the kernel\" at once?",
            waiting: [["receive", "kern.*"], ["receive", "#.critical"]],
            acting: [["emit", "kern.info"], ["emit", "kern.critical"], ["emit", "auth.critical"]], answers: 4),
        Chapter(
            6, "rpc", "How does an answer find the one who asked?", waiting: [["serve"]],
            acting: [["call", "30"], ["call", "10"]], answers: 2),
        Chapter(
            7, "confirms", "How does a producer know that the broker has its message?", waiting: [["receive"]],
            acting: [["publish", "--count", "3"]], answers: 3),
        Chapter(
            8, "headers", "How do you choose by more than one property, with no order among them?",
            waiting: [
                ["receive", "all", "format=pdf", "type=report"], ["receive", "any", "format=pdf", "type=report"],
            ],
            acting: [["emit", "format=pdf", "type=report"], ["emit", "format=pdf", "type=log"]], answers: 3),
        Chapter(
            9, "retry", "What becomes of a message that nobody can process?", waiting: [["work"], ["dead"]],
            acting: [["new-task", "Mend the fence"], ["new-task", "Defuse the bomb!"]], answers: 9),
    ]
}

/// Where the programs of the steps are.
enum Programs {
    struct Missing: Error, CustomStringConvertible { let description: String }

    /// Builds the step's program as `swift run` would, and returns its path. With `WORKBOOK_NO_BUILD` set, for tests, it
    /// has to be there.
    static func path(_ step: String) throws -> String {
        let folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        let path = folder.appending(path: step).path
        if ProcessInfo.processInfo.environment["WORKBOOK_NO_BUILD"] == nil {
            let build = Process()
            build.executableURL = URL(filePath: "/usr/bin/env")
            build.arguments = ["swift", "build", "--quiet", "--product", step]
            try build.run()
            build.waitUntilExit()
            guard build.terminationStatus == 0 else { throw Missing(description: "'\(step)' does not build.") }
        }
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Missing(description: "There is no program \(path). Build it with: swift build --product \(step)")
        }
        return path
    }
}
