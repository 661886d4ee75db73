import AMQPWire

/// What is to be written next: the core decides it, and whoever keeps the core running carries it out.
///
/// Batches are carried out one after the other and completely, in this order. When ``beginsSegment``, all that was
/// written to the segment before is forced to disk, a new file is made, its header (the first ``headerCount`` of
/// ``octets``) is forced to disk, and ``manifest`` takes the place of the directory's. ``octets`` are appended. When
/// ``needsSync``, they are forced to disk, and then ``mark`` is written over the directory's. ``BrokerInput/stored(batch:)``
/// is told in any case. ``removals`` are removed.
public struct StoreBatch: Sendable {
    /// Counts from 1.
    public var number: UInt64
    public var segment: UInt32
    public var beginsSegment: Bool
    /// Empty unless a segment begins.
    public var manifest: [UInt8]
    /// Tells this segment from any other that ever had its number.
    public var salt: UInt64
    /// Where in the segment the octets go.
    public var offset: Int
    public var octets: [UInt8]
    /// False: nobody waits for this, the operating system may write it when it likes.
    public var needsSync: Bool
    /// Segments that nothing needs any more. They are removed in this order, each for good (a synced directory) before
    /// the next, so that a crash leaves no gap.
    public var removals: [UInt32]

    /// Octets of a segment's header.
    public static let headerCount = SegmentFormat.headerCount

    /// What is known once all of this is on disk. `bootID` differs from one start of the machine to the next.
    public func mark(bootID: UInt64) -> SyncedMark {
        var mark = SyncedMark(bootID: bootID)
        (mark.segment, mark.salt, mark.offset) = (segment, salt, offset + octets.count)
        return mark
    }
}

/// How the core reads what was written before.
public protocol StoreReader: AnyObject {
    /// Octets of a segment, all of them; nil when they can't be read.
    func read(_ count: Int, at offset: Int, of segment: UInt32) -> [UInt8]?

    /// A record that was written can't be read back. There is no way on that loses nothing, so this does not return:
    /// the broker stops and says why, and whoever runs it can save what there is.
    func lost(_ damage: StoreDamage) -> Never
}

extension StoreReader {
    /// The message whose record this is.
    func message(at place: RecordPlace, salt: UInt64) -> StoredContent {
        func lost(_ reason: String) -> Never {
            self.lost(StoreDamage(segment: place.segment, offset: Int(place.offset), reason: reason))
        }
        guard let octets = read(Int(place.count), at: Int(place.offset), of: place.segment) else {
            lost("the record of a message can't be read")
        }
        guard let payload = SegmentFormat.payload(of: octets[...], place: Int(place.offset), salt: salt) else {
            lost("the record of a message is damaged")
        }
        do throws(WireError) {
            if case .message(let content) = try JournalRecord(payload) { return content }
        } catch { lost("the record of a message makes no sense: \(error.reason)") }
        lost("another record is in the place of a message's")
    }
}

/// Why a store can't be used.
public struct StoreDamage: Error, Equatable {
    /// 0: it is the manifest.
    public var segment: UInt32
    /// Where in the file.
    public var offset: Int
    public var reason: String
    /// Nothing is damaged: a newer broker wrote it.
    public var isNewerFormat = false

    public init(segment: UInt32, offset: Int, reason: String) {
        self.segment = segment
        self.offset = offset
        self.reason = reason
    }
}
