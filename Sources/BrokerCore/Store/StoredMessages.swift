/// The messages that stand in the log because at least one durable queue holds them: where the record of each is, and
/// which copies of it are still in a queue.
///
/// One flat table, so that a message which is not stored pays four octets for it, and one that is pays no allocation.
struct StoredMessages {
    /// Where a message's record is.
    struct Place {
        var record = RecordPlace()
        /// Its number in the segment's list.
        var slot: UInt32 = 0
    }

    /// A place in a durable queue.
    struct Copy: Hashable {
        /// Queues are numbered from 1; queue 0: none.
        var queue: UInt64
        var position: UInt64
    }

    private struct Entry {
        let message: Message
        var place = Place()
        var copy: Copy
        var furtherCopies: [Copy] = []
    }

    /// By ``Message/storeEntry``; the first is nobody's.
    private var entries: [Entry?] = [nil]
    private var free: [UInt32] = []

    private static let none = Copy(queue: 0, position: 0)

    /// nil: the entry is not in use.
    func message(_ entry: UInt32) -> Message? { entries[Int(entry)]?.message }

    func place(of message: Message) -> Place { entries[Int(message.storeEntry)]?.place ?? Place() }

    mutating func put(_ message: Message, at place: Place) { entries[Int(message.storeEntry)]?.place = place }

    func hasCopies(_ message: Message) -> Bool { (entries[Int(message.storeEntry)]?.copy.queue ?? 0) != 0 }

    /// A copy that would be the first to be settled; nil: it has none.
    func anyCopy(of message: Message) -> Copy? { hasCopies(message) ? entries[Int(message.storeEntry)]?.copy : nil }

    func has(_ copy: Copy, of message: Message) -> Bool {
        guard let entry = entries[Int(message.storeEntry)] else { return false }
        return entry.copy == copy || entry.furtherCopies.contains(copy)
    }

    func copyCount(of message: Message) -> Int {
        guard let entry = entries[Int(message.storeEntry)], entry.copy != Self.none else { return 0 }
        return 1 + entry.furtherCopies.count
    }

    /// Those of many copies that are still in their queues.
    func present(_ copies: [StoredContent.Copy], of message: Message) -> [StoredContent.Copy] {
        guard let entry = entries[Int(message.storeEntry)] else { return [] }
        let present = Set(entry.furtherCopies + [entry.copy])
        return copies.filter { present.contains(Copy(queue: $0.queue, position: $0.position)) }
    }

    /// Adds a copy; the first gives the message its entry.
    mutating func add(_ copy: Copy, of message: Message) {
        let index = Int(message.storeEntry)
        if index == 0 {
            enter(message, copy)
        } else if entries[index]?.copy == Self.none {
            entries[index]?.copy = copy
        } else {
            entries[index]?.furtherCopies.append(copy)
        }
    }

    /// Makes room for so many messages.
    mutating func reserve(_ count: Int) { entries.reserveCapacity(count) }

    /// Gives messages that were found on disk their entries. Their copies come one after the other, and their numbers in
    /// the segment's list are from `slot` on.
    mutating func enter(
        _ messages: [Message], _ records: ArraySlice<SegmentPart.Message>, _ copies: ArraySlice<StoredContent.Copy>,
        firstSlot slot: UInt32
    ) {
        var (slot, copy) = (slot, copies.startIndex)
        for (message, record) in zip(messages, records) {
            guard case .onDisk(let place) = message.content else { continue }
            enter(
                message, Copy(queue: copies[copy].queue, position: copies[copy].position),
                at: Place(record: place, slot: slot))
            for further in copies[(copy + 1)..<(copy + Int(record.copyCount))] {
                add(Copy(queue: further.queue, position: further.position), of: message)
            }
            copy += Int(record.copyCount)
            slot += 1
        }
    }

    private mutating func enter(_ message: Message, _ copy: Copy, at place: Place = Place()) {
        let entry = Entry(message: message, place: place, copy: copy)
        if let index = free.popLast() {
            entries[Int(index)] = entry
            message.enter(index)
        } else {
            entries.append(entry)
            message.enter(UInt32(truncatingIfNeeded: entries.count - 1))
        }
    }

    /// False: there is no such copy.
    mutating func remove(_ gone: Copy, of message: Message) -> Bool {
        let index = Int(message.storeEntry)
        if entries[index]?.copy == gone {
            let next = entries[index]?.furtherCopies.popLast()
            entries[index]?.copy = next ?? Self.none
            return true
        }
        guard let at = entries[index]?.furtherCopies.firstIndex(of: gone) else { return false }
        entries[index]?.furtherCopies.remove(at: at)
        return true
    }

    /// Takes the message out of the table.
    mutating func remove(_ message: Message) {
        guard message.storeEntry != 0 else { return }
        entries[Int(message.storeEntry)] = nil
        free.append(message.storeEntry)
        message.enter(0)
    }
}
