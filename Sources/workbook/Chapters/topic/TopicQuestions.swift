import AMQPClient

/// What chapter 5 asks.
enum TopicQuestions {
    static let all = [
        Question("patterns", variants: 3) { variant in
            let key = ["lazy.orange.new.rabbit", "quick.orange.rabbit", "lazy.orange.elephant"][variant]
            return try await Playground.play { playground in
                try await playground.routed(
                    key, through: .topic,
                    ["*.orange.*", "*.*.rabbit", "lazy.#", "#"].map { ($0, [$0]) },
                    asks: "Which of these patterns match a message",
                    lesson: "* is exactly one word, and # is any number of words.")
            }
        },
        Question("one-word", variants: 2) { variant in
            let (key, patterns) = [
                ("lazy", ["lazy.#", "lazy.*", "#.lazy", "*", "*.#"]), ("a", ["a.#", "#.a.#", "a.*", "#.*", "*.*"]),
            ][variant]
            return try await Playground.play { playground in
                try await playground.routed(
                    key, through: .topic, patterns.map { ($0, [$0]) },
                    asks: "Which of these patterns match a message",
                    lesson: "# may match no words at all; * always needs one.")
            }
        },
        Question("empty-words", variants: 3) { variant in
            let key = ["a..b", "..", ""][variant]
            return try await Playground.play { playground in
                try await playground.routed(
                    key, through: .topic, ["*", "*.*", "*.*.*", "#"].map { ($0, [$0]) },
                    asks: "Which of these patterns match a message",
                    lesson: "Dots divide, and a word may be empty. A key without any bytes has no words.")
            }
        },
    ]

    /// What exercise 5.1 asks.
    static let ofWords = [
        exercise("hash-twice", "b", ["b", "b.#.#", "#.#", "*.b", "#.b.*"], "A # may stand for nothing; a * may not."),
        exercise(
            "hash-between", "a.b", ["#.a", "#.b", "*.#.*", "a.#.b", "a.*.b"], "A # between two words may be nothing."),
    ]

    /// What exercise 5.2 asks.
    static let ofEmptyWords = [
        exercise("one-dot", ".", ["*", ".", "..", "*.*", "#.#"], "One dot divides two empty words."),
        exercise(
            "dot-behind", "a.", ["a", "a.", "a.*", "a.#", "*.*"],
            "After the last dot there is a word, and it is empty."),
    ]

    private static func exercise(_ kind: String, _ key: String, _ patterns: [String], _ lesson: String) -> Question {
        Question(kind, variants: 1) { _ in
            try await Playground.play { playground in
                try await playground.routed(
                    key, through: .topic, patterns.map { ($0, [$0]) }, asks: "Which of these patterns match a message",
                    lesson: lesson)
            }
        }
    }
}
