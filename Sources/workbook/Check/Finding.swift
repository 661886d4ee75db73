/// What `workbook check` has to say about one point.
struct Finding: Equatable, Sendable {
    enum Verdict: Equatable, Sendable {
        case yes, no
        /// It did not show, so nothing is said of it: a program is never blamed for what was not observed.
        case notSeen
    }

    var verdict: Verdict
    /// What should be so, in a few words.
    var title: String
    /// What was seen on the wire, and when.
    var seen: String
    /// Why it matters. Empty when all is well.
    var why = ""
    /// Where the chapter says so; nil when all is well.
    var see: Paragraph?

    var isGood: Bool { verdict == .yes }
    var isWrong: Bool { verdict == .no }
}

/// Something that a program should do, why, and where the workbook explains it.
struct Point: Sendable {
    let title: String
    let why: String
    let see: Paragraph

    init(_ title: String, why: String, see: Paragraph) {
        (self.title, self.why, self.see) = (title, why, see)
    }

    func finding(_ isGood: Bool, _ seen: String) -> Finding { finding(isGood ? .yes : .no, seen) }

    func finding(_ verdict: Finding.Verdict, _ seen: String) -> Finding {
        let isWrong = verdict == .no
        return Finding(
            verdict: verdict, title: title, seen: seen, why: isWrong ? why : "", see: isWrong ? see : nil)
    }
}

/// A section of a chapter's page. Each chapter names those that its check points to.
struct Paragraph: Equatable, Sendable {
    /// The sections that all pages have, by their anchors; a test looks whether they are there.
    enum Section: String, CaseIterable, Sendable {
        case picture = "the-picture"
        case runIt = "run-it"
        case predict
        case readIt = "read-it"
        case breakIt = "break-it"
    }

    let step: String
    let section: Section

    init(_ step: String, _ section: Section) { (self.step, self.section) = (step, section) }

    /// From the top of the repository.
    var path: String { "\(Chapter.find(step)?.page ?? step)#\(section.rawValue)" }
}

/// `3 messages`, `1 message`.
func counted(_ count: Int, _ noun: String, _ plural: String? = nil) -> String {
    "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
}
