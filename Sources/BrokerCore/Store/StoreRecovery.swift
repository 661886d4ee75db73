import AMQPWire

/// Reads a log back, segment by segment, and keeps what is still there at its end.
public struct StoreRecovery {
    let journal: Journal
    private(set) var exchanges: [ExchangeKey: Found<StoredExchange>] = [:]
    private(set) var queues: [UInt64: RecoveredQueue] = [:]
    /// By their octets in the log, with the order in which they were made.
    private var bindings: [[UInt8]: (order: Int, binding: Found<StoredBinding>)] = [:]
    private var bindingCount = 0
    /// The oldest segment that the log says is needed.
    private var oldest: UInt32 = 0
    private var first: UInt32?
    private var newest: UInt32 = 0

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

    var sortedExchanges: [Found<StoredExchange>] { exchanges.values.sorted { $0.value.name < $1.value.name } }

    var sortedQueues: [RecoveredQueue] {
        queues.values.sorted { $0.description.value.number < $1.description.value.number }
    }

    var sortedBindings: [Found<StoredBinding>] { bindings.values.sorted { $0.order < $1.order }.map(\.binding) }

    private mutating func replay(
        _ record: JournalRecord, _ payload: ArraySlice<UInt8>, at place: Int
    ) throws(WireError) {
        func found<Value>(_ value: Value) -> Found<Value> { Found(value: value, segment: newest, offset: place) }
        switch record {
        case .synced: break
        case .oldest(let segment): oldest = max(oldest, segment)
        case .exchangeDeclared(let exchange):
            exchanges[ExchangeKey(virtualHost: exchange.virtualHost, name: exchange.name)] = found(exchange)
        case .exchangeDeleted(let virtualHost, let name):
            exchanges[ExchangeKey(virtualHost: virtualHost, name: name)] = nil
            bindings = bindings.filter { entry in
                let binding = entry.value.binding.value
                return binding.virtualHost != virtualHost
                    || binding.source != name && binding.destination != .exchange(name)
            }
        case .queueDeclared(let queue):
            journal.skipQueueNumbers(through: queue.number)
            queues[queue.number, default: RecoveredQueue(found(queue))].isDeclared(as: queue)
        case .queueDeleted(let number):
            journal.skipQueueNumbers(through: number)
            queues.removeValue(forKey: number)?.removeAll { message, position in
                journal.foundSettled(.init(queue: number, position: position), of: message)
            }
            bindings = bindings.filter { $0.value.binding.value.destination != .queue(number: number) }
        case .bound(let binding):
            bindingCount += 1
            let key = Array(payload.dropFirst())
            if bindings[key] == nil { bindings[key] = (bindingCount, found(binding)) }
        case .unbound: bindings[Array(payload.dropFirst())] = nil
        case .message(let content):
            take(content, at: place, count: SegmentFormat.recordOverhead + payload.count)
        case .settled(let runs):
            for run in runs {
                queues[run.queue]?.remove(from: run.first, count: run.count) { message, position in
                    journal.foundSettled(.init(queue: run.queue, position: position), of: message)
                }
            }
        case .delivered(let queue, let below): queues[queue]?.wasDelivered(below: below)
        }
    }

    private mutating func take(_ content: StoredContent, at place: Int, count: Int) {
        let copies = content.copies.filter { queues[$0.queue] != nil }
        guard !copies.isEmpty else { return }
        // Most messages have the names of the one before; one array for all of them saves tens of octets each.
        if content.exchange != lastExchange { lastExchange = content.exchange }
        if content.routingKey != lastKey { lastKey = content.routingKey }
        let message = Message(
            onDisk: RecordPlace(
                segment: newest, offset: UInt32(truncatingIfNeeded: place), count: UInt32(truncatingIfNeeded: count)),
            contentCount: content.content.count, exchange: lastExchange, routingKey: lastKey,
            propertiesCount: content.propertiesCount,
            traits: .init(
                isPersistent: true, priority: content.priority, hasHeaders: content.hasHeaders,
                hasBlindCopies: content.hasBlindCopies))
        journal.found(message, offset: place, count: count)
        for copy in copies {
            journal.found(StoredMessages.Copy(queue: copy.queue, position: copy.position), of: message)
            queues[copy.queue]?.add(
                RecoveredMessage(message: message, position: copy.position, expiresAt: copy.expiresAt)
            ) { old in
                journal.foundSettled(.init(queue: copy.queue, position: copy.position), of: old)
            }
        }
    }

    private var lastExchange = ShortString()
    private var lastKey = ShortString()
}
