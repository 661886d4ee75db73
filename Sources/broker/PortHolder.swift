import Platform

/// Who listens on a port of this machine. Linux tells in /proc; elsewhere, and of other users' processes, nobody knows.
enum PortHolder {
    /// `beam.smp (process 1234)`, or nil.
    static func find(port: Int) -> String? {
        #if os(Linux)
            let inodes = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { path in
                sockets(listeningOn: port, in: String(decoding: Console.readFile(path) ?? [], as: UTF8.self))
            }
            guard !inodes.isEmpty else { return nil }
            let wanted = Set(inodes.map { "socket:[\($0)]" })
            for process in entries(of: "/proc") where process.allSatisfy(\.isNumber) {
                let descriptors = "/proc/\(process)/fd"
                guard entries(of: descriptors).contains(where: { wanted.contains(target(of: "\(descriptors)/\($0)")) })
                else { continue }
                let name = String(decoding: Console.readFile("/proc/\(process)/comm") ?? [], as: UTF8.self)
                return "\(name.split(whereSeparator: \.isNewline).first ?? "a program") (process \(process))"
            }
        #endif
        return nil
    }

    /// The inodes of the sockets that a table like /proc/net/tcp shows as listening on a port. Its columns: number,
    /// local address and port in hexadecimal, the peer's, state (0A is listening), queues, timers, retransmits, user,
    /// time-out, inode.
    static func sockets(listeningOn port: Int, in table: String) -> [String] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let columns = line.split(separator: " ")
            guard columns.count > 9, columns[3] == "0A", let hexadecimal = columns[1].split(separator: ":").last,
                Int(hexadecimal, radix: 16) == port
            else { return nil }
            return String(columns[9])
        }
    }

    #if os(Linux)
        private static func entries(of directory: String) -> [String] {
            guard let handle = opendir(directory) else { return [] }
            defer { closedir(handle) }
            var names: [String] = []
            while let entry = readdir(handle) {
                // The name is an array in C, a tuple in Swift, and ends with a zero within it.
                let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
                        String(cString: $0)
                    }
                }
                if !name.hasPrefix(".") { names.append(name) }
            }
            return names
        }

        private static func target(of link: String) -> String {
            var buffer = [CChar](repeating: 0, count: 256)
            let count = readlink(link, &buffer, buffer.count)
            return String(decoding: buffer.prefix(max(0, count)).map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
    #endif
}
