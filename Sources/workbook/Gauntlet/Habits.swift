/// What an undisturbed run has shown of a program.
struct Habits: Sendable {
    var workTime: Int64 = 0
    var isAckedBehind = false
    var expected: [String] = []
    /// See `History`.
    var shapes: Set<String> = []
    var effects: Set<String>?
    var isTelling = false
    var isQueued = true
    var isAnswering = true
    var batch = 0
    /// The longest time in which nothing passed, in fair time: by the clock, a busy minute at the start would make every
    /// later wait long.
    var longestGap = Duration.zero

    /// A program that has something to do may keep silent for so long.
    var usualWait: Duration { max(.milliseconds(3 * workTime), longestGap * 4) }
}

extension Habits {
    init(_ history: History, _ promise: Promise) {
        self.init(expected: history.sendings.map(\.body))
        isQueued = expected.allSatisfy(history.isLeft.contains)
        isAnswering =
            history.answer.map { answer in
                history.lines.contains { PrintedShape.says(answer, in: $0) }
            } ?? true
        let sent = Set(history.sent)
        shapes = Set(Shapes(history.lines, of: history.sent).counts.filter { $0.value == sent.count }.keys)
        isTelling = !sent.isEmpty && sent.allSatisfy { body in history.lines.contains { $0.contains(body) } }
        guard promise.takesTime else { return }
        // From one end to the next, whether it acknowledges before its work or behind it.
        let ends = history.handings.filter { $0.settlement == .ack }.compactMap(\.settledAt).sorted()
        workTime = zip(ends, ends.dropFirst()).map { $1 - $0 }.min() ?? 0
        // A dot takes 100 ms at least: less than this is no work, but what the machine has to do.
        if workTime < 80 { workTime = 0 }
        let isBehind = history.handings.allSatisfy { handing in
            handing.settledAt.map { $0 - handing.time >= workTime / 2 } ?? false
        }
        isAckedBehind = workTime > 0 && isBehind
    }
}

/// Lines without what tells one message from another, and how often each was printed.
///
/// What a program does with a message is not on the wire, but in what it prints: a line of the work comes once for each
/// message, and a line about what comes in as often as it comes.
struct Shapes {
    private(set) var counts: [String: Int] = [:]

    init(_ lines: [String], of bodies: [String]) {
        for line in lines {
            var shape = line
            for body in Set(bodies) { shape = shape.replacing(body, with: "…") }
            counts[PrintedShape.withoutNumbers(shape), default: 0] += 1
        }
    }

    /// How many lines begin with the same words: the rest of each may be its own.
    static func beginnings(_ counts: [String: Int], words: Int) -> [String: Int] {
        Dictionary(
            counts.map { line, count in (line.split(separator: " ").prefix(words).joined(separator: " "), count) },
            uniquingKeysWith: +)
    }

    /// So many lines begin with the same word, or the same two.
    static func isBegun(_ times: Int, _ counts: [String: Int]) -> Bool {
        (1...2).contains { beginnings(counts, words: $0).values.contains(times) }
    }
}
