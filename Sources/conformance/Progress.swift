import ConformanceReport
import Foundation
import Synchronization

/// A line on standard error that grows with the run, for somebody who waits in front of a terminal.
final class Progress: Sendable {
    private let counts = Mutex((ended: 0, new: 0))
    private let isShown = isatty(STDERR_FILENO) == 1

    func ended(_ result: CaseResult) {
        let (ended, new) = counts.withLock { counts in
            counts.ended += 1
            if !result.isAsRecorded { counts.new += 1 }
            return counts
        }
        say("\r\(ended) cases, \(new) not as recorded")
    }

    /// The line makes room for the report.
    func finish() { say("\r" + String(repeating: " ", count: 60) + "\r") }

    private func say(_ text: String) {
        if isShown { FileHandle.standardError.write(Data(text.utf8)) }
    }
}
