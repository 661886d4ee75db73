import AMQPWire

/// Reads a log back, segment by segment, and keeps what is still there at its end.
public struct StoreRecovery {
    let journal: Journal
    var exchanges: [ExchangeKey: Found<StoredExchange>] = [:]
    var queues: [UInt64: RecoveredQueue] = [:]
    var bindings = RecoveredBindings()
    var virtualHosts: [String: VirtualHostDefinition] = [:]
    var policies: [PolicyName: Found<StoredPolicy>] = [:]
    /// The oldest segment that is needed, as the log says last. Mostly that grows. But when a broker ended before it had
    /// removed a segment, the next one may find messages of a stream there, and need it again.
    var oldest: UInt32 = 0
    var first: UInt32?
    var newest: UInt32 = 0

    /// Something that the log says, and where it says so.
    struct Found<Value> {
        var value: Value
        var segment: UInt32
        var offset: Int

        /// What is wrong with it.
        func damage(_ reason: String) -> StoreDamage { StoreDamage(segment: segment, offset: offset, reason: reason) }
    }

    struct ExchangeKey: Hashable {
        var virtualHost: String
        var name: ShortString
    }

    struct PolicyName: Hashable {
        var virtualHost: String
        var name: String
    }

    /// Streams' messages are known by where they are. Salvage wants each.
    let findsRuns: Bool
    /// There are streams.
    var hasStreams = false
    var names = SharedNames()
    /// The queue that was asked for last: mostly the next message is for it too.
    var lastQueue: (number: UInt64, queue: RecoveredQueue)?

    /// What the directory says of its segments; nil: it is of version 1, or new.
    let manifest: Manifest?
    /// How much is known of where the newest ends.
    let end: StoreEnd

    /// Begins with what stands beside the segments. `reader` is what the core will read messages back through. Throws
    /// when the manifest is damaged, or of a newer version.
    public init(
        reader: any StoreReader, beside: StoreBeside, limits: StoreLimits = StoreLimits()
    ) throws(StoreDamage) {
        journal = Journal(reader: reader, limits: limits)
        end = StoreEnd(beside)
        findsRuns = true
        guard let octets = beside.manifest else {
            manifest = nil
            return
        }
        do throws(SegmentFormat.HeaderError) {
            manifest = try Manifest(octets)
        } catch { throw Self.damage(of: error, segment: 0, "the manifest is damaged") }
        guard let manifest, let mark = end.mark else { return }
        if mark.segment > manifest.newest {
            throw StoreDamage(
                segment: 0, offset: 0,
                reason: "it is an old one: it lacks segment \(mark.segment), which was written to")
        }
        if let listed = manifest[mark.segment], listed.salt != mark.salt {
            throw StoreDamage(segment: 0, offset: 0, reason: "it belongs to another store than the mark beside it")
        }
    }

    private static func damage(
        of error: SegmentFormat.HeaderError, segment: UInt32, _ reason: String
    ) -> StoreDamage {
        guard case .otherVersion(let version) = error else {
            return StoreDamage(segment: segment, offset: 0, reason: reason)
        }
        var damage = StoreDamage(
            segment: segment, offset: 8,
            reason: "it is of version \(version) of the store's format, and this broker knows those up to "
                + "\(SegmentFormat.version)")
        damage.isNewerFormat = version > SegmentFormat.version
        return damage
    }

    /// What a segment turned out to be.
    public enum Extent: Equatable, Sendable {
        case whole
        /// The last write was cut off by a crash. The octets before this offset are good, and all others are to be
        /// removed; at 0 that is the whole file. `isUnconfirmed`: nobody was told that the write had succeeded;
        /// otherwise somebody may have been.
        case tornAt(Int, isUnconfirmed: Bool)
        /// It had just been made, and nothing was written to it: it can go.
        case unused
        /// It is older than any that is needed, and was not looked at.
        case superseded
    }

    /// Reads a segment. They are to come by rising number; only in the newest a write can have been cut off. Throws when
    /// octets were damaged that had been on disk.
    public mutating func replay(_ segment: SegmentScan, number: UInt32, isLast: Bool) throws(StoreDamage) -> Extent {
        if let manifest {
            if number < manifest.oldest { return .superseded }
            if number > manifest.newest {
                if isLast, number == manifest.newest + 1, segment.count <= SegmentFormat.headerCount { return .unused }
                throw StoreDamage(segment: number, offset: 0, reason: "the manifest does not know the segment")
            }
        }
        let isOpen = manifest.map { number == $0.newest } ?? isLast
        guard let header = try header(of: segment, number: number, isOpen: isOpen) else {
            return .tornAt(0, isUnconfirmed: false)
        }
        (newest, first, oldest) = (number, first ?? number, header.oldest)
        // Told first what there is, the journal can take the messages as they come.
        journal.addFound(header, count: segment.count)
        let torn = try replayRecords(of: segment, header, isOpen: isOpen)
        if let torn { journal.cutOff(segment.count - torn) }
        let count = torn ?? segment.count
        if let mark = end.mark, mark.segment == number, mark.salt == header.salt, count < mark.offset {
            throw StoreDamage(
                segment: number, offset: count,
                reason: "\(mark.offset) octets had been on disk, and "
                    + (torn == nil ? "the file ends here" : "the record here is damaged"))
        }
        return torn.map { .tornAt($0, isUnconfirmed: end.isExact) } ?? .whole
    }

    /// The header, if it is the right one; nil: in a store of version 1 it may have been cut off.
    private func header(
        of segment: SegmentScan, number: UInt32, isOpen: Bool
    ) throws(StoreDamage) -> SegmentFormat.Header? {
        func damage(_ reason: String, at offset: Int = 0) -> StoreDamage {
            StoreDamage(segment: number, offset: offset, reason: reason)
        }
        if first != nil, number != newest + 1 {
            throw StoreDamage(segment: newest + 1, offset: 0, reason: "the segment is missing")
        }
        let header: SegmentFormat.Header
        do throws(SegmentFormat.HeaderError) {
            header = try SegmentFormat.header(of: segment.head)
        } catch {
            let isEmpty = segment.head.allSatisfy { $0 == 0 }
            if manifest == nil, isOpen, error == .tooShort || isEmpty { return nil }
            throw Self.damage(of: error, segment: number, "the header is damaged")
        }
        guard header.segment == number else {
            throw damage("the file of segment \(number) holds segment \(header.segment)", at: 12)
        }
        guard let manifest else {
            if header.version > 1 { throw StoreDamage(segment: 0, offset: 0, reason: "the file is missing") }
            return header
        }
        if let listed = manifest[number] {
            if listed.salt != header.salt { throw damage("it is not the file that was written", at: 24) }
            if let count = listed.count, count != segment.count {
                throw damage("it had \(count) octets when it was complete, and has \(segment.count)", at: segment.count)
            }
        }
        if let previous = header.previous, first != nil, previous != journal.foundEnd {
            throw StoreDamage(
                segment: newest, offset: 0, reason: "it is not the file that segment \(number) follows")
        }
        return header
    }

    /// To be called after the last segment. Throws when one that is needed was not there.
    public mutating func finish() throws(StoreDamage) {
        // One after the other in the same order every time: it decides what is copied first when a segment is given back.
        for queue in sortedQueues { queue.finish(journal) }
        if let queue = queues.values.first(where: { !$0.isDeclared && $0.messageCount > 0 }) {
            throw queue.description.damage(
                "there are messages of a queue that is not there, number \(queue.description.value.number)")
        }
        queues = queues.filter { $0.value.isDeclared }
        (names, lastQueue) = (SharedNames(), nil)
        func missing(_ segment: UInt32) -> StoreDamage {
            StoreDamage(segment: segment, offset: 0, reason: "the segment is missing")
        }
        // A new directory's mark names no segment.
        if manifest == nil, first == nil, let mark = end.mark, mark.segment > 0 {
            throw StoreDamage(
                segment: 0, offset: 0,
                reason: "it is missing, and with it every segment; by the mark beside it, segment \(mark.segment) had "
                    + "\(mark.offset) octets")
        }
        if let manifest, newest < manifest.newest { throw missing(first == nil ? manifest.oldest : newest + 1) }
        if let first, first > max(oldest, 1) { throw missing(max(oldest, 1)) }
    }

    /// Messages that were found, over all queues.
    public var messageCount: Int { queues.values.reduce(0) { $0 + $1.messageCount } }
    public var queueCount: Int { queues.count }

    var sortedExchanges: [Found<StoredExchange>] { exchanges.values.sorted { $0.value.name < $1.value.name } }

    var sortedQueues: [RecoveredQueue] {
        queues.values.sorted { $0.description.value.number < $1.description.value.number }
    }

    var sortedVirtualHosts: [VirtualHostDefinition] { virtualHosts.values.sorted { $0.name < $1.name } }

    var sortedPolicies: [Found<StoredPolicy>] {
        policies.values.sorted { ($0.value.virtualHost, $0.value.name) < ($1.value.virtualHost, $1.value.name) }
    }

    var sortedBindings: [Found<StoredBinding>] { bindings.sorted }
}
