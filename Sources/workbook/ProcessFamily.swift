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

    /// The words of the `rm` that removes the folders that go with this process: three of its own, the folders, and a nil
    /// behind the last, in memory that never moves.
    nonisolated(unsafe) private static let remover = {
        let words = UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: 68)
        words.initialize(repeating: nil)
        for (at, word) in ["/bin/rm", "-rf", "--"].enumerated() { words[at] = strdup(word) }
        return words
    }()
    private static let folders = Mutex(0)

    /// Goes when Ctrl-C ends this process. More than sixty are not there at a time, and what has gone already does no harm.
    static func add(folder: String) {
        folders.withLock { count in
            remover[3 + count % (remover.count - 4)] = strdup(folder)
            count += 1
        }
    }

    /// From now on Ctrl-C ends what was started, too: each program has a process group of its own, which a terminal does not
    /// know of.
    static func endWithInterrupt() {
        count.withLock { if $0 == 0 { groups.initialize(repeating: 0) } }
        // Made now, not where only little may be done.
        folders.withLock { _ in _ = remover }
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { ProcessFamily.interrupted($0) }
        }
    }

    private static func interrupted(_ number: Int32) {
        for group in groups where group > 0 { kill(-group, SIGKILL) }
        if let words = remover.baseAddress, words[3] != nil {
            var pid: pid_t = 0
            if posix_spawn(&pid, "/bin/rm", nil, nil, words, environ) == 0 { waitpid(pid, nil, 0) }
        }
        _exit(128 + number)
    }
}
