/// What was predicted so far, as it stands in the progress file: `guess two-consumers 1 wrong` is a question of the kind `two-consumers`
/// that was missed in chapter 1.
struct Predictions {
    private let guesses: [(kind: String, chapter: Int, isRight: Bool)]

    init(_ progress: [String]) {
        guesses = progress.compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 4, words[0] == "guess", let chapter = Int(words[2]) else { return nil }
            return (words[1], chapter, words[3] == "right")
        }
    }

    static func entry(_ kind: String, in chapter: Int, _ isRight: Bool) -> String {
        "guess \(kind) \(chapter) \(isRight ? "right" : "wrong")"
    }

    /// How often a kind was asked: the next one is another variant.
    func asked(_ kind: String) -> Int { guesses.count { $0.kind == kind } }

    /// Those whose last guess was wrong.
    var missed: [Question] {
        Question.all.filter { question in guesses.last { $0.kind == question.kind }?.isRight == false }
    }

    /// How many old questions a chapter asks: it has two or three of its own.
    static let dose = 2

    /// What was missed, by when: first what has waited longest.
    private var waiting: [(question: Question, guess: Int)] {
        missed.compactMap { question in
            guesses.lastIndex { $0.kind == question.kind }.map { (question: question, guess: $0) }
        }.sorted { $0.guess < $1.guess }
    }

    /// What comes back in a chapter: what was missed two chapters earlier or before that.
    func due(in chapter: Int) -> [Question] {
        waiting.filter { $0.question.chapter != chapter && guesses[$0.guess].chapter <= chapter - 2 }
            .prefix(Self.dose).map(\.question)
    }

    /// What comes back for who asks for no chapter.
    var again: [Question] { waiting.prefix(Self.dose).map(\.question) }
}
