/// Something to be predicted. No answer is written down anywhere: `play` runs it on a broker, and what happens is the
/// answer.
struct Question: Sendable {
    /// The idea that it is about, in a word; what was missed is remembered by it.
    let kind: String
    /// The number of the chapter that asks it.
    private(set) var chapter = 0
    /// How many there are of it, alike but with other words or numbers, for a reader who is asked again.
    let variants: Int
    /// Plays variant 0, 1, and so on.
    let play: @Sendable (_ variant: Int) async throws -> Outcome

    init(
        _ kind: String, variants: Int, play: @escaping @Sendable (_ variant: Int) async throws -> Outcome
    ) {
        (self.kind, self.variants, self.play) = (kind, variants, play)
    }

    func asked(in chapter: Int) -> Question {
        var question = self
        question.chapter = chapter
        return question
    }

    /// In the order of the chapters.
    static let all = Chapter.all.flatMap(\.questions)
}

/// What happened on the broker, and what was there to choose from.
struct Outcome: Equatable, Sendable {
    /// What is asked, without what happened.
    var asks: String
    /// At least two, all different.
    var options: [String]
    /// Those that turned out to be so, by their place.
    var right: Set<Int>
    /// Several, one, or none of the options may be right.
    var isMany: Bool
    /// What was seen.
    var story: [String]
    /// The idea behind it.
    var lesson: String

    /// One of several statements is so.
    init(_ asks: String, options: [String], right: Int, story: [String], lesson: String) {
        (self.asks, self.options, self.right, isMany) = (asks, options, [right], false)
        (self.story, self.lesson) = (story, lesson)
    }

    /// How many of something there were.
    init(_ asks: String, counts: [Int], right: Int, story: [String], lesson: String) {
        let all = Set(counts + [right]).sorted()
        self.init(
            asks, options: all.map { $0 == 0 ? "none" : "\($0)" }, right: all.firstIndex(of: right) ?? 0, story: story,
            lesson: lesson)
    }

    /// Which ones of several.
    init(_ asks: String, which options: [String], right: [String], story: [String], lesson: String) {
        (self.asks, self.options, isMany) = (asks, options, true)
        self.right = Set(options.indices.filter { right.contains(options[$0]) })
        (self.story, self.lesson) = (story, lesson)
    }
}

/// What somebody typed as an answer.
enum Guess: Equatable {
    case options(Set<Int>)
    /// It is none; the reason.
    case rubbish(String)

    /// Letters, in any order, with or without blanks and commas between; `none` where none may be right.
    init(_ text: String, for outcome: Outcome) {
        let letters = Self.letters(outcome.options.count)
        let known = letters.joined(separator: ", ")
        let typed = text.lowercased().filter { !" ,\t\r".contains($0) }
        if typed.isEmpty {
            self = .rubbish("Type \(outcome.isMany ? "one or more" : "one") of \(known).")
        } else if outcome.isMany, typed == "none" || typed == "-" {
            self = .options([])
        } else {
            let places = typed.map { letters.firstIndex(of: String($0)) }
            let found = Set(places.compactMap { $0 })
            if places.contains(nil) {
                self = .rubbish(
                    "'\(text.prefix(40))' is not among \(known)\(outcome.isMany ? ", and not 'none'" : "").")
            } else if !outcome.isMany, found.count != 1 {
                self = .rubbish("Only one of \(known) can be right.")
            } else {
                self = .options(found)
            }
        }
    }

    /// `a`, `b`, `c`: one for each option.
    static func letters(_ count: Int) -> [String] {
        (0..<min(count, 26)).map { String(UnicodeScalar(UInt8(ascii: "a") + UInt8($0))) }
    }
}
