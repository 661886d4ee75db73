import Foundation

/// How long threads have been ready to run and waited for a processor, as Linux counts it; elsewhere nobody has waited.
enum SchedulerWaits {
    /// Nanoseconds since each thread began.
    typealias ByThread = [Int32: UInt64]

    /// Of all threads of some processes.
    static func threads(of processes: [Int32]) -> ByThread {
        var waits: ByThread = [:]
        for process in processes {
            for thread in numbers(in: "/proc/\(process)/task") {
                // Nanoseconds on a processor, nanoseconds waiting for one, turns.
                let fields = words(of: "/proc/\(process)/task/\(thread)/schedstat")
                if fields.count == 3, let wait = UInt64(fields[1]) { waits[thread] = wait }
            }
        }
        return waits
    }

    /// The processes of some groups. Asked of the system for each: to read what /proc says of every process of a machine
    /// took longer than all else that a check does.
    static func members(of groups: Set<Int32>) -> [Int32] {
        numbers(in: "/proc").filter { groups.contains(getpgid($0)) }
    }

    private static func numbers(in folder: String) -> [Int32] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap { Int32($0) }
    }

    private static func words(of path: String) -> [Substring] {
        // There may be hundreds, and a buffer of this size holds any of them.
        let file = open(path, O_RDONLY)
        guard file >= 0 else { return [] }
        defer { close(file) }
        var octets = [UInt8](repeating: 0, count: 1024)
        let count = read(file, &octets, octets.count)
        return String(decoding: octets.prefix(max(0, count)), as: UTF8.self).split { $0 == " " || $0 == "\n" }
    }
}
