import Foundation

/// How long the programs that this one has started, and this one itself, have waited for a processor: on a busy machine,
/// what comes at once takes so much longer. As Linux counts it for each thread (`/proc/PID/task/TID/schedstat`); elsewhere
/// it is zero.
struct Starvation: Sendable {
    /// Nanoseconds since each thread began.
    typealias Waits = [Int32: UInt64]

    private let look: @Sendable () -> Waits
    private var waits: Waits

    init(_ look: @escaping @Sendable () -> Waits = Self.waits) {
        self.look = look
        waits = look()
    }

    /// What the thread that waited longest has waited since the last time.
    mutating func take() -> Duration {
        let now = look()
        let most = now.map { thread, wait in wait - min(wait, waits[thread] ?? 0) }.max() ?? 0
        waits = now
        return .nanoseconds(Int64(clamping: most))
    }

    static func waits() -> Waits {
        let groups = Set(ProcessFamily.known)
        var waits: Waits = [:]
        for process in numbers(in: "/proc") where process == getpid() || group(of: process).map(groups.contains) == true
        {
            for thread in numbers(in: "/proc/\(process)/task") {
                // Three numbers: nanoseconds on a processor, nanoseconds waiting for one, turns.
                let fields = words(of: "/proc/\(process)/task/\(thread)/schedstat")
                if fields.count == 3, let wait = UInt64(fields[1]) { waits[thread] = wait }
            }
        }
        return waits
    }

    private static func numbers(in folder: String) -> [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap { Int32($0) }
    }

    private static func group(of process: Int32) -> Int32? {
        // The name of the program, which may have spaces, is in brackets; state, parent and group follow.
        let fields = words(of: "/proc/\(process)/stat")
        guard let name = fields.lastIndex(where: { $0.hasSuffix(")") }), name + 3 < fields.count else { return nil }
        return Int32(fields[name + 3])
    }

    private static func words(of path: String) -> [Substring] {
        guard let contents = FileManager.default.contents(atPath: path) else { return [] }
        return String(decoding: contents, as: UTF8.self).split { $0 == " " || $0 == "\n" }
    }
}

/// Asks again and again, until it is so or the time is up, in which those who take part were not waiting for a processor.
/// - Parameter limited: what is left of a wait for the whole of what it is a part of.
func eventually(
    _ patience: Duration, _ limited: (Duration) -> Duration, starvation: () -> Starvation,
    _ condition: () async throws -> Bool
) async rethrows -> Bool {
    if try await condition() { return true }
    var (starvation, left) = (starvation(), limited(patience))
    while try await !eventually(left, condition) {
        left = min(left, limited(starvation.take()))
        // Less than this is no sign of a busy machine.
        if left < .milliseconds(10) { return false }
    }
    return true
}
