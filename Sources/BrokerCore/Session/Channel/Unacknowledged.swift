import DataStructures

/// A delivery that waits for its acknowledgement.
struct Unacknowledged: HeapElement {
    let tag: UInt64
    /// nil: its queue has it all the same, and is not to be told.
    let message: QueuedMessage?
    let queue: any Queue
    /// nil for a message that was fetched with `basic.get`.
    let consumer: Consumer?
    /// When it was handed out, in milliseconds since the Unix epoch.
    let deliveredAt: Int64

    func comes(before other: Unacknowledged) -> Bool { tag < other.tag }
}

/// What a channel has handed out and not yet seen settled, by rising delivery tag.
///
/// A client may leave a million unsettled. They stand in parts, so that settling one, or handing out one more, never takes
/// longer than a part does.
struct UnacknowledgedDeliveries {
    /// Those before the newest part. None of them is empty.
    private var older: [DeliveriesPart] = []
    private var newest = DeliveriesPart()
    /// So many deliveries the older ones have room for.
    private var olderRoom = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    /// What they take up, holes and room to spare included, in octets.
    var footprint: Int { (olderRoom + newest.room) * Load.ofDelivery }

    /// The oldest.
    var first: Unacknowledged? { older.isEmpty ? newest.first : older[0].first }
    /// The tag of the latest; nil: there is none.
    var lastTag: UInt64? { newest.lastTag ?? older.last?.lastTag }

    mutating func append(_ delivery: consuming Unacknowledged) {
        if newest.isFull { beginPart() }
        newest.append(delivery)
        count += 1
    }

    private mutating func beginPart() {
        older.append(newest)
        olderRoom += newest.room
        newest = DeliveriesPart(room: DeliveriesPart.most)
    }

    /// Takes out the delivery with this tag; nil when there is none.
    mutating func remove(_ tag: UInt64) -> Unacknowledged? {
        let delivery =
            isInNewest(tag) ? newest.remove(tag) : changeOlder(place(of: tag)) { $0.remove(tag) }
        if delivery != nil { count -= 1 }
        return delivery
    }

    /// Takes the message from the delivery with this tag, and keeps the tag; nil when there is none.
    mutating func takeMessage(of tag: UInt64) -> Unacknowledged? {
        isInNewest(tag) ? newest.takeMessage(of: tag) : changeOlder(place(of: tag)) { $0.takeMessage(of: tag) }
    }

    func contains(_ tag: UInt64) -> Bool {
        isInNewest(tag) ? newest.contains(tag) : older[place(of: tag)].contains(tag)
    }

    /// Takes out the oldest deliveries up to and including this tag, so many at most, oldest first.
    mutating func removeFirst(_ most: Int, through tag: UInt64) -> [Unacknowledged] {
        var removed: [Unacknowledged] = []
        if let first = older.first?.firstTag ?? newest.firstTag, tag >= first {
            removed.reserveCapacity(1 + min(most, count, Int(clamping: tag - first)))
        }
        var goesOn = true
        while goesOn, !older.isEmpty {
            let before = older.count
            changeOlder(0) { $0.removeFirst(most, through: tag, into: &removed) }
            goesOn = older.count < before
        }
        if goesOn { newest.removeFirst(most, through: tag, into: &removed) }
        count -= removed.count
        return removed
    }

    /// If it is anywhere, it is there.
    private func isInNewest(_ tag: UInt64) -> Bool { older.isEmpty || newest.firstTag.map { $0 <= tag } ?? false }

    /// The older part that has a tag, if one does.
    private func place(of tag: UInt64) -> Int {
        var (low, high) = (0, older.count - 1)
        while low < high {
            Steps.take()
            let middle = (low + high + 1) / 2
            if older[middle].firstTag ?? 0 <= tag { low = middle } else { high = middle - 1 }
        }
        return low
    }

    private mutating func changeOlder<Result>(_ place: Int, _ body: (inout DeliveriesPart) -> Result) -> Result {
        olderRoom -= older[place].room
        defer { if older[place].isEmpty { older.remove(at: place) } else { olderRoom += older[place].room } }
        return body(&older[place])
    }
}

/// Some deliveries that follow each other.
///
/// Acknowledgements mostly come from the front and in order, so the front moves and a settled entry in the middle only
/// leaves a hole; holes are closed up when they are the greater part.
private struct DeliveriesPart {
    private var entries: [Unacknowledged?] = []
    /// The tags of `entries`, holes included, for the search.
    private var tags: [UInt64] = []
    private var front = 0
    private var count = 0
    /// How many there were when the last of them went: room for so many is made at once when they begin again, and none of
    /// it is kept meanwhile.
    private var usual: Int

    /// So many it takes, holes included.
    static let most = 1024
    /// One that holds nothing keeps room for so many; and the first of new ones makes room for so many at most.
    private static let (mostKept, mostUsual) = (16, 512)

    /// Room for so many is made with the first.
    init(room: Int = 0) { usual = room }

    var isEmpty: Bool { count == 0 }
    var isFull: Bool { entries.count >= Self.most }
    /// So many it has room for.
    var room: Int { entries.capacity }

    var first: Unacknowledged? { front < entries.count ? entries[front] : nil }
    var firstTag: UInt64? { front < tags.count ? tags[front] : nil }

    mutating func append(_ delivery: consuming Unacknowledged) {
        Steps.take()
        if entries.isEmpty, usual > Self.mostKept {
            entries.reserveCapacity(usual)
            tags.reserveCapacity(usual)
        }
        tags.append(delivery.tag)
        entries.append(delivery)
        count += 1
    }

    mutating func remove(_ tag: UInt64) -> Unacknowledged? {
        guard let index = index(of: tag), let delivery = entries[index] else { return nil }
        entries[index] = nil
        count -= 1
        tidy()
        return delivery
    }

    mutating func takeMessage(of tag: UInt64) -> Unacknowledged? {
        guard let index = index(of: tag), let delivery = entries[index], delivery.message != nil else { return nil }
        entries[index] = Unacknowledged(
            tag: tag, message: nil, queue: delivery.queue, consumer: nil, deliveredAt: delivery.deliveredAt)
        return delivery
    }

    func contains(_ tag: UInt64) -> Bool {
        index(of: tag).map { entries[$0] != nil || quirk(.aHoleIsStillContained) } ?? false
    }

    var lastTag: UInt64? {
        var place = entries.count
        while place > front {
            Steps.take()
            place -= 1
            if entries[place] != nil { return tags[place] }
            if quirk(.everythingIsTheLatest) { break }
        }
        return nil
    }

    /// `removed` may get so many in all.
    mutating func removeFirst(_ most: Int, through tag: UInt64, into removed: inout [Unacknowledged]) {
        let before = removed.count
        while removed.count < most, front < entries.count, tags[front] <= tag {
            Steps.take()
            if let delivery = entries[front].take() { removed.append(delivery) }
            front += 1
        }
        count -= removed.count - before
        tidy()
    }

    private func index(of tag: UInt64) -> Int? {
        if front < tags.count, tags[front] == tag { return front }
        var low = front
        var high = tags.count
        while low < high {
            Steps.take()
            let middle = (low + high) / 2
            if tags[middle] < tag { low = middle + 1 } else { high = middle }
        }
        return low < tags.count && tags[low] == tag ? low : nil
    }

    private mutating func closeHoles() {
        entries.removeAll { $0 == nil }
        if quirk(.tagsKeepTheirHoles) {
            tags.removeLast(tags.count - count)
        } else {
            tags = entries.compactMap { $0?.tag }
        }
    }

    private mutating func tidy() {
        while front < entries.count, entries[front] == nil {
            Steps.take()
            front += 1
        }
        if count == 0 {
            usual = min(entries.count, Self.mostUsual)
            entries.removeAll(keepingCapacity: entries.capacity <= Self.mostKept)
            tags.removeAll(keepingCapacity: tags.capacity <= Self.mostKept)
            front = 0
        } else if entries.count >= 64, count * 2 < entries.count {
            Steps.take(entries.count - front)
            entries.removeSubrange(..<front)
            tags.removeSubrange(..<front)
            front = 0
            if count * 2 < entries.count { closeHoles() }
            entries.shrink()
            tags.shrink()
        }
    }
}
