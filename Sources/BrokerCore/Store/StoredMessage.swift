import AMQPWire

/// A persistent message that stands in the log, because at least one durable queue holds it.
///
/// While more bodies are in memory than the store's limit allows, its octets are only on disk, and are read whenever
/// they are needed. A subclass, so that a transient message stays small and this one is a single allocation.
final class StoredMessage: Message {
    /// Where its record is.
    struct Place: Equatable {
        var segment: UInt32
        var offset: UInt32
        /// Octets of the record.
        var count: UInt32
        /// Its number in the segment's list.
        var slot: UInt32
    }

    /// A place in a durable queue.
    struct Copy: Equatable {
        var queue: UInt64
        var position: UInt64
    }

    /// It holds its messages, and is there as long as they are of use to anybody.
    private unowned let journal: Journal
    /// Segment 0: not written yet.
    var place = Place(segment: 0, offset: 0, count: 0, slot: 0)
    /// Queues are numbered from 1; queue 0: none.
    private var copy = Copy(queue: 0, position: 0)
    private var furtherCopies: [Copy] = []

    /// The same message, on its way into the log.
    init(_ message: Message, journal: Journal) {
        self.journal = journal
        super.init(
            exchange: message.exchange, routingKey: message.routingKey, content: message.content,
            propertiesCount: message.propertiesCount, traits: message.traits)
    }

    /// One that was found in the log. Its octets stay there.
    init(_ found: StoredContent, place: Place, journal: Journal) {
        self.journal = journal
        self.place = place
        super.init(
            exchange: found.exchange, routingKey: found.routingKey, contentCount: found.content.count,
            propertiesCount: found.propertiesCount,
            traits: Traits(
                isPersistent: true, priority: found.priority, hasHeaders: found.hasHeaders,
                hasBlindCopies: found.hasBlindCopies))
    }

    override var stored: StoredMessage? { self }

    override func readContent() -> [UInt8] { journal.content(of: self) }

    var hasCopies: Bool { copy.queue != 0 }

    func add(_ new: Copy) {
        if hasCopies { furtherCopies.append(new) } else { copy = new }
    }

    /// False: there is no such copy.
    func remove(_ gone: Copy) -> Bool {
        if copy == gone {
            copy = furtherCopies.popLast() ?? Copy(queue: 0, position: 0)
            return true
        }
        guard let at = furtherCopies.firstIndex(of: gone) else { return false }
        furtherCopies.remove(at: at)
        return true
    }

    func has(_ other: Copy) -> Bool { copy == other || furtherCopies.contains(other) }
}
