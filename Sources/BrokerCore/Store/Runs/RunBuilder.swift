/// Makes runs of records, each of a message of one stream, in the order of the positions.
struct RunBuilder {
    let queue: UInt64
    private(set) var runs: [StoredRun] = []
    private var current: Current?

    private struct Current {
        let first: UInt64
        var count = 0
        var contentOctets = 0
        var bodyOctets = 0
        let firstTime: Int64
        var lastTime: Int64
        let segment: UInt32
        let start: Int
        var end: Int
        var recordOctets = 0
    }

    /// A run is read back in one go, so it ends with the record that would take it over so many octets; one with few
    /// messages, between which much else was written, may have more.
    private static let octets = 64 << 10
    private static let octetsOfFew = 256 << 10
    private static let few = 16

    init(queue: UInt64) { self.queue = queue }

    /// Adds a message. Another run begins where the position, the place or the time does not follow.
    mutating func add(_ position: UInt64, _ record: RecordPlace, contentCount: Int, bodySize: Int, time: Int64) {
        let (start, end) = (Int(record.offset), Int(record.offset) + Int(record.count))
        if let current {
            let most = current.count < Self.few ? Self.octetsOfFew : Self.octets
            if current.segment != record.segment || start < current.end || end - current.start > most
                || position != current.first + UInt64(current.count)
            {
                close()
            }
        }
        var current =
            self.current
            ?? Current(
                first: position, firstTime: time, lastTime: time, segment: record.segment, start: start, end: end)
        current.count += 1
        current.contentOctets += contentCount
        current.bodyOctets += bodySize
        current.lastTime = max(current.lastTime, time)
        current.end = end
        current.recordOctets += Int(record.count)
        self.current = current
    }

    /// What comes next belongs to another run.
    mutating func close() {
        guard let current else { return }
        runs.append(
            StoredRun(
                queue: queue, first: current.first, count: current.count, contentOctets: current.contentOctets,
                bodyOctets: current.bodyOctets, times: current.firstTime...current.lastTime,
                at: RecordPlace(
                    segment: current.segment, offset: UInt32(truncatingIfNeeded: current.start),
                    count: UInt32(truncatingIfNeeded: current.end - current.start)),
                recordOctets: current.recordOctets))
        self.current = nil
    }
}
