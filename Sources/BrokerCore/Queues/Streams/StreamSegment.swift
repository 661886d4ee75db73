import DataStructures

/// Messages of a stream whose offsets follow each other. The older ones may be runs, which only the store has; the newer ones
/// stand in memory, in blocks of equal length.
final class StreamSegment {
    /// What stands at an offset.
    enum Found {
        /// The message, and those of its block that come after it.
        case entries(ArraySlice<StreamLog.Entry>)
        case stored(Stored, at: Int)
    }

    struct Stored {
        /// The offset of the first message.
        let first: UInt64
        /// None of them came in before. What its record says of a message's time may be earlier, if a clock went back.
        let time: Int64
        let lastTime: Int64
        let run: StoredRun

        var end: UInt64 { first + UInt64(run.count) }
    }

    /// What one takes up in memory beside its messages and runs, about: where segments are small there are as many.
    static let footprint = 600

    /// The offset of the first.
    let start: UInt64
    private let blockCount: Int
    private(set) var count = 0
    /// See ``StreamLog/octets(of:)``.
    private(set) var octets = 0
    /// Octets of the bodies.
    private(set) var bodyOctets = 0
    private(set) var lastTime = Int64.min

    private var runs = Ring<Stored>()
    /// Messages in all runs.
    private var storedCount = 0
    /// Those that are complete. Only the last of a segment that has ended is shorter than the others.
    private var blocks = Ring<[StreamLog.Entry]>()
    private var newest: [StreamLog.Entry] = []

    init(start: UInt64, blockCount: Int) { (self.start, self.blockCount) = (start, blockCount) }

    var end: UInt64 { start + UInt64(count) }
    var residentCount: Int { count - storedCount }

    // MARK: In

    func append(_ entry: StreamLog.Entry, octets: Int) {
        if newest.count == blockCount { close() }
        newest.append(entry)
        lastTime = entry.time
        count += 1
        self.octets += octets
        bodyOctets += entry.message.bodySize
    }

    /// Appends a run that was read back, while no message is in memory.
    func append(_ run: StoredRun, after time: Int64, octets: Int) {
        append(run, at: end, after: time)
        lastTime = max(time, run.lastTime)
        count += run.count
        self.octets += octets
        bodyOctets += run.bodyOctets
    }

    private func append(_ run: StoredRun, at offset: UInt64, after time: Int64) {
        let time = max(time, run.firstTime)
        runs.append(Stored(first: offset, time: time, lastTime: max(time, run.lastTime), run: run))
        storedCount += run.count
    }

    /// Nothing more comes.
    func close() {
        if newest.isEmpty { return }
        blocks.append(newest)
        newest = []
    }

    // MARK: Letting go

    /// Complete blocks that are in memory.
    var closedBlockCount: Int { blocks.count }
    var oldestBlock: (first: UInt64, entries: [StreamLog.Entry])? {
        blocks.first.map { (start + UInt64(storedCount), $0) }
    }

    /// The oldest block is only in the store from now on.
    func replaceOldestBlock(by new: [StoredRun]) {
        _ = blocks.popFirst()
        for run in new { append(run, at: start + UInt64(storedCount), after: run.firstTime) }
    }

    // MARK: Out

    /// What stands at an offset that is here.
    func find(_ offset: UInt64) -> Found {
        Steps.take()
        let place = Int(offset - start)
        if place < storedCount {
            let stored = runs[Self.part(of: runs.count) { runs[$0].end > offset }]
            return .stored(stored, at: Int(offset - stored.first))
        }
        let (block, at) = (place - storedCount).quotientAndRemainder(dividingBy: blockCount)
        return .entries(block < blocks.count ? blocks[block][at...] : newest[at...])
    }

    /// The offset of the first that came in at this time or later, or ``end``; `read` reads a run back.
    func offset(notBefore time: Int64, _ read: (Stored) -> [StreamLog.Entry]) -> UInt64 {
        let run = Self.part(of: runs.count) { runs[$0].lastTime >= time }
        if run < runs.count {
            let stored = runs[run]
            if stored.run.count == 1 || stored.time < time && quirk(.runsHaveOneTime) { return stored.first }
            return stored.first + Self.index(notBefore: time, in: read(stored))
        }
        let block = Self.part(of: blocks.count) { (blocks[$0].last?.time ?? .max) >= time }
        let entries = block < blocks.count ? blocks[block] : newest
        return start + UInt64(storedCount + block * blockCount) + Self.index(notBefore: time, in: entries)
    }

    private static func index(notBefore time: Int64, in entries: [StreamLog.Entry]) -> UInt64 {
        UInt64(part(of: entries.count) { entries[$0].time >= time })
    }

    /// The first of so many of which this is true, as of all behind it; how many there are, if of none.
    private static func part(of count: Int, where isBehind: (Int) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            Steps.take()
            let middle = (low + high) / 2
            if isBehind(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
