import Synchronization

/// What happened to whom, and what must not have.
final class CutTally: Sendable {
    private struct State: Sendable {
        var confirmed: Set<String> = []
        var unknown = 0
        var notSent = 0
        var seen: [String: Int] = [:]
        var unmarked: [String: Int] = [:]
        /// How often it passed to the broker.
        var published: [String: Int] = [:]
        var deliveries = 0
        var redelivered = 0
        var lateAcksRefused = 0
        var sessions = 0
        var violations: [String] = []
    }

    private let state = Mutex(State())
    private let moves = Atomic<Int>(0)
    private let live = Atomic<Int>(0)

    /// Counts up whenever anything passes: while it does, time need not.
    var moveCount: Int { moves.load(ordering: .relaxed) }
    var liveConnections: Int { live.load(ordering: .relaxed) }
    func passed() { moves.add(1, ordering: .relaxed) }
    func connectionBegan() { live.add(1, ordering: .relaxed) }
    func connectionEnded() { live.subtract(1, ordering: .relaxed) }

    func published(_ text: String) { state.withLock { $0.published[text, default: 0] += 1 } }
    func confirmed(_ text: String) { _ = state.withLock { $0.confirmed.insert(text) } }
    func unknown() { state.withLock { $0.unknown += 1 } }
    func notSent() { state.withLock { $0.notSent += 1 } }
    func lateAckRefused() { state.withLock { $0.lateAcksRefused += 1 } }
    func sessionBegan() { state.withLock { $0.sessions += 1 } }
    func violated(_ text: String) { state.withLock { $0.violations.append(text) } }

    func delivered(_ text: String, isMarked: Bool) {
        state.withLock { state in
            state.deliveries += 1
            state.seen[text, default: 0] += 1
            if isMarked {
                state.redelivered += 1
                return
            }
            let unmarked = state.unmarked[text, default: 0] + 1
            state.unmarked[text] = unmarked
            if unmarked > state.published[text, default: 0] {
                state.violations.append("'\(text)' came again, and was not marked as redelivered")
            }
        }
    }

    /// Confirmed, and never delivered.
    var missing: [String] { state.withLock { state in state.confirmed.filter { state.seen[$0] == nil }.sorted() } }
    /// How many were confirmed, and not delivered yet.
    var backlog: Int { state.withLock { $0.confirmed.count - $0.seen.count } }

    var report: CutReport {
        state.withLock { state in
            CutReport(
                confirmed: state.confirmed.count, unknown: state.unknown, notSent: state.notSent,
                deliveries: state.deliveries, redelivered: state.redelivered, sessions: state.sessions,
                lateAcksRefused: state.lateAcksRefused, violations: state.violations)
        }
    }
}

/// The outcome of a ``CutScene``.
public struct CutReport: Sendable {
    public var confirmed: Int
    public var unknown: Int
    public var notSent: Int
    public var deliveries: Int
    public var redelivered: Int
    public var sessions: Int
    public var lateAcksRefused: Int
    /// What must not happen, in words.
    public var violations: [String]
    public var cuts: [CutKind: Int] = [:]
    /// Cuts by place, such as `before basic.ack to the broker`.
    public var places: [String: Int] = [:]

    public init(
        confirmed: Int = 0, unknown: Int = 0, notSent: Int = 0, deliveries: Int = 0, redelivered: Int = 0,
        sessions: Int = 0, lateAcksRefused: Int = 0, violations: [String] = []
    ) {
        (self.confirmed, self.unknown, self.notSent) = (confirmed, unknown, notSent)
        (self.deliveries, self.redelivered, self.sessions) = (deliveries, redelivered, sessions)
        (self.lateAcksRefused, self.violations) = (lateAcksRefused, violations)
    }

    public var cutCount: Int { cuts.values.reduce(0, +) }

    /// The sums of both.
    public static func + (left: CutReport, right: CutReport) -> CutReport {
        var sum = left
        sum.confirmed += right.confirmed
        sum.unknown += right.unknown
        sum.notSent += right.notSent
        sum.deliveries += right.deliveries
        sum.redelivered += right.redelivered
        sum.sessions += right.sessions
        sum.lateAcksRefused += right.lateAcksRefused
        sum.violations += right.violations
        sum.cuts.merge(right.cuts, uniquingKeysWith: +)
        sum.places.merge(right.places, uniquingKeysWith: +)
        return sum
    }
}

extension CutReport: CustomStringConvertible {
    public var description: String {
        let kinds = CutKind.allCases.map { "\($0.rawValue) \(cuts[$0] ?? 0)" }.joined(separator: ", ")
        return """
            \(cutCount) cuts at \(places.count) places (\(kinds)), \(sessions) sessions
            \(confirmed) messages confirmed, \(unknown) of unknown outcome, \(notSent) not sent; \(deliveries) deliveries, \
            \(redelivered) marked as redelivered, \(lateAcksRefused) late acknowledgements refused
            """
    }
}
