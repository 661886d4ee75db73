import Foundation
import Synchronization

/// What a program has written down, and what is still there when it is started again.
final class Notes: Sendable {
    private let lines: Mutex<[String]>
    /// nil: in memory, for programs in one process.
    private let file: URL?

    init(_ file: URL? = nil) {
        self.file = file
        let text = file.flatMap { try? String(contentsOf: $0, encoding: .utf8) } ?? ""
        lines = Mutex(text.split(separator: "\n").map(String.init))
    }

    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { change { $0.append(line) } }
    func remove(_ line: String) { change { lines in lines.removeAll { $0 == line } } }

    private func change(_ body: (inout [String]) -> Void) {
        lines.withLock { lines in
            body(&lines)
            if let file { try? Data(lines.map { $0 + "\n" }.joined().utf8).write(to: file, options: .atomic) }
        }
    }
}
