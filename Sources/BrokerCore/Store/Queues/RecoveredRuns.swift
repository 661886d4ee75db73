import DataStructures

/// A stream's messages as they are read back: where they are, without the messages.
///
/// A stream gives up its oldest messages, so what is gone is all before some position.
struct RecoveredRuns {
    /// Runs by rising position.
    private struct Row {
        var builder: RunBuilder
        /// The position after its last.
        var end: UInt64
    }

    private let queue: UInt64
    /// What was copied to the end of the log comes after younger messages, from rows of its own, by falling end. There are as
    /// many rows as messages of falling positions behind each other: mostly one, rarely more than two, but every round of
    /// copying may add one.
    private var rows: [Row] = []
    private var known = KnownPositions()
    /// What stood before this position is gone.
    private var start: UInt64 = 0

    init(queue: UInt64) { self.queue = queue }

    /// Adds a message. One that is there already was being copied to the end of the log: it stays where it was found first,
    /// because the segment there is needed as long as it is there.
    mutating func add(
        _ position: UInt64, _ record: RecordPlace, contentCount: Int, bodySize: Int, time: Int64
    ) {
        guard position >= start, known.add(position) else { return }
        let row = row(before: position)
        if row == rows.count { rows.append(Row(builder: RunBuilder(queue: queue), end: position)) }
        rows[row].builder.add(position, record, contentCount: contentCount, bodySize: bodySize, time: time)
        rows[row].end = position + 1
    }

    /// The first row that a message with this position can be added to, so that the ends still fall; how many rows there are,
    /// if none.
    private func row(before position: UInt64) -> Int {
        var (low, high) = (0, rows.count)
        while low < high {
            Steps.take()
            let middle = (low + high) / 2
            if rows[middle].end <= position { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// All before this position is gone.
    mutating func settle(before position: UInt64) { start = max(start, position) }

    /// What is there, by rising position, and the position before which the first run is gone. Nothing more is added.
    mutating func take() -> (runs: [StoredRun], start: UInt64) {
        for number in rows.indices { rows[number].builder.close() }
        let runs = rows.flatMap(\.builder.runs).filter { $0.end > start }
        (rows, known) = ([], KnownPositions())
        return (runs.sorted { $0.first < $1.first }, start)
    }
}

/// Which positions were met, as ranges: mostly there is one, and it grows.
private struct KnownPositions {
    /// Rising, and with gaps between them.
    private var ranges: [Range<UInt64>] = []

    /// False: it was met before.
    mutating func add(_ position: UInt64) -> Bool {
        let next = next(behind: position)
        if next > 0, ranges[next - 1].upperBound > position { return false }
        let endsBefore = next > 0 && ranges[next - 1].upperBound == position
        let beginsBehind = next < ranges.count && ranges[next].lowerBound == position + 1
        switch (endsBefore, beginsBehind) {
        case (true, true):
            ranges[next - 1] = ranges[next - 1].lowerBound..<ranges[next].upperBound
            ranges.remove(at: next)
        case (true, false): ranges[next - 1] = ranges[next - 1].lowerBound..<(position + 1)
        case (false, true): ranges[next] = position..<ranges[next].upperBound
        case (false, false): ranges.insert(position..<(position + 1), at: next)
        }
        return true
    }

    /// The first range that begins behind a position.
    private func next(behind position: UInt64) -> Int {
        if let last = ranges.last, last.lowerBound <= position { return ranges.count }
        var (low, high) = (0, ranges.count)
        while low < high {
            Steps.take()
            let middle = (low + high) / 2
            if ranges[middle].lowerBound > position { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
