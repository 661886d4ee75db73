import AMQPClient
import AMQPTransport
import Commands
import Cuts
import Foundation

// Cuts connections to the broker at `AMQP_URL` at every kind of place, under load, and counts what was lost, doubled or
// left. Scripts/cuts runs it.

let seedOption = Option("--seed", "N", "what happens is decided by it [a random one]")
let program = Program(
    "cut-test",
    itself: Command(
        "cut-test", takes: "[CUTS]", options: [seedOption],
        does: "cuts connections again and again, and compares what arrived with what was confirmed", count: 0...1))
let given = program.request().arguments
guard let cuts = Int(given.words.first ?? "1000"), cuts > 0 else { program.fail(UsageError("CUTS is no number")) }
let seed: UInt64
do throws(UsageError) {
    seed = try given.number(seedOption, in: 0...UInt64.max) ?? .random(in: 0..<1_000_000)
} catch {
    program.fail(error)
}

/// The library makes one for each clock that somebody waits by, when first needed; it is no stream that was left.
let timer = "anon_inode:[timerfd]"

/// What each open descriptor leads to, as Linux names it, but for timers; empty: not on Linux.
func descriptors() -> [String] {
    let files = FileManager.default
    let numbers = (try? files.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    // The one that the folder was read by is gone by now.
    return numbers.compactMap { try? files.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)") }
        .filter { $0 != timer }
}

/// Eight publishers and consumers side by side, each with its own queue; half of them send again what is unconfirmed.
func play(_ uri: String, cuts: Int, seed: UInt64) async throws -> CutReport {
    var configuration = try ConnectionConfiguration(uri: uri)
    configuration.heartbeat = 1
    configuration.connectionTimeout = .seconds(5)
    configuration.rpcTimeout = .seconds(5)
    configuration.confirmTimeout = .seconds(5)
    let scenes = 8
    return try await withThrowingTaskGroup(of: CutReport.self) { group in
        for scene in 0..<scenes {
            let share = cuts / scenes + (scene < cuts % scenes ? 1 : 0)
            if share == 0 { continue }
            group.addTask { [configuration] in
                try await CutScene(
                    seed: seed &+ UInt64(scene), cuts: share, queue: "cuts-\(seed)-\(scene)",
                    resend: scene % 2 == 0 ? .never : .atLeastOnce, configuration
                ) { try await Connection.stream(to: configuration) }.play()
            }
        }
        return try await group.reduce(CutReport(), +)
    }
}

let uri = ProcessInfo.processInfo.environment["AMQP_URL"] ?? "amqp://guest:guest@localhost:5672/"
print("seed \(seed), \(cuts) cuts")
do {
    // The loop, its thread and its descriptors are there before anything is counted, and with it a time limit,
    // for which the library starts its own.
    try await withConnection(uri) { _ in }
    let before = descriptors()
    let start = ContinuousClock.now
    var report = try await play(uri, cuts: cuts, seed: seed)
    // A stream that is closed waits for its peer, which may be one that a silent connection hides.
    // Those that are no file or socket may have the same name.
    func left() -> [String] {
        var known = before
        return descriptors().filter { descriptor in
            guard let place = known.firstIndex(of: descriptor) else { return true }
            known.remove(at: place)
            return false
        }
    }
    for _ in 0..<300 where !left().isEmpty { try await Task.sleep(for: .milliseconds(100)) }
    for descriptor in left() { report.violations.append("a descriptor is left: \(descriptor)") }
    print(report)
    for (place, count) in report.places.sorted(by: { $0.key < $1.key }) { print("  \(count) \(place)") }
    for violation in report.violations.prefix(20) { print("FAILED: \(violation)") }
    if !report.violations.isEmpty { exit(1) }
    print("Nothing lost, nothing acknowledged wrongly, nothing left, in \(ContinuousClock.now - start).")
} catch {
    print("FAILED: \(error)")
    exit(1)
}
