import Foundation
import Platform
import Synchronization

/// A program, and the processes that it has started.
enum ProcessFamily {
    /// The environment variable with a program's mark. Children inherit it, also those that leave its process group.
    static let variable = "WORKBOOK_RUN"

    /// Each program leads a process group: `Process` makes one. It may outlive its leader.
    static func send(_ number: Int32, to group: Int32, isLeaderThere: Bool) {
        if kill(-group, number) != 0, isLeaderThere { kill(group, number) }
    }

    /// Kills what carries the mark, as far as the system tells who does.
    static func endAll(marked mark: String) {
        let wanted = Data("\(variable)=\(mark)".utf8)
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        for pid in entries.compactMap({ Int32($0) }) {
            guard let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ"),
                environment.range(of: wanted) != nil
            else { continue }
            kill(pid, SIGKILL)
        }
    }

    // MARK: Ctrl-C

    /// The groups that end with this process. Read where only little may be done, so it is plain memory that never moves.
    nonisolated(unsafe) private static let groups = UnsafeMutableBufferPointer<Int32>.allocate(capacity: 256)
    private static let count = Mutex(0)

    static func add(_ group: Int32) {
        count.withLock { count in
            if count == 0 { groups.initialize(repeating: 0) }
            groups[count % groups.count] = group
            count += 1
        }
    }

    /// All in it has been ended. Its number may soon be that of somebody else's group.
    static func remove(_ group: Int32) {
        count.withLock { if $0 > 0 { for index in groups.indices where groups[index] == group { groups[index] = 0 } } }
    }

    /// Those that would end with this process now.
    static var known: [Int32] { count.withLock { $0 > 0 ? groups.filter { $0 > 0 } : [] } }

    /// From now on Ctrl-C ends what was started, too: each program has a process group of its own, which a terminal does not
    /// know of.
    static func endsWithInterrupt() {
        count.withLock { if $0 == 0 { groups.initialize(repeating: 0) } }
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { ProcessFamily.interrupted($0) }
        }
    }

    private static func interrupted(_ number: Int32) {
        for group in groups where group > 0 { kill(-group, SIGKILL) }
        _exit(128 + number)
    }
}
