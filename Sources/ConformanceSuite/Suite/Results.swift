import ConformanceReport
import Foundation
import Synchronization

/// What the cases came to. With CONFORMANCE_RESULTS they also go to the file of that name, a JSON line for each case as it
/// ends.
enum Results {
    private struct State: Sendable {
        /// Kept only for whoever watches: a test run has its file.
        var all: [CaseResult] = []
        var watcher: (@Sendable (CaseResult) -> Void)?
        var listed: [ListedCase] = []
    }

    private static let state = Mutex(State())

    /// Everything since ``watch(_:)``.
    static var all: [CaseResult] { state.withLock { $0.all } }

    /// From now on the results are kept, and `ended` is told of each.
    static func watch(_ ended: @escaping @Sendable (CaseResult) -> Void) { state.withLock { $0.watcher = ended } }

    static var listed: [ListedCase] { state.withLock { $0.listed } }

    static func list(_ one: ListedCase) { state.withLock { $0.listed.append(one) } }

    /// Somebody watches, or there is a file.
    static var areRead: Bool { state.withLock { $0.watcher != nil } || Environment.current.results != nil }

    static func append(_ result: CaseResult) {
        state.withLock { state in
            if let watcher = state.watcher {
                state.all.append(result)
                watcher(result)
            }
            if Environment.current.results != nil, let line = line(of: result) { appendToFile(line) }
        }
    }

    private static func line(of result: CaseResult) -> Data? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return try? encoder.encode(result)
    }

    /// Adds a line to the file that CONFORMANCE_RESULTS names, if it names one. To be called with a lock held: lines must not
    /// mix.
    static func appendToFile(_ line: some Sequence<UInt8>) {
        guard let path = Environment.current.results else { return }
        if !FileManager.default.fileExists(atPath: path) {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
        }
        guard let file = FileHandle(forWritingAtPath: path) else { return }
        _ = try? file.seekToEnd()
        try? file.write(contentsOf: Array(line) + [UInt8(ascii: "\n")])
        try? file.close()
    }
}
