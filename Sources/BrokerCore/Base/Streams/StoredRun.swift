/// Messages of a stream that only the store has. Their positions follow each other, and so do their records in one segment
/// of the log, with others between them.
final class StoredRun {
    /// The queue's number in the log.
    let queue: UInt64
    /// The position of the first message.
    let first: UInt64
    let count: Int
    /// Octets of properties and bodies, and of bodies alone.
    let contentOctets: Int
    let bodyOctets: Int
    /// When the first and the last came in, in milliseconds since the Unix epoch.
    let firstTime: Int64
    let lastTime: Int64
    /// From the first record to the end of the last; segment 0: it is gone.
    private(set) var place: RecordPlace
    /// Octets of its own records there.
    private(set) var recordOctets: Int

    /// What one takes up in memory, about, with all that refers to it.
    static let footprint = 160

    init(
        queue: UInt64, first: UInt64, count: Int, contentOctets: Int, bodyOctets: Int, times: ClosedRange<Int64>,
        at place: RecordPlace, recordOctets: Int
    ) {
        (self.queue, self.first, self.count) = (queue, first, count)
        (self.contentOctets, self.bodyOctets) = (contentOctets, bodyOctets)
        (firstTime, lastTime) = (times.lowerBound, times.upperBound)
        (self.place, self.recordOctets) = (place, recordOctets)
    }

    /// The position after the last.
    var end: UInt64 { first + UInt64(count) }

    /// Its records stand there from now on. Only the store moves it.
    func move(to place: RecordPlace, recordOctets: Int) { (self.place, self.recordOctets) = (place, recordOctets) }
}
