import AMQPClient
import Foundation
import TestSupport
import Testing

@testable import workbook

@Suite(.watched) struct QuestionTests {
    /// What is right, by somebody who knows: the questions themselves say what the broker did.
    static let truth: [(kind: String, answers: [[String]])] = [
        ("no-consumer-yet", [["3"], ["5"]]),
        (
            "other-name",
            [["The broker drops it, and says nothing."], ["The broker drops it, and says nothing."]]
        ),
        ("two-consumers", [["0", "2"], ["1", "3", "5"]]),
        ("three-workers", [["worker 2"], ["worker 1"], ["worker 2"]]),
        ("slow-and-fast", [["0"], ["0", "2"]]),
        ("crash", [["In the queue again, marked as redelivered."], ["Nowhere: it is lost."]]),
        ("before-binding", [["second"], ["evening"]]),
        ("copies", [["6"], ["8"]]),
        ("away", [["No queue."], ["Its queue, with the message in it."]]),
        ("exact-key", [["alarm", "all"], ["all"], ["odd"]]),
        ("bound-twice", [["1"], ["2"]]),
        ("late-binding", [["C"]]),
        ("patterns", [["lazy.#", "#"], ["*.orange.*", "*.*.rabbit", "#"], ["*.orange.*", "lazy.#", "#"]]),
        ("one-word", [["lazy.#", "#.lazy", "*", "*.#"], ["a.#", "#.a.#", "#.*"]]),
        ("empty-words", [["*.*.*", "#"], ["*.*.*", "#"], ["#"]]),
        ("server-dies", [["2"], ["3"]]),
        ("client-gone", [["The answer is dropped, and the server does not notice."]]),
        ("publish-to-nobody", [["It confirms the message."]]),
        ("mandatory-to-nobody", [["The message, and a confirm."]]),
        ("all-or-any", [["any of both", "format only"], ["any of both"]]),
        ("key-and-header", [["B"]]),
        ("refused", [["In 'dead'."], ["In 'tasks' again."]]),
        ("times-died", [["2"], ["2"]]),
        ("over-the-limit", [["3"], ["4"]]),
        ("three-deaths", [["In 'payments' again."], ["In 'dead'."], ["Nowhere."]]),
        ("from-where", [["0", "1", "2", "3", "4"], ["2", "3", "4"], ["4"]]),
        ("second-reader", [["3"], ["none"]]),
        ("same-account", [["1"], ["1"]]),
        ("standby", [["none"], ["none"]]),
        ("successor", [["1"], ["1"]]),
        ("same-id", [["2"], ["3"]]),
        ("who-is-marked", [["No."], ["Yes."]]),
    ]

    /// The same of what exercises ask.
    static let exercises: [(kind: String, answers: [[String]])] = [
        ("hash-twice", [["b", "b.#.#", "#.#"]]), ("hash-between", [["#.b", "*.#.*", "a.#.b"]]),
        ("one-dot", [[".", "*.*", "#.#"]]), ("dot-behind", [["a.", "a.*", "a.#", "*.*"]]),
    ]
    private static let asked: [Question] = Chapter.all.flatMap(\.exercises).flatMap { exercise -> [Question] in
        if case .prediction(let questions) = exercise.task { questions } else { [] }
    }

    /// What is published isn't answered, and who looks has a connection of its own: it must not come before the messages.
    @Test func whoLooksSeesWhatWasSent() async throws {
        let large = Message(body: Array(repeating: 0, count: 500_000))
        try await Playground.play { playground in
            let channel = try await playground.channel()
            try await channel.declareQueue("much")
            for _ in 1...64 { try await channel.publish(large, routingKey: "much") }
            #expect(try await playground.count("much") == 64)
            let first = try await channel.get("much")
            for _ in 1...64 { try await channel.publish(large, routingKey: "much") }
            try await first?.reject(requeue: false)
            #expect(try await playground.contents(of: "much").count == 127)
        }
    }

    @Test(arguments: truth + exercises) func whatHappensIsSo(kind: String, answers: [[String]]) async throws {
        let question = try #require((Question.all + Self.asked).first { $0.kind == kind })
        #expect(question.variants == answers.count)
        for (variant, answer) in answers.enumerated() {
            let outcome = try await question.play(variant)
            #expect(outcome.right.sorted().map { outcome.options[$0] } == answer, "\(kind) \(variant): \(outcome)")
            #expect(outcome.isMany || outcome.right.count == 1)
            #expect(Set(outcome.options).count == outcome.options.count && outcome.options.count >= 2)
            #expect(try await question.play(variant).right == outcome.right, "it is the same each time")
            let shown =
                PredictCommand.question(outcome, question, number: 10, in: nil)
                + PredictCommand.answer(outcome, isRight: false)
            #expect(shown.allSatisfy { $0.count <= 80 }, "\(shown)")
        }
    }

    /// Questions come before a chapter's *Read it*, so they get by with the words that were explained until then.
    @Test(arguments: Chapter.all.map(\.step)) func wordsAreExplainedBeforeTheyAreAsked(step: String) async throws {
        let pages = try Repository.chapters()
        let number = try #require(Chapter.find(step)).number
        let page = pages[number - 1]
        let here = page.prose.filter { $0.line > page.line(of: "Predict") }.map(\.text).joined(separator: "\n")
        let later = page.terms.filter { here.lowercased().contains("**\($0)**") } + pages[number...].flatMap(\.terms)
        for question in Question.all where question.chapter == number {
            for variant in 0..<question.variants {
                let outcome = try await question.play(variant)
                let words = [outcome.asks, outcome.lesson] + outcome.options + outcome.story
                let shown = Page(path: "\(step) \(question.kind)", text: words.joined(separator: "\n\n"))
                let plain = PlainProse(of: shown)
                for term in later where !plain.uses(of: term).isEmpty {
                    Issue.record("\(shown.path) \(variant): '\(term)' is explained only later: \(words)")
                }
            }
        }
    }

    @Test func everyChapterHasTwoOrThree() {
        #expect(Set(Question.all.map(\.kind)).count == Question.all.count)
        #expect(Self.exercises.map(\.kind) == Self.asked.map(\.kind))
        #expect(Question.all.map(\.kind) == Self.truth.map(\.kind))
        for chapter in Chapter.all { #expect((2...3).contains(chapter.questions.count), "\(chapter.step)") }
    }
}

@Suite(.watched) struct GuessTests {
    private let one = Outcome("?", options: ["x", "y", "z"], right: 0, story: [], lesson: "")
    private let many = Outcome("?", which: ["x", "y", "z"], right: ["x"], story: [], lesson: "")

    @Test func letters() {
        #expect(Guess("b", for: one) == .options([1]))
        #expect(Guess(" B \r", for: one) == .options([1]))
        #expect(Guess("a, c", for: many) == .options([0, 2]))
        #expect(Guess("ca", for: many) == .options([0, 2]))
        #expect(Guess("none", for: many) == .options([]))
    }

    @Test(arguments: ["", "d", "ab", "none", "1", "💥", String(repeating: "q", count: 10_000)])
    func rubbish(text: String) {
        guard case .rubbish(let reason) = Guess(text, for: one) else {
            Issue.record("taken: \(text)")
            return
        }
        #expect(reason.count < 100)
    }
}

@Suite(.watched) struct PredictionsTests {
    private func due(_ lines: [String], in chapter: Int) -> [String] {
        Predictions(lines).due(in: chapter).map(\.kind)
    }

    /// Without a chapter too, and first what has waited longest.
    @Test func notMoreThanTwoAtATime() {
        let kinds = ["same-id", "two-consumers", "crash"]
        let lines = kinds.map { "guess \($0) 1 wrong" }
        #expect(Predictions(lines).again.map(\.kind) == ["same-id", "two-consumers"])
        #expect(Predictions(lines + ["guess same-id 1 right"]).again.map(\.kind) == ["two-consumers", "crash"])
    }

    @Test func whatWasMissedComesBackTwoChaptersLater() {
        let lines = ["play 1", "guess two-consumers 1 wrong", "guess no-consumer-yet 1 right"]
        #expect(due(lines, in: 2) == [])
        #expect(due(lines, in: 3) == ["two-consumers"])
        #expect(due(lines, in: 5) == ["two-consumers"])
        #expect(due(lines + ["guess two-consumers 3 wrong"], in: 4) == [])
        #expect(due(lines + ["guess two-consumers 3 wrong"], in: 5) == ["two-consumers"])
        #expect(due(lines + ["guess two-consumers 3 right"], in: 5) == [])
        #expect(Predictions(lines).missed.map(\.kind) == ["two-consumers"])
        #expect(Predictions(lines).asked("two-consumers") == 1)
    }

    /// An old miss waits until there is room for it; the oldest goes first.
    @Test func oldMissesComeInSmallDoses() {
        let missed = ["other-name", "two-consumers", "no-consumer-yet"].map { "guess \($0) 1 wrong" }
        #expect(due(missed, in: 3) == ["other-name", "two-consumers"])
        #expect(due(missed + ["guess other-name 3 wrong"], in: 4) == ["two-consumers", "no-consumer-yet"])
    }

    @Test func linesThatAreNoGuesses() {
        #expect(Predictions(["guess", "guess a b c", "guess nothing 1 wrong", "hint 1.1 1"]).missed.isEmpty)
    }
}

@Suite(.watched) struct PredictCommandTests {
    private func predict(_ words: String..., status: Int) async throws -> Program.Output {
        try await Stage(uri: "").run("workbook", words: ["predict"] + words, status: status)
    }

    /// The programs of these tests have no standard input.
    @Test func noMoreAnswers() async throws {
        let output = try await predict("2", status: 1)
        #expect(output.lines.last == "The answers ended at question 1 of 3. Start again when you like.")
        #expect(output.errors.isEmpty)
    }

    @Test func nothingMissed() async throws {
        #expect(try await predict(status: 0).lines.first?.hasPrefix("You have missed nothing") == true)
    }

    @Test func noSuchStep() async throws {
        #expect(try await predict("0", status: 64).lines.isEmpty)
        #expect(try await predict("1", "2", status: 64).lines.isEmpty)
    }
}
