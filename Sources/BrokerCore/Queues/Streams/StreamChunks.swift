import DataStructures

/// What was read back last of a stream's runs, a few of them: consumers read on where they are.
final class StreamChunks {
    private struct Chunk {
        let run: StoredRun
        /// The offset of the first.
        let first: UInt64
        let entries: [StreamLog.Entry]
        /// What it takes up in memory, about.
        var octets: Int { run.contentOctets + run.count * Load.ofMessage }
    }

    private let log: any QueueLog
    private let load: Load
    /// The latest at the end.
    private var recent: [Chunk] = []
    /// How many are kept.
    private var most = 1
    /// How many messages' time was spent on reading.
    private var unitsSpent = 0
    private(set) var readCount = 0

    static let mostOfAll = 8
    /// A message that is alone in its run is read for a look if it has no more octets.
    static let mostForALook = 65_536

    init(_ log: any QueueLog, _ load: Load) { (self.log, self.load) = (log, load) }

    /// The messages of a run that was read back, from this offset on; nil: none of those has it. A reader that makes room for one
    /// message at a time asks for each.
    func known(from offset: UInt64) -> ArraySlice<StreamLog.Entry>? {
        let known = recent.lastIndex { $0.first <= offset && offset - $0.first < UInt64($0.entries.count) }
        guard let known else { return nil }
        let chunk = use(known)
        return chunk.entries[Int(offset - chunk.first)...]
    }

    private func use(_ known: Int) -> Chunk {
        if known < recent.count - 1 { recent.append(recent.remove(at: known)) }
        return recent[recent.count - 1]
    }

    /// The messages of a run.
    func entries(of stored: StreamSegment.Stored) -> [StreamLog.Entry] {
        let run = stored.run
        if let known = recent.lastIndex(where: { $0.run === run }) { return use(known).entries }
        // To verify and parse a record takes a fraction of what it takes to hand the message out.
        unitsSpent += 1 + run.count / 8 + Int(run.place.count) / 8192
        readCount += 1
        Steps.take(run.count)
        var time = stored.time
        let chunk = Chunk(
            run: run, first: stored.first,
            entries: log.read(run).map { found in
                time = max(time, found.time)
                return StreamLog.Entry(message: found.message, time: time)
            })
        // One that is alone in its run may be large, and who has it needs it no more.
        if run.count == 1 { return chunk.entries }
        load.hold(chunk.octets)
        recent.append(chunk)
        keep(most)
        return chunk.entries
    }

    /// So many consumers may each be at a place of its own.
    func serve(_ consumers: Int) {
        most = max(1, min(consumers, Self.mostOfAll))
        keep(consumers == 0 ? 0 : most)
    }

    /// Nobody is reading what is not in memory.
    func clear() { keep(0) }

    /// How many messages' time was spent since the last call.
    func takeUnits() -> Int {
        defer { unitsSpent = 0 }
        return unitsSpent
    }

    private func keep(_ most: Int) {
        while recent.count > most { load.hold(-recent.removeFirst().octets) }
    }
}
