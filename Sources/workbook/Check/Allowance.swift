import Synchronization

/// What a check has left for its programs.
///
/// Its time is theirs: what the machine gives to others does not count, so that none is blamed for being kept waiting. By the
/// clock a check ends all the same, and one that floods the broker is stopped; then nothing follows from what was seen.
final class Allowance: Sendable {
    /// Why nothing follows.
    enum Excess: Sendable {
        /// So much time was taken from the programs.
        case starved(Duration)
        /// They have published more than a check takes in.
        case flooded
    }

    private struct State: Sendable {
        /// In fair time.
        var deadline: Duration?
        /// What had been taken from the programs before.
        var lostBefore = Duration.zero
        var (isOutOfTime, isFlooded, hasEnded) = (false, false, false)
    }

    private let fair: FairTime
    private let mostLost: Duration
    private let state = Mutex(State())

    /// - Parameter mostLost: how much time may be taken from the programs, in all
    init(_ fair: FairTime = FairTime(), mostLost: Duration) { (self.fair, self.mostLost) = (fair, mostLost) }

    /// Follows what the programs do, until the end.
    func follow(_ look: @escaping @Sendable () -> FairTime.Look) {
        fair.follow { [self] in state.withLock(\.hasEnded) ? nil : look() }
    }

    func end() { state.withLock { $0.hasEnded = true } }

    /// The program has begun: from now on the check may take so long.
    func begin(_ whole: Duration) {
        let (now, lost) = (fair.now, fair.lost)
        state.withLock { if $0.deadline == nil { ($0.deadline, $0.lostBefore) = (now + whole, lost) } }
    }

    var hasBegun: Bool { state.withLock { $0.deadline != nil } }

    func flood() { state.withLock { $0.isFlooded = true } }

    var excess: Excess? {
        if state.withLock(\.isFlooded) { return .flooded }
        let lost = fair.lost
        return lost > mostLost ? .starved(lost) : nil
    }

    /// Some wait ended because the check had no more time for it.
    var isOutOfTime: Bool { state.withLock(\.isOutOfTime) || excess != nil }

    /// So much time was taken from the programs since the check began.
    var lost: Duration { fair.lost - state.withLock(\.lostBefore) }

    /// For so long the programs have done nothing, though they could have.
    var quietFor: Duration { fair.quietFor }

    /// As long as this, or until the check's time is up.
    func limited(_ patience: Duration) -> Duration {
        if excess != nil { return .zero }
        guard let deadline = state.withLock(\.deadline) else { return patience }
        return max(.zero, min(patience, deadline - fair.now))
    }

    /// Asks again and again, until it is so, or the programs have had so long for it, or the check's time is up.
    func wait(_ patience: Duration, _ condition: () async throws -> Bool) async rethrows -> Bool {
        let limited = self.limited(patience)
        let isSo = try await ask(limited, condition)
        if !isSo, limited < patience { state.withLock { $0.isOutOfTime = true } }
        return isSo
    }

    /// The same for what is not the check's to answer for: its time begins when this is over.
    func prepare(_ patience: Duration, _ condition: () async throws -> Bool) async rethrows {
        let start = fair.now
        _ = try await ask(patience, condition)
        let taken = fair.now - start
        state.withLock { state in if let deadline = state.deadline { state.deadline = deadline + taken } }
    }

    private func ask(_ patience: Duration, _ condition: () async throws -> Bool) async rethrows -> Bool {
        let start = fair.now
        while true {
            if try await condition() { return true }
            let waited = fair.now - start
            if patience == .zero || waited > patience || excess != nil { return false }
            // What takes long need not be noticed at once, and looking takes time too.
            try? await Task.sleep(for: .milliseconds(waited < .seconds(1) ? 5 : 20))
        }
    }
}
