import Commands

/// An exercise to think about: the reader writes an answer, sees another one, and says whether they agree.
struct Thought {
    private let page: ExercisePage
    /// The next line that the reader types; nil: there is none.
    private let read: () -> String?

    init(_ page: ExercisePage, read: @escaping () -> String? = { readLine() }) { (self.page, self.read) = (page, read) }

    /// Asks, on the terminal or from a file; false when the reader had another answer, or there was no more input.
    func isShared(_ id: String) -> Bool {
        say("Exercise \(id):")
        for line in wrapped(page.task, indent: 2) { say(line) }
        say("Your answer, in your own words. An empty line ends it.")
        guard let own = paragraph(), !own.isEmpty else {
            say("There was no answer. Start again when you have one.")
            return false
        }
        say("Somebody else's answer:")
        for line in wrapped(page.answer ?? page.hints.last ?? "", indent: 2) { say(line) }
        say("Do both say the same? y or n")
        guard read()?.lowercased().hasPrefix("y") == true else {
            say("Then think about the difference, and try again: swift run workbook check \(id)")
            return false
        }
        return true
    }

    private func paragraph() -> String? {
        var lines: [String] = []
        while let line = read() {
            if line.isEmpty { return lines.joined(separator: "\n") }
            lines.append(line)
        }
        return nil
    }
}
