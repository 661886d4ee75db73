import AMQPTransport
import Platform
import Synchronization

/// The segments of a store as files in a directory, which it locks.
final class DiskFiles: StoreFiles {
    let directory: String
    let bootID = DiskFiles.readBootID()
    let descriptors = Descriptors()
    let state: Mutex<State>

    struct State {
        /// Holds the lock on the directory.
        var lock: Int32
        /// The file that is being written.
        var segment: UInt32 = 0
        var file: Int32 = -1
        /// The file of the mark.
        var mark: Int32 = -1
    }

    /// Makes the directory if there is none, and locks it.
    init(directory: String) throws(StoreError) {
        self.directory = directory
        try Self.makeDirectory(directory)
        let path = directory + "/lock"
        let lock = descriptors.open(path, O_RDWR | O_CREAT)
        guard lock >= 0 else { throw Self.failure("open", path) }
        // Of the whole open file, not of the process: two brokers in one process exclude each other too.
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let owner = Self.text(of: lock)
            Descriptors.close(lock)
            throw .inUse(directory: directory, by: owner.isEmpty ? "" : " (process \(owner))")
        }
        let owner = Array("\(getpid())".utf8)
        _ = ftruncate(lock, 0)
        _ = owner.withUnsafeBytes { pwrite(lock, $0.baseAddress, $0.count, 0) }
        state = Mutex(State(lock: lock))
    }

    /// A directory that is only read: nothing is made in it, and it is locked as far as that can be.
    init(reading directory: String) throws(StoreError) {
        self.directory = directory
        let lock = descriptors.open(directory + "/lock", O_RDONLY)
        if lock >= 0, flock(lock, LOCK_SH | LOCK_NB) != 0 {
            let owner = Self.text(of: lock)
            Descriptors.close(lock)
            throw .inUse(directory: directory, by: owner.isEmpty ? "" : " (process \(owner))")
        }
        state = Mutex(State(lock: lock))
    }

    deinit { close() }

    func close() {
        state.withLock { state in
            Descriptors.close(state.file)
            Descriptors.close(state.mark)
            // By name: a process that is just being started elsewhere in this one may hold the descriptor a moment
            // longer, and closing ours would leave the lock to it.
            if state.lock >= 0 { flock(state.lock, LOCK_UN) }
            Descriptors.close(state.lock)
            (state.file, state.mark, state.lock) = (-1, -1, -1)
        }
    }

    // MARK: Reading

    func path(of segment: UInt32) -> String {
        if segment == 0 { return directory + "/manifest" }
        let digits = String(segment)
        return "\(directory)/segment-\(String(repeating: "0", count: max(0, 10 - digits.count)))\(digits).log"
    }

    func segments() throws(StoreError) -> [UInt32] {
        let file = descriptors.open(directory, O_RDONLY | O_DIRECTORY)
        guard file >= 0, let entries = fdopendir(file) else {
            let error = Self.failure("read", directory)
            Descriptors.close(file)
            throw error
        }
        defer { closedir(entries) }
        var found: [UInt32] = []
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasPrefix("segment-"), name.hasSuffix(".log") else { continue }
            if let number = UInt32(name.dropFirst(8).dropLast(4)) { found.append(number) }
        }
        return found.sorted()
    }

    /// Octets of a segment; 0 when that is not known.
    func count(of segment: UInt32) -> Int {
        var status = stat()
        return stat(path(of: segment), &status) == 0 ? Int(status.st_size) : 0
    }

    func contents(of segment: UInt32) throws(StoreError) -> [UInt8] {
        let path = path(of: segment)
        var status = stat()
        guard stat(path, &status) == 0 else { throw Self.failure("read", path) }
        let octets = try read(Int(status.st_size), at: 0, of: segment)
        guard octets.count == Int(status.st_size) else { throw .failed("\(path) became shorter while it was read") }
        return octets
    }

    func read(_ count: Int, at offset: Int, of segment: UInt32) throws(StoreError) -> [UInt8] {
        // Opened for each read, of which there is one for hundreds of messages: a large store has more segments than a
        // process may have files.
        let file = descriptors.open(path(of: segment), O_RDONLY)
        guard file >= 0 else { throw Self.failure("read", path(of: segment)) }
        defer { Descriptors.close(file) }
        guard let octets = Descriptors.read(count, at: offset, from: file) else {
            throw Self.failure("read", path(of: segment))
        }
        return octets
    }

    // MARK: Writing

    func create(_ segment: UInt32) throws(StoreError) {
        let path = path(of: segment)
        let file = descriptors.open(path, O_WRONLY | O_CREAT | O_EXCL)
        guard file >= 0 else { throw Self.failure("make", path) }
        state.withLock { state in
            Descriptors.close(state.file)
            (state.segment, state.file) = (segment, file)
        }
        try syncDirectory()
    }

    func write(_ octets: ArraySlice<UInt8>, at offset: Int, of segment: UInt32) throws(StoreError) -> Int {
        let file = try file(of: segment)
        while true {
            let count = octets.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, off_t(offset)) }
            if count > 0 { return count }
            if count == 0 || errno != EINTR { throw Self.failure("write", path(of: segment)) }
        }
    }

    func sync(_ segment: UInt32) throws(StoreError) {
        let file = try file(of: segment)
        #if canImport(Darwin)
            // fsync() stops at the drive's cache there.
            let result = fcntl(file, F_FULLFSYNC)
        #else
            let result = fdatasync(file)
        #endif
        // Not ``StoreError/full(_:)``, whatever the reason: after a failed sync the system may have dropped what was to
        // be written, and a second one that succeeds means nothing.
        if result != 0 { throw .failed(Self.failure("sync", path(of: segment)).description) }
    }

    func remove(_ segment: UInt32) throws(StoreError) {
        let path = path(of: segment)
        guard unlink(path) == 0 else { throw Self.failure("remove", path) }
        try syncDirectory()
    }

    var freeOctets: Int {
        var status = statvfs()
        guard statvfs(directory, &status) == 0 else { return .max }
        let (octets, overflow) = Int(clamping: status.f_bavail).multipliedReportingOverflow(
            by: Int(clamping: status.f_frsize))
        return overflow ? .max : octets
    }

    private func file(of segment: UInt32) throws(StoreError) -> Int32 {
        let (known, file) = state.withLock { ($0.segment, $0.file) }
        guard known == segment, file >= 0 else { throw .failed("\(path(of: segment)) is not open for writing") }
        return file
    }

    // MARK: The directory

    private static func makeDirectory(_ path: String) throws(StoreError) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else { throw .failed("\(path) is not a directory") }
            return
        }
        let parent = path.split(separator: "/", omittingEmptySubsequences: true).dropLast().joined(separator: "/")
        if !parent.isEmpty { try makeDirectory(path.hasPrefix("/") ? "/" + parent : parent) }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("make", path) }
    }

    func syncDirectory() throws(StoreError) {
        let file = descriptors.open(directory, O_RDONLY)
        guard file >= 0 else { throw Self.failure("open", directory) }
        defer { Descriptors.close(file) }
        guard fsync(file) == 0 else { throw .failed(Self.failure("sync", directory).description) }
    }

    /// What `errno` says went wrong.
    static func failure(_ action: String, _ path: String) -> StoreError {
        let code = errno
        let text = "cannot \(action) \(path): \(String(cString: strerror(code)))"
        return code == ENOSPC || code == EDQUOT ? .full(text) : .failed(text)
    }

    private static func text(of file: Int32) -> String {
        var octets = [UInt8](repeating: 0, count: 20)
        let count = octets.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
        let digits = octets.prefix(max(0, count))
        return digits.allSatisfy { (48...57).contains($0) } ? String(decoding: digits, as: UTF8.self) : ""
    }
}
