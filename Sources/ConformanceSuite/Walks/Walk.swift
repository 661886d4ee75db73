import AMQPWire
import Testing

/// A random walk: what a broker does at each step is compared with what the model says.
struct Walk: Sendable {
    let theme: WalkTheme
    let seed: UInt64
    private let isShared = CaseRun.current?.peer.isShared == true

    /// Where a broker and the model part.
    struct Difference: Sendable {
        /// What was done, up to the step after which they differ.
        var steps: [WalkStep]
        var expected: String
        var seen: String
    }

    init(_ theme: WalkTheme, seed: UInt64) { (self.theme, self.seed) = (theme, seed) }

    /// Takes so many walks about something, and tells of the first that goes wrong, cut to the steps that it needs.
    static func check(_ theme: WalkTheme, at place: SourceLocation = #_sourceLocation) async throws {
        let isShared = CaseRun.current?.peer.isShared == true
        let count = Environment.current.walks
        for number in 0..<UInt64(isShared ? max(1, count / theme.part) : count) {
            let walk = Walk(theme, seed: Environment.current.firstWalk + number)
            guard var difference = try await walk.difference() else { continue }
            // A broken broker is known to be one.
            if CaseRun.current?.patience.endsAtFailure != true {
                difference = try await walk.shortened(difference)
            }
            let story = difference.steps.enumerated().map { "\($0 + 1). \($1)" }.joined(separator: "; ")
            return note(
                .failed, expected: difference.expected,
                "\(difference.seen), on walk \(walk.seed) after \(difference.steps.count) steps: \(story)", at: place)
        }
    }

    func difference() async throws -> Difference? {
        try await difference(in: WalkPlan(theme, seed: seed, length: 60).steps)
    }

    /// Takes these steps as far as they make sense, with a new model and new names.
    private func difference(in steps: [WalkStep]) async throws -> Difference? {
        var model = WalkModel(theme)
        var walker = try await Walker(theme)
        var lastWait = ContinuousClock.now
        var done: [WalkStep] = []
        var found: Difference?
        for step in steps where model.allows(step) {
            done.append(step)
            let tag = model.tag(step)
            let answer = model.take(step)
            if model.isAmbiguous { break }
            let difference = await Self.compare(&walker, step, tag, answer, model.counts)
            if step.deed == .wait {
                lastWait = .now
            } else if theme == .time, isShared, walker.lastLook - lastWait > .milliseconds(350) {
                // Time goes by on its own there, and something may have been over before the walk waited.
                break
            }
            guard let (expected, seen) = difference else { continue }
            found = Difference(steps: done, expected: expected, seen: seen)
            break
        }
        await walker.end()
        return found
    }

    private static func compare(
        _ walker: inout Walker, _ step: WalkStep, _ tag: UInt64, _ answer: WalkModel.Answer, _ counts: [String: String]
    ) async -> (expected: String, seen: String)? {
        do {
            let replies = try await walker.take(step, tag: tag)
            if replies != answer.replies { return ("\(answer.replies)", "\(replies)") }
            let seen = try await walker.counts(counts)
            if seen != counts { return (text(counts), text(seen)) }
            let deliveries = try await walker.deliveries(answer.deliveries)
            if deliveries != answer.deliveries { return (text(answer.deliveries), text(deliveries)) }
            let cancels = try await walker.cancels(answer.cancels)
            if cancels != answer.cancels { return ("cancelled: \(text(answer.cancels))", text(cancels)) }
            return try await walker.leftOver(answer.gone).map { ("no \($0) any more", "the \($0)") }
        } catch {
            let known = error as? SuiteError
            return (known?.expected ?? "\(answer.replies)", known?.seen ?? "\(error)")
        }
    }

    private static func text<Key: Comparable>(_ table: [Key: some Any]) -> String {
        table.isEmpty
            ? "nothing" : table.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: "; ")
    }

    /// The same with fewer steps: leaves out as many at a time as it can do without.
    func shortened(_ found: Difference) async throws -> Difference {
        var found = found
        // A broker that leaves answers out takes long for each try. One in this process may only be short of a processor.
        let end = ContinuousClock.now + (isShared ? .seconds(20) : Deadline.ofACase / 2)
        var chunk = max(1, found.steps.count / 2)
        while true {
            var (start, hasShrunk) = (0, false)
            while start < found.steps.count, ContinuousClock.now < end {
                var fewer = found.steps
                fewer.removeSubrange(start..<min(start + chunk, fewer.count))
                if let again = try await difference(in: fewer) {
                    (found, hasShrunk) = (again, true)
                } else {
                    start += chunk
                }
            }
            if ContinuousClock.now >= end || chunk == 1 && !hasShrunk { return found }
            chunk = max(1, chunk / 2)
        }
    }
}
