import Platform

// The two small files beside the segments, and what is kept of a segment that is cut off.

extension DiskFiles {
    private var markPath: String { directory + "/synced" }

    func manifest() throws(StoreError) -> [UInt8]? { try contents(ofFile: path(of: 0)) }
    func mark() throws(StoreError) -> [UInt8]? { try contents(ofFile: markPath) }

    func replaceManifest(_ octets: [UInt8]) throws(StoreError) {
        let (old, new) = (path(of: 0), path(of: 0) + ".new")
        try makeFile(new, octets)
        guard rename(new, old) == 0 else { throw Self.failure("replace", old) }
        try syncDirectory()
    }

    func writeMark(_ octets: [UInt8], isForced: Bool) throws(StoreError) {
        let file = try openMark()
        guard Descriptors.write(octets, at: 0, to: file) else { throw Self.failure("write", markPath) }
        if isForced, fsync(file) != 0 { throw .failed(Self.failure("sync", markPath).description) }
    }

    /// The mark is written for each confirm, so its file stays open.
    private func openMark() throws(StoreError) -> Int32 {
        let known = state.withLock { $0.mark }
        if known >= 0 { return known }
        let file = descriptors.open(markPath, O_WRONLY | O_CREAT)
        guard file >= 0 else { throw Self.failure("make", markPath) }
        state.withLock { $0.mark = file }
        try syncDirectory()
        return file
    }

    func truncate(_ segment: UInt32, to count: Int, keepingRest: Bool) throws(StoreError) -> String? {
        let path = path(of: segment)
        var kept: String?
        if keepingRest {
            let name = "\(path).cut-at-\(count)"
            try makeFile(name, Array(try contents(of: segment).dropFirst(count)))
            try syncDirectory()
            kept = name
        }
        if count == 0 {
            try remove(segment)
            return kept
        }
        let file = descriptors.open(path, O_WRONLY)
        guard file >= 0 else { throw Self.failure("open", path) }
        defer { Descriptors.close(file) }
        guard ftruncate(file, off_t(count)) == 0, fsync(file) == 0 else { throw Self.failure("truncate", path) }
        return kept
    }

    /// A file with these octets, forced to disk; its name has yet to be.
    private func makeFile(_ path: String, _ octets: [UInt8]) throws(StoreError) {
        let file = descriptors.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        guard file >= 0 else { throw Self.failure("make", path) }
        defer { Descriptors.close(file) }
        guard Descriptors.write(octets, at: 0, to: file) else { throw Self.failure("write", path) }
        guard fsync(file) == 0 else { throw .failed(Self.failure("sync", path).description) }
    }

    /// nil: there is no such file.
    private func contents(ofFile path: String) throws(StoreError) -> [UInt8]? {
        let file = descriptors.open(path, O_RDONLY)
        if file < 0, errno == ENOENT { return nil }
        guard file >= 0 else { throw Self.failure("read", path) }
        defer { Descriptors.close(file) }
        var status = stat()
        guard fstat(file, &status) == 0,
            let octets = Descriptors.read(Int(status.st_size), at: 0, from: file)
        else { throw Self.failure("read", path) }
        return octets
    }

    /// Linux makes one up each time it starts; elsewhere nobody knows.
    static func readBootID() -> UInt64 {
        let file = Descriptors.open("/proc/sys/kernel/random/boot_id", O_RDONLY)
        guard file >= 0 else { return 0 }
        defer { Descriptors.close(file) }
        let digits = (Descriptors.read(36, at: 0, from: file) ?? []).filter { $0 != UInt8(ascii: "-") }
        return UInt64(String(decoding: digits.prefix(16), as: UTF8.self), radix: 16) ?? 0
    }
}
