/// What comes next for a reader: the first thing, in the order of the course, that is not done.
enum NextDeed: Equatable {
    case play(chapter: Int)
    case predict(chapter: Int)
    case exercise(id: String, chapter: Int)
    /// All that can be marked is.
    case nothing

    /// - Parameter done: the lines of the progress file
    init(_ done: [String], of chapters: [Chapter] = Chapter.all) {
        let done = Set(done)
        for chapter in chapters {
            if !done.contains("play \(chapter.number)") { self = .play(chapter: chapter.number); return }
            if !done.contains("predict \(chapter.number)") { self = .predict(chapter: chapter.number); return }
            if let open = chapter.exercises.first(where: { !done.contains("check \($0.id)") }) {
                self = .exercise(id: open.id, chapter: chapter.number)
                return
            }
        }
        self = .nothing
    }

    private static func chapter(_ number: Int) -> Chapter { Chapter.all[number - 1] }

    /// One line, for the overview.
    var line: String {
        switch self {
        case .play(let number):
            let chapter = Self.chapter(number)
            return "Next: read \(chapter.page), then swift run workbook play \(chapter.step)"
        case .predict(let number): return "Next: swift run workbook predict \(Self.chapter(number).step)"
        case .exercise(let id, _): return "Next: exercise \(id). swift run workbook next says what it asks for"
        case .nothing: return "You have done it all. Let swift run workbook check watch a program of yours."
        }
    }
}
