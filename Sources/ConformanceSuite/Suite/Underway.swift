import Foundation
import Synchronization

/// The cases that are being run, and why no others follow them.
///
/// A run that ends early owes its broker what every case owes it: what was declared there is deleted. And it owes the
/// reader one sentence, not a failure for each case that could not be run any more.
final class Underway: Sendable {
    static let shared = Underway(Gate.shared)

    /// Why a run ends before its last case.
    enum End: Sendable, Equatable {
        case interrupted(by: Int32)
        /// It lets nobody in any more. These cases were being run.
        case brokerLost(during: [String])
    }

    private struct State {
        var runs: [ObjectIdentifier: CaseRun] = [:]
        var end: End?
        var notRun = 0
    }

    private let gate: Gate
    private let state = Mutex(State())

    init(_ gate: Gate) { self.gate = gate }

    var end: End? { state.withLock { $0.end } }
    /// How many cases came too late.
    var notRun: Int { state.withLock { $0.notRun } }

    func begin(_ run: CaseRun) {
        let isInterrupted = state.withLock { state in
            state.runs[ObjectIdentifier(run)] = run
            if case .interrupted? = state.end { return true }
            return false
        }
        if isInterrupted { run.breakOff() }
    }

    func finish(_ run: CaseRun) { state.withLock { _ = $0.runs.removeValue(forKey: ObjectIdentifier(run)) } }

    func passOver() { state.withLock { $0.notRun += 1 } }

    /// No other case begins. Those that are being run are broken off, and clean up behind them.
    func interrupt(by signal: Int32) async {
        let runs = state.withLock { state in
            state.end = state.end ?? .interrupted(by: signal)
            return Array(state.runs.values)
        }
        for run in runs { run.breakOff() }
        await gate.shut()
    }

    /// No other case begins. Those that are being run find out by themselves.
    func loseBroker() async {
        state.withLock { state in
            state.end = state.end ?? .brokerLost(during: state.runs.values.map(\.id).sorted())
        }
        await gate.shut()
    }

    /// What there is to say of a run that ended early.
    var sentence: String? {
        let (end, notRun) = state.withLock { ($0.end, $0.notRun) }
        let left = "\(notRun) more case\(notRun == 1 ? " was" : "s were") not run"
        return switch end {
        case nil: nil
        case .interrupted?: "interrupted: \(left); what the others had declared was deleted"
        case .brokerLost(let ids)?:
            "the broker lets nobody in any more: \(left). While it went, these were: \(ids.joined(separator: ", "))"
        }
    }
}

/// A case whose run ended before its turn came, or before the case was over.
struct EndedEarly: Error, CustomStringConvertible {
    var id: String
    var why: String?

    var description: String { "\(id) was not run to its end: \(why ?? "the run ended early")" }
}

extension CaseRun {
    /// Whether the broker lets the suite in, asked again for as long as an answer may take: one that a case has made to
    /// fall may be about to rise again.
    func reachesBroker() async -> Bool {
        await Self.$current.withValue(self) {
            let deadline = ContinuousClock.now + Deadline.ofAnAnswer
            while true {
                if let stream = try? await peer.connect() {
                    let probe = Probe(Tap(stream, name: "?"))
                    defer { probe.abort() }
                    if (try? await probe.logIn(Handshake(peer.login))) != nil { return true }
                }
                guard ContinuousClock.now < deadline, !Task.isCancelled else { return false }
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}
