import AMQPWire

/// Reads a log back, segment by segment, and keeps what is still there at its end.
public struct StoreRecovery {
    let journal: Journal
    private(set) var exchanges: [ExchangeKey: StoredExchange] = [:]
    private(set) var queues: [UInt64: RecoveredQueue] = [:]
    /// By their octets in the log, with the order in which they were made.
    private var bindings: [[UInt8]: (order: Int, binding: StoredBinding)] = [:]
    private var bindingCount = 0
    /// The oldest segment that the log says is needed.
    private var oldest: UInt32 = 0
    private var first: UInt32?
    private var newest: UInt32 = 0

    struct ExchangeKey: Hashable {
        var virtualHost: String
        var name: ShortString
    }

    /// Begins with nothing. `reader` is what the core will read messages back through.
    public init(reader: any StoreReader, limits: StoreLimits = StoreLimits()) {
        journal = Journal(reader: reader, limits: limits)
    }

    /// What a segment turned out to be.
    public enum Extent: Equatable, Sendable {
        case whole
        /// The last write was cut off by a crash, before anybody was told that it succeeded. The octets before this
        /// offset are good, and all others are to be removed; at 0 that is the whole file.
        case tornAt(Int)
    }

    /// Reads a segment. They are to come by rising number, without gaps; only in the last a write can have been cut
    /// off. Throws when octets were damaged that had been on disk.
    public mutating func replay(_ segment: [UInt8], number: UInt32, isLast: Bool) throws(StoreDamage) -> Extent {
        func damage(_ offset: Int, _ reason: String) -> StoreDamage {
            StoreDamage(segment: number, offset: offset, reason: reason)
        }
        if first != nil, number != newest + 1 {
            throw StoreDamage(segment: newest + 1, offset: 0, reason: "the segment is missing")
        }
        first = first ?? number
        let header: SegmentFormat.Header
        do throws(SegmentFormat.HeaderError) {
            header = try SegmentFormat.header(of: segment)
        } catch {
            switch error {
            case .tooShort where isLast: return .tornAt(0)
            case .damaged where isLast && segment.count == SegmentFormat.headerCount: return .tornAt(0)
            // Sectors come to the disk in any order, and zeros stand where one is missing. Once anything of the segment
            // was synced, its first one was there.
            case .damaged where isLast && segment.prefix(SegmentFormat.headerCount).allSatisfy({ $0 == 0 }):
                return .tornAt(0)
            case .otherVersion(let version):
                throw damage(8, "version \(version) of the format; this broker reads \(SegmentFormat.version)")
            default: throw damage(0, "the header is damaged")
            }
        }
        guard header.segment == number else {
            throw damage(12, "the file of segment \(number) holds segment \(header.segment)")
        }
        newest = number
        oldest = max(oldest, header.oldest)
        var place = SegmentFormat.headerCount
        // Told first what there is, the journal can take the messages as they come.
        journal.found(header, count: segment.count)
        while place < segment.count {
            guard let payload = SegmentFormat.payload(of: segment[place...], place: place, salt: header.salt) else {
                guard isLast, !SegmentFormat.wasOnDisk(place, in: segment, salt: header.salt) else {
                    throw damage(place, "a record is damaged")
                }
                return .tornAt(place)
            }
            do throws(WireError) {
                try replay(try JournalRecord(payload), payload, at: place)
            } catch {
                throw damage(place, "a record makes no sense: \(error.reason)")
            }
            place += SegmentFormat.recordOverhead + payload.count
        }
        return .whole
    }

    /// To be called after the last segment. Throws when the first of those that are needed was not there.
    public func finish() throws(StoreDamage) {
        guard let first, first > max(oldest, 1) else { return }
        throw StoreDamage(segment: max(oldest, 1), offset: 0, reason: "the segment is missing")
    }

    /// Messages that were found, over all queues.
    public var messageCount: Int { queues.values.reduce(0) { $0 + $1.messageCount } }
    public var queueCount: Int { queues.count }

    var sortedBindings: [StoredBinding] { bindings.values.sorted { $0.order < $1.order }.map(\.binding) }

    private mutating func replay(
        _ record: JournalRecord, _ payload: ArraySlice<UInt8>, at place: Int
    ) throws(WireError) {
        switch record {
        case .synced: break
        case .oldest(let segment): oldest = max(oldest, segment)
        case .exchangeDeclared(let exchange):
            exchanges[ExchangeKey(virtualHost: exchange.virtualHost, name: exchange.name)] = exchange
        case .exchangeDeleted(let virtualHost, let name):
            exchanges[ExchangeKey(virtualHost: virtualHost, name: name)] = nil
            bindings = bindings.filter { entry in
                let binding = entry.value.binding
                return binding.virtualHost != virtualHost
                    || binding.source != name && binding.destination != .exchange(name)
            }
        case .queueDeclared(let queue):
            journal.skipQueueNumbers(through: queue.number)
            queues[queue.number, default: RecoveredQueue(queue)].isDeclared(as: queue)
        case .queueDeleted(let number):
            journal.skipQueueNumbers(through: number)
            queues.removeValue(forKey: number)?.removeAll { message, position in
                journal.foundSettled(message, queue: number, position: position)
            }
            bindings = bindings.filter { $0.value.binding.destination != .queue(number: number) }
        case .bound(let binding):
            bindingCount += 1
            let key = Array(payload.dropFirst())
            if bindings[key] == nil { bindings[key] = (bindingCount, binding) }
        case .unbound: bindings[Array(payload.dropFirst())] = nil
        case .message(let content):
            found(content, at: place, count: SegmentFormat.recordOverhead + payload.count)
        case .settled(let runs):
            for run in runs {
                queues[run.queue]?.remove(from: run.first, count: run.count) { message, position in
                    journal.foundSettled(message, queue: run.queue, position: position)
                }
            }
        case .delivered(let queue, let below): queues[queue]?.wasDelivered(below: below)
        }
    }

    private mutating func found(_ content: StoredContent, at place: Int, count: Int) {
        let copies = content.copies.filter { queues[$0.queue] != nil }
        guard !copies.isEmpty else { return }
        var content = content
        // Most messages have the names of the one before; one array for all of them saves tens of octets each.
        if content.exchange == lastExchange { content.exchange = lastExchange } else { lastExchange = content.exchange }
        if content.routingKey == lastKey { content.routingKey = lastKey } else { lastKey = content.routingKey }
        let message = StoredMessage(content, place: .init(segment: 0, offset: 0, count: 0, slot: 0), journal: journal)
        journal.found(message, offset: place, count: count)
        for copy in copies {
            message.add(.init(queue: copy.queue, position: copy.position))
            queues[copy.queue]?.add(
                QueuedMessage(message: message, position: copy.position, expiresAt: copy.expiresAt)
            ) { old in
                journal.foundSettled(old, queue: copy.queue, position: copy.position)
            }
        }
    }

    private var lastExchange = ShortString()
    private var lastKey = ShortString()
}

/// A queue as far as it has been read back.
struct RecoveredQueue {
    private(set) var description: StoredQueue
    /// By rising position; nil for what is gone.
    private var messages: [QueuedMessage?] = []
    private var positions: [UInt64] = []
    /// Messages that were copied to the end of the log, and so come after younger ones.
    private var moved: [UInt64: QueuedMessage] = [:]
    private(set) var messageCount = 0

    init(_ description: StoredQueue) { self.description = description }

    mutating func isDeclared(as again: StoredQueue) {
        description.nextPosition = max(description.nextPosition, again.nextPosition)
        description.deliveredBelow = max(description.deliveredBelow, again.deliveredBelow)
    }

    mutating func wasDelivered(below: UInt64) { description.deliveredBelow = max(description.deliveredBelow, below) }

    /// Adds a message. One that was there already has been copied to a later place in the log, which then counts;
    /// `replaced` gets the old one.
    mutating func add(_ message: QueuedMessage, replaced: (StoredMessage) -> Void) {
        description.nextPosition = max(description.nextPosition, message.position + 1)
        messageCount += 1
        guard let last = positions.last, message.position <= last else {
            messages.append(message)
            return positions.append(message.position)
        }
        if let old = take(message.position) { replaced(old) }
        moved[message.position] = message
    }

    mutating func remove(from first: UInt64, count: UInt32, gone: (StoredMessage, UInt64) -> Void) {
        // A long run over few messages: look at what is there rather than at every number.
        var place = index(notBefore: first)
        let (end, overflow) = first.addingReportingOverflow(UInt64(count))
        while place < positions.count, overflow || positions[place] < end {
            if let message = messages[place]?.message.stored {
                messages[place] = nil
                messageCount -= 1
                gone(message, positions[place])
            }
            place += 1
        }
        guard !moved.isEmpty else { return }
        for position in moved.keys.sorted() where position >= first && (overflow || position < end) {
            guard let message = moved.removeValue(forKey: position)?.message.stored else { continue }
            messageCount -= 1
            gone(message, position)
        }
    }

    func removeAll(gone: (StoredMessage, UInt64) -> Void) {
        for message in inOrder { if let stored = message.message.stored { gone(stored, message.position) } }
    }

    /// What is there, by rising position, marked as redelivered where that may be.
    var inOrder: [QueuedMessage] {
        var all = messages.compactMap { $0 }
        if !moved.isEmpty {
            all += moved.values
            all.sort { $0.position < $1.position }
        }
        for place in all.indices where all[place].position < description.deliveredBelow {
            all[place].redelivered = true
        }
        return all
    }

    private mutating func take(_ position: UInt64) -> StoredMessage? {
        var old = moved.removeValue(forKey: position)?.message.stored
        let place = index(notBefore: position)
        if old == nil, place < positions.count, positions[place] == position {
            old = messages[place]?.message.stored
            messages[place] = nil
        }
        if old != nil { messageCount -= 1 }
        return old
    }

    private func index(notBefore position: UInt64) -> Int {
        var (low, high) = (0, positions.count)
        while low < high {
            let middle = (low + high) / 2
            if positions[middle] < position { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
