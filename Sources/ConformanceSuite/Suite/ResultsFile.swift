import ConformanceReport
import Foundation
import Synchronization

/// The file that CONFORMANCE_RESULTS names: a JSON line for each case, appended as it ends.
enum ResultsFile {
    private static let lock = Mutex(())

    static func append(_ result: CaseResult) {
        guard let path = Environment.current.results else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let line = try? encoder.encode(result) else { return }
        lock.withLock { _ in
            if !FileManager.default.fileExists(atPath: path) {
                _ = FileManager.default.createFile(atPath: path, contents: nil)
            }
            guard let file = FileHandle(forWritingAtPath: path) else { return }
            _ = try? file.seekToEnd()
            try? file.write(contentsOf: line + [UInt8(ascii: "\n")])
            try? file.close()
        }
    }
}
