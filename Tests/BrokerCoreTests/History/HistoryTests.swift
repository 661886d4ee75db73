import Foundation
import Testing

/// Schedules that nobody thought of: publishers, consumers, acks, cancels, lost channels and connections, in an order that
/// a seed decides. `HISTORY_SEED=17 swift test --filter HistoryTests` replays one and prints it whole;
/// `HISTORY_RUNS=100000` tries more than the usual.
@Suite("Histories")
struct HistoryTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seed = environment["HISTORY_SEED"].flatMap { UInt64($0) }
    private static let runs = environment["HISTORY_RUNS"].flatMap { UInt64($0) } ?? 1200
    private static let parts: UInt64 = 8
    private static let steps = 60

    @Test("Nothing is lost, doubled, out of order, unmarked or beyond a window, whatever happens", arguments: 0..<parts)
    func sound(part: UInt64) throws {
        let seeds =
            Self.seed.map { part == 0 ? [$0] : [] } ?? Array(stride(from: part, to: Self.runs, by: Int(Self.parts)))
        for seed in seeds {
            var run = try HistoryRun(seed: seed, keepsLog: Self.seed != nil)
            try run.run(steps: Self.steps)
            if Self.seed != nil { print(run.log.joined(separator: "\n")) }
            guard let violation = run.model.violations.first else { continue }
            // Once more, for the words: the same seed gives the same history.
            run = try HistoryRun(seed: seed, keepsLog: true)
            try run.run(steps: Self.steps)
            Issue.record(
                """
                seed \(seed): \(violation)
                \(run.log.suffix(25).joined(separator: "\n"))
                again: HISTORY_SEED=\(seed) swift test --filter HistoryTests
                """)
            return
        }
    }

    @Test("A broker that is wrong is noticed", arguments: HistoryFault.allCases)
    func faulty(fault: HistoryFault) throws {
        for seed in 0..<200 as Range<UInt64> {
            var run = try HistoryRun(seed: seed, fault: fault)
            try run.run(steps: Self.steps)
            if !run.model.violations.isEmpty { return }
        }
        Issue.record("nothing was noticed in 200 schedules")
    }

    @Test("The same seed gives the same history")
    func repeatable() throws {
        var (first, second) = (try HistoryRun(seed: 4, keepsLog: true), try HistoryRun(seed: 4, keepsLog: true))
        try first.run(steps: Self.steps)
        try second.run(steps: Self.steps)
        #expect(first.log == second.log)
        #expect(!first.log.isEmpty)
    }
}
