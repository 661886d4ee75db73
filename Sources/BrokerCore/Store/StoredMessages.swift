import DataStructures

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
    private var entries = StoredMessages.noEntries
    private var free: [UInt32] = []
    private var furtherCount = 0

    /// What it takes up, about, in octets: for each message its entry, half of the room to spare, and its number in its
    /// segment's list.
    var footprint: Int { (entries.count - 1 - free.count) * 80 + furtherCount * 24 }

    private static let none = Copy(queue: 0, position: 0)
    private static var noEntries: DividedArray<Entry?> {
        var entries = DividedArray<Entry?>()
        entries.append(nil)
        return entries
    }

    /// nil: the entry is not in use.
    func message(_ entry: UInt32) -> Message? {
        Int(entry) < entries.count ? entries[Int(entry)]?.message : nil
    }

    func place(of message: Message) -> Place { entries[Int(message.storeEntry)]?.place ?? Place() }

    mutating func put(_ message: Message, at place: Place) { entries[Int(message.storeEntry)]?.place = place }

    func hasCopies(_ message: Message) -> Bool { (entries[Int(message.storeEntry)]?.copy.queue ?? 0) != 0 }

    /// A copy that would be the first to be settled; nil: it has none.
    func anyCopy(of message: Message) -> Copy? { hasCopies(message) ? entries[Int(message.storeEntry)]?.copy : nil }

    func has(_ copy: Copy, of message: Message) -> Bool {
        guard let entry = entries[Int(message.storeEntry)] else { return false }
        return entry.copy == copy || place(of: copy, in: Int(message.storeEntry)) != nil
    }

    func copyCount(of message: Message) -> Int {
        guard let entry = entries[Int(message.storeEntry)], entry.copy != Self.none else { return 0 }
        return 1 + entry.furtherCopies.lazy.filter { !Self.isHole($0) }.count
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
            furtherCount += 1
        }
    }

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
            sortCopies(of: message)
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
            let before = entries[index]?.furtherCopies.count ?? 0
            defer { furtherCount -= before - (entries[index]?.furtherCopies.count ?? 0) }
            var next = entries[index]?.furtherCopies.popLast()
            while let hole = next, Self.isHole(hole) { next = entries[index]?.furtherCopies.popLast() }
            entries[index]?.copy = next ?? Self.none
            return true
        }
        // Nothing else may hold the list when it changes, or it would be copied.
        guard let (at, isSorted) = place(of: gone, in: index) else { return false }
        if isSorted {
            entries[index]?.furtherCopies[at].position = .max
        } else {
            entries[index]?.furtherCopies.remove(at: at)
            furtherCount -= 1
        }
        return true
    }

    // MARK: Many copies

    /// A thousand queues take a message out one after the other, so it must not be looked for among all each time. Where there
    /// are so many, they stand by rising queue from when the message is written, and one that is gone leaves a hole.
    private static let many = 16

    /// No more copies of the message come.
    mutating func sortCopies(of message: Message) {
        let index = Int(message.storeEntry)
        guard entries[index]?.furtherCopies.count ?? 0 >= Self.many else { return }
        entries[index]?.furtherCopies.sort { $0.queue < $1.queue }
    }

    private static func isHole(_ copy: Copy) -> Bool { copy.position == .max }

    /// Where a copy stands among the further ones, and whether they are sorted.
    private func place(of copy: Copy, in entry: Int) -> (at: Int, isSorted: Bool)? {
        guard let entry = entries[entry] else { return nil }
        let copies = entry.furtherCopies
        guard copies.count >= Self.many, entry.place.record.segment != 0 else {
            // One that goes before that has mostly just come: its queue has no room for it.
            let place = copies.lastIndex(of: copy)
            Steps.take(copies.count - (place ?? 0))
            return place.map { ($0, false) }
        }
        var (low, high) = (0, copies.count)
        while low < high {
            Steps.take()
            let middle = (low + high) / 2
            if copies[middle].queue < copy.queue { low = middle + 1 } else { high = middle }
        }
        return low < copies.count && copies[low] == copy ? (low, true) : nil
    }

    /// Takes the message out of the table.
    mutating func remove(_ message: Message) {
        guard message.storeEntry != 0 else { return }
        furtherCount -= entries[Int(message.storeEntry)]?.furtherCopies.count ?? 0
        entries[Int(message.storeEntry)] = nil
        free.append(message.storeEntry)
        message.enter(0)
        // What grew for many is not kept for none.
        if free.count > 1000, free.count == entries.count - 1 { (entries, free) = (Self.noEntries, []) }
    }
}
