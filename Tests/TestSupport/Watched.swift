import Foundation
import Synchronization
import Testing

/// Tells where a run hangs: when some tests of the suites that have this trait are running, and none of them has begun or
/// ended for twenty minutes, it names them and ends the process. That is more than any wait of a test may take, and unlike a
/// time limit it also ends a test that does not listen to being cancelled, and one that is only slow passes.
///
/// No more than ``width`` of these tests run at once. Swift Testing begins all tests together: of a thousand that share two
/// processors none gets far, and whoever waits for a program waits for all of theirs.
public struct Watched: SuiteTrait, TestTrait, TestScoping {
    public let isRecursive = true

    static let width = 24
    private static let turns = Turns(width)

    init() { RunnerWatch.begin() }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
    ) async throws {
        await Self.turns.take()
        defer { Self.turns.giveBack() }
        let number = HangWatch.shared.begin("\(test.name) at \(test.sourceLocation)")
        defer { HangWatch.shared.end(number) }
        try await body()
    }
}

extension Trait where Self == Watched {
    /// See ``Watched``.
    public static var watched: Self { Self() }
}

/// Lets so many through at once, in the order of their coming.
final class Turns: Sendable {
    private struct State: Sendable {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    func take() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    func giveBack() {
        let next: CheckedContinuation<Void, Never>? = state.withLock { state in
            if state.waiting.isEmpty {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}

/// Which tests have begun and not ended, and since when nothing has changed about that.
final class HangWatch: Sendable {
    static let shared = HangWatch(patience: .seconds(1200)) { report in
        FileHandle.standardError.write(Data(report.map { $0 + "\n" }.joined().utf8))
        abort()
    }

    private struct State: Sendable {
        var running: [Int: (name: String, since: ContinuousClock.Instant)] = [:]
        var last = 0
        var changed = ContinuousClock.now
    }

    private let state = Mutex(State())
    private let patience: Duration

    /// - Parameter hangs: what to do with the names, on a thread of the watch's own
    init(patience: Duration, hangs: @escaping @Sendable ([String]) -> Void) {
        self.patience = patience
        // A thread of its own: others belong to the tests.
        Thread.detachNewThread { [weak self] in
            while let self {
                if let report = self.report(at: .now) { hangs(report) }
                Thread.sleep(forTimeInterval: 1)
            }
        }
    }

    func begin(_ name: String) -> Int {
        state.withLock { state in
            state.last += 1
            state.changed = .now
            state.running[state.last] = (name, state.changed)
            return state.last
        }
    }

    func end(_ number: Int) {
        state.withLock { state in
            state.running[number] = nil
            state.changed = .now
        }
    }

    /// nil: something is going on, or nothing has to.
    func report(at now: ContinuousClock.Instant) -> [String]? {
        state.withLock { state in
            guard !state.running.isEmpty, now - state.changed > patience else { return nil }
            let tests = state.running.sorted { $0.key < $1.key }.map(\.value)
            return ["No test has begun or ended for \(patience). These have begun, and not ended:"]
                + tests.map { "    \($0.name), for \(now - $0.since)" }
        }
    }
}
