import Commands
import Foundation

/// `workbook predict`: asks what will happen, and then shows what did.
enum PredictCommand {
    static let command = Command(
        "workbook predict", takes: "[STEP]", does: "asks what will happen, runs it, and says whether you were right",
        notes: """
            A question that you missed comes back two chapters later. Without STEP, those that you missed come back now. \
            Either way, they are at most two at a time. Answers may come from a file: a line for each.
            """, count: 0...1)

    static func run(_ given: Arguments) async -> Int32 {
        let past = Predictions(Progress.done())
        var questions: [Question]
        var chapter: Chapter?
        if let word = given.words.first {
            let found = Chapter.named(word, command)
            chapter = found
            questions = past.due(in: found.number) + found.questions
            say("predict \(found.number) \(found.step): \(questions.count) questions. Guess first, then see.")
        } else {
            questions = past.again
            if questions.isEmpty {
                say("You have missed nothing so far. swift run workbook predict 1 asks about chapter 1.")
                return 0
            }
            say("predict: what you missed, once more. Guess first, then see.")
        }
        do {
            guard let missed = try await ask(questions, in: chapter, past) else { return 1 }
            for line in comesBack(missed, in: chapter) { say(line) }
            if let chapter { Progress.add("predict \(chapter.number)") }
            return 0
        } catch {
            complain("\(error)")
            return 1
        }
    }

    /// Asks the questions of an exercise: whether all answers were right.
    static func askAll(_ questions: [Question], in chapter: Chapter) async throws -> Bool {
        let asked = questions.map { $0.asked(in: chapter.number) }
        return try await ask(asked, in: chapter, Predictions(Progress.done()))?.isEmpty ?? false
    }

    /// Returns the kinds that were missed; nil when the input ended before the questions.
    private static func ask(_ questions: [Question], in chapter: Chapter?, _ past: Predictions) async throws
        -> [String]?
    {
        var right = 0
        var missed: [String] = []
        for (number, question) in questions.enumerated() {
            let outcome = try await question.play(past.asked(question.kind) % question.variants)
            for line in Self.question(outcome, question, number: number + 1, in: chapter) { say(line) }
            guard let guess = read(outcome) else {
                say("")
                say("The answers ended at question \(number + 1) of \(questions.count). Start again when you like.")
                return nil
            }
            let isRight = guess == outcome.right
            if isRight { right += 1 } else { missed.append(question.kind) }
            for line in answer(outcome, isRight: isRight) { say(line) }
            Progress.keep(
                Progress.done() + [Predictions.entry(question.kind, in: chapter?.number ?? question.chapter, isRight)])
        }
        say("")
        say("\(right) of \(questions.count) right.")
        return missed
    }

    /// When what was missed is asked again.
    private static func comesBack(_ missed: [String], in chapter: Chapter?) -> [String] {
        if missed.isEmpty { return [] }
        let next = chapter.flatMap { Chapter.find("\($0.number + 2)") }
        let back = next.map { "from chapter \($0.number) on, or now with" } ?? "with"
        return ["You will be asked again \(back) swift run workbook predict:"]
            + wrapped(missed.joined(separator: ", "), indent: 3)
    }

    /// The letters that were typed; asks again for what makes no sense. nil: there is no more input.
    private static func read(_ outcome: Outcome) -> Set<Int>? {
        while true {
            if isatty(0) == 1 { FileHandle.standardOutput.write(Data("   Your guess: ".utf8)) }
            guard let line = readLine() else { return nil }
            // From a file or a pipe nothing shows what was answered.
            if isatty(0) != 1 { say("   Your guess: \(line.prefix(40))") }
            switch Guess(line, for: outcome) {
            case .options(let options): return options
            case .rubbish(let reason): say("   \(reason)")
            }
        }
    }

    static func question(_ outcome: Outcome, _ question: Question, number: Int, in chapter: Chapter?) -> [String] {
        let origin = question.chapter == chapter?.number ? "" : " (again, from chapter \(question.chapter))"
        var lines = ["", "\(number). \(question.kind)\(origin)"]
        lines += wrapped(outcome.asks, indent: 3)
        for (letter, option) in zip(Guess.letters(outcome.options.count), outcome.options) {
            lines.append("     \(letter)  \(option)")
        }
        lines.append(outcome.isMany ? "   One letter or several, such as 'ab', or 'none'." : "   One letter.")
        return lines
    }

    static func answer(_ outcome: Outcome, isRight: Bool) -> [String] {
        let letters = Guess.letters(outcome.options.count)
        let right = outcome.right.sorted().map { letters[$0] }.joined(separator: ", ")
        return ["   \(isRight ? "Right" : "No"): \(right.isEmpty ? "none" : right). It has just been run:"]
            + outcome.story.flatMap { wrapped($0, indent: 5) } + wrapped(outcome.lesson, indent: 3)
    }
}
