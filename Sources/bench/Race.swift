import Platform
import Dispatch
import Synchronization

/// The clock that all measurements go by.
enum Stopwatch {
    /// Seconds from some moment on, never set back.
    static var now: Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }
}

/// The memory of another process.
struct ResidentMemory: Sendable {
    let current: Int
    let peak: Int

    /// Octets in memory, now and at most so far; nil where there is no /proc, or no such process.
    static func of(pid: Int32) -> ResidentMemory? {
        guard let file = fopen("/proc/\(pid)/status", "r") else { return nil }
        defer { fclose(file) }
        var text = [UInt8](repeating: 0, count: 8192)
        let count = fread(&text, 1, text.count, file)
        var found: [String: Int] = [:]
        for line in String(decoding: text[..<count], as: UTF8.self).split(separator: "\n") {
            // VmRSS:     12345 kB
            let words = line.split { $0 == ":" || $0 == "\t" || $0 == " " }
            if words.count == 3, let kibibytes = Int(words[1]) { found[String(words[0])] = kibibytes * 1024 }
        }
        guard let current = found["VmRSS"] else { return nil }
        return ResidentMemory(current: current, peak: found["VmHWM"] ?? current)
    }
}

/// A thread that measures.
enum BenchThread {
    static func start(_ body: @escaping @Sendable () -> Void) throws(BenchError) {
        let code = SystemThread.start(body)
        guard code == 0 else { throw BenchError("cannot start a thread: error \(code)") }
    }
}

/// Threads that get ready, each in its own time, and then start together.
final class Race: Sendable {
    /// Prepares, calls ``start()`` once, works, and returns when it was done, by ``Stopwatch``. Throws ``BenchError``;
    /// untyped, because an array literal of closures with typed errors crashes the compiler (6.3.1).
    typealias Runner = @Sendable (Race) throws -> Double

    private struct State: Sendable {
        var failure: BenchError?
        var ends: [Double] = []
    }

    private let state = Mutex(State())
    private let ready = DispatchSemaphore(value: 0)
    private let go = DispatchSemaphore(value: 0)
    private let finished = DispatchSemaphore(value: 0)

    private init() {}

    /// Called by a runner that is ready: returns when all are. Throws when another one has failed.
    func start() throws(BenchError) {
        ready.signal()
        go.wait()
        if let failure = state.withLock({ $0.failure }) { throw failure }
    }

    /// Runs each of `runners` on a thread of its own.
    /// - Returns: the seconds from the start to the last one's end.
    static func run(_ runners: [Runner]) throws(BenchError) -> Double {
        let race = Race()
        for runner in runners {
            try BenchThread.start {
                do {
                    let end = try runner(race)
                    race.state.withLock { $0.ends.append(end) }
                } catch {
                    let failure = error as? BenchError ?? BenchError("\(error)")
                    race.state.withLock { $0.failure = $0.failure ?? failure }
                    // In case it failed before it was ready; one signal too many does no harm.
                    race.ready.signal()
                }
                race.finished.signal()
            }
        }
        for _ in runners { race.ready.wait() }
        let start = Stopwatch.now
        for _ in runners { race.go.signal() }
        for _ in runners { race.finished.wait() }
        return try race.state.withLock { state throws(BenchError) in
            if let failure = state.failure { throw failure }
            return (state.ends.max() ?? start) - start
        }
    }
}
