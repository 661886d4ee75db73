import BrokerCore

/// Reads what can be read of a damaged data directory, which it does not change.
public enum Salvage {
    /// Says what can be read of a directory and what was lost, a line each, and writes what can be read to a new
    /// directory if there is to be one. Throws when either directory can't be had.
    public static func run(_ directory: String, to target: String?, say: (String) -> Void) throws(StoreError) {
        let files = try DiskFiles(reading: directory)
        let stop: @Sendable (StoreError) -> Never = { preconditionFailure("\($0)") }
        let reader = SegmentWindows(files, stop: stop)
        var salvage = StoreSalvage(
            reader: reader,
            beside: StoreBeside(manifest: try files.manifest(), mark: try? files.mark(), bootID: files.bootID))
        let found = try segments(of: files, say)
        for (index, segment) in found.enumerated() {
            let octets = contents(of: segment.file, files)
            let next = index + 1 < found.count ? contents(of: found[index + 1].file, files, limit: 64) : nil
            salvage.read(octets, number: segment.number, next: next)
        }
        salvage.finish(found: found.map(\.number))
        for loss in salvage.losses { say("lost: \(loss)") }
        say(
            "\(directory): \(LogEvent.counted(salvage.queueCount, "durable queue")) with "
                + "\(LogEvent.counted(salvage.messageCount, "message")) can be read; "
                + (salvage.losses.isEmpty
                    ? "nothing is missing"
                    : "messages that were acknowledged may be among them where a loss is named"))
        guard let target else { return }
        try write(salvage, to: target)
        say("written to \(target): start the broker with --data \(target)")
    }

    /// The files, by the number that their headers say, which is another than the name's where two were exchanged.
    private static func segments(
        of files: DiskFiles, _ say: (String) -> Void
    ) throws(StoreError) -> [(number: UInt32, file: UInt32)] {
        var found: [UInt32: UInt32] = [:]
        for file in try files.segments() {
            let number = StoreSalvage.number(of: contents(of: file, files, limit: 64)) ?? file
            if number != file { say("\(files.path(of: file)) holds segment \(number)") }
            if found[number] != number { found[number] = file }
        }
        return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// A file's octets, with zeros where they can't be read.
    private static func contents(of segment: UInt32, _ files: DiskFiles, limit: Int = .max) -> [UInt8] {
        let block = 4096
        var octets: [UInt8] = []
        if limit == .max, let all = try? files.contents(of: segment) { return all }
        let count = min(limit, files.count(of: segment))
        while octets.count < count {
            let size = min(block, count - octets.count)
            let read = (try? files.read(size, at: octets.count, of: segment)) ?? []
            octets += read + Array(repeating: 0, count: size - read.count)
        }
        return octets
    }

    private static func write(_ salvage: StoreSalvage, to target: String) throws(StoreError) {
        let files = try DiskFiles(directory: target)
        guard try files.segments().isEmpty, try files.manifest() == nil else {
            throw .failed("\(target) holds a store already: name a directory that does not exist or is empty")
        }
        let stop: @Sendable (StoreError) -> Never = { preconditionFailure("\($0)") }
        _ = try StoreOpening(files, limits: StoreLimits(), stop: stop)
        let store = Store(files, diskFreeLimit: 0, stop: stop)
        var random = SystemRandomNumberGenerator()
        try salvage.write(
            limits: StoreLimits(), salt: { random.next() }, reader: SegmentWindows(files, stop: stop)
        ) { (batch: StoreBatch) throws(StoreError) in
            if case .full(let error) = store.write(batch) { throw error }
            store.remove(batch.removals)
        }
        store.close()
    }
}
