import AMQPWire

/// What the log of the store says, one thing at a time. Only what is durable is in it.
enum JournalRecord {
    /// Everything of this segment before the offset was on disk when this was written.
    case synced(offset: Int)
    /// Segments before this one are not needed any more.
    case oldest(segment: UInt32)
    case exchangeDeclared(StoredExchange)
    case exchangeDeleted(virtualHost: String, name: ShortString)
    case queueDeclared(StoredQueue)
    case queueDeleted(number: UInt64)
    case bound(StoredBinding)
    case unbound(StoredBinding)
    case message(StoredContent)
    /// These copies of messages are gone from their queues: acknowledged, expired, dropped.
    case settled([SettledRun])
    /// Some message of the queue with a position below this one has been handed out.
    case delivered(queue: UInt64, below: UInt64)
    /// All that is declared has been written since this segment began, so older ones are needed for messages only.
    case described(since: UInt32)
    /// What became of messages that quorum queues handed out.
    case deliveries([StoredDelivery])
    /// An operator has defined a virtual host, or its settings anew.
    case virtualHostDefined(VirtualHostDefinition)
    /// A policy, in place of one of its name.
    case policySet(StoredPolicy)
    case policyCleared(virtualHost: String, name: String)

    enum Kind: UInt8 {
        case synced = 1
        case oldest, exchangeDeclared, exchangeDeleted, queueDeclared, queueDeleted, bound, unbound, message, settled,
            delivered, described, deliveries, virtualHostDefined, policySet, policyCleared

        static let range = Kind.synced.rawValue...Kind.policyCleared.rawValue
    }

    /// Octets of the payload of ``synced(offset:)``.
    static let syncedCount = 9
}

/// A message and where its copies stand.
struct StoredContent {
    struct Copy: Equatable {
        var queue: UInt64
        var position: UInt64
        /// Milliseconds since the Unix epoch; `Int64.max`: never. In a stream nothing expires: it is when the message came in.
        var expiresAt: Int64
    }

    var exchange: ShortString
    var routingKey: ShortString
    var priority: UInt8
    var hasHeaders: Bool
    var hasBlindCopies: Bool
    var isDeadLetter = false
    var hasSpentCopies = false
    var hasPriority = false
    /// Deliveries of it have failed where it died; how many is not kept.
    var hasFailed = false
    var copies: [Copy]
    var propertiesCount: Int
    /// Properties, then the body.
    var content: ArraySlice<UInt8>
}

/// Neighbouring positions of one queue.
struct SettledRun: Equatable {
    var queue: UInt64
    var first: UInt64
    var count: UInt32 = 1

    /// Whether a copy is the next one behind it.
    fileprivate func goesOn(with copy: StoredMessages.Copy) -> Bool {
        (copy.queue == queue || quirk(.settledRunsGoOnInOtherQueues))
            && (copy.position == first + UInt64(count) || quirk(.settledRunsTakeAnyOrder))
    }

    func write(to writer: inout ByteWriter) {
        writer.uint64(queue)
        writer.uint64(first)
        writer.uint32(count)
    }
}

extension [SettledRun] {
    mutating func add(_ copy: StoredMessages.Copy) {
        if last?.goesOn(with: copy) == true {
            self[count - 1].count += 1
        } else {
            append(SettledRun(queue: copy.queue, first: copy.position))
        }
    }

    mutating func add(_ run: StoredRun) {
        guard let count = UInt32(exactly: run.count), let last, last.count < .max - count,
            last.goesOn(with: .init(queue: run.queue, position: run.first))
        else { return append(SettledRun(queue: run.queue, first: run.first, count: UInt32(clamping: run.count))) }
        self[self.count - 1].count += count
    }
}

// MARK: - Octets

extension JournalRecord {
    func write(to writer: inout ByteWriter) {
        func kind(_ kind: Kind) { writer.uint8(kind.rawValue) }
        switch self {
        case .synced(let offset):
            kind(.synced)
            writer.uint64(UInt64(offset))
        case .oldest(let segment):
            kind(.oldest)
            writer.uint32(segment)
        case .exchangeDeclared(let exchange):
            kind(.exchangeDeclared)
            exchange.write(to: &writer)
        case .exchangeDeleted(let virtualHost, let name):
            kind(.exchangeDeleted)
            writer.name(virtualHost)
            writer.shortString(name)
        case .queueDeclared(let queue):
            kind(.queueDeclared)
            queue.write(to: &writer)
        case .queueDeleted(let number):
            kind(.queueDeleted)
            writer.uint64(number)
        case .bound(let binding):
            kind(.bound)
            binding.write(to: &writer)
        case .unbound(let binding):
            kind(.unbound)
            binding.write(to: &writer)
        case .message(let message):
            kind(.message)
            message.write(to: &writer)
        case .settled(let runs):
            kind(.settled)
            let runs = quirk(.firstSettledRunIsWritten) ? Array(runs.prefix(1)) : runs
            writer.uint32(UInt32(clamping: runs.count))
            for run in runs { run.write(to: &writer) }
        case .delivered(let queue, let below):
            kind(.delivered)
            writer.uint64(queue)
            writer.uint64(below)
        case .described(let segment):
            kind(.described)
            writer.uint32(segment)
        case .deliveries(let deliveries):
            kind(.deliveries)
            deliveries.write(to: &writer)
        case .virtualHostDefined(let definition):
            kind(.virtualHostDefined)
            definition.write(to: &writer)
        case .policySet(let policy):
            kind(.policySet)
            policy.write(to: &writer)
        case .policyCleared(let virtualHost, let name):
            kind(.policyCleared)
            writer.name(virtualHost)
            writer.name(name)
        }
    }

    /// Reads a payload. Throws when it makes no sense, which its checksum rules out unless other software wrote it.
    init(_ payload: ArraySlice<UInt8>) throws(WireError) {
        var reader = ByteReader(payload)
        let octet = try reader.uint8()
        guard let kind = Kind(rawValue: octet) else { throw reader.error("no record is of kind \(octet)") }
        switch kind {
        case .synced: self = .synced(offset: Int(truncatingIfNeeded: try reader.uint64()))
        case .oldest: self = .oldest(segment: try reader.uint32())
        case .exchangeDeclared: self = .exchangeDeclared(try StoredExchange(from: &reader))
        case .exchangeDeleted:
            self = .exchangeDeleted(virtualHost: try reader.name(), name: try reader.shortString())
        case .queueDeclared: self = .queueDeclared(try StoredQueue(from: &reader))
        case .queueDeleted: self = .queueDeleted(number: try reader.uint64())
        case .bound: self = .bound(try StoredBinding(from: &reader))
        case .unbound: self = .unbound(try StoredBinding(from: &reader))
        case .message: self = .message(try StoredContent(from: &reader))
        case .settled:
            var runs: [SettledRun] = []
            for _ in 0..<(try reader.uint32()) {
                runs.append(
                    SettledRun(queue: try reader.uint64(), first: try reader.uint64(), count: try reader.uint32()))
            }
            self = .settled(runs)
        case .delivered: self = .delivered(queue: try reader.uint64(), below: try reader.uint64())
        case .described: self = .described(since: try reader.uint32())
        case .deliveries:
            var deliveries: [StoredDelivery] = []
            for _ in 0..<(try reader.uint32()) { deliveries.append(try StoredDelivery(from: &reader)) }
            self = .deliveries(deliveries)
        case .virtualHostDefined: self = .virtualHostDefined(try VirtualHostDefinition(from: &reader))
        case .policySet: self = .policySet(try StoredPolicy(from: &reader))
        case .policyCleared: self = .policyCleared(virtualHost: try reader.name(), name: try reader.name())
        }
        try reader.expectEnd(of: "a record")
    }
}

extension StoredContent {
    init(_ message: Message, _ content: [UInt8], _ copies: [Copy]) {
        self.init(
            exchange: message.exchange, routingKey: message.routingKey, priority: message.traits.priority,
            hasHeaders: message.traits.hasHeaders, hasBlindCopies: message.traits.hasBlindCopies,
            isDeadLetter: message.traits.isDeadLetter, hasSpentCopies: message.traits.hasSpentCopies,
            hasPriority: message.traits.hasPriority, hasFailed: message.traits.failureCount > 0, copies: copies,
            propertiesCount: message.propertiesCount, content: content[...])
    }

    func write(to writer: inout ByteWriter) {
        writer.shortString(quirk(.exchangesOfMessagesAreNotWritten) ? "" : exchange)
        writer.shortString(routingKey)
        writer.uint8(quirk(.prioritiesAreNotWritten) ? 0 : priority)
        writer.bits(
            hasHeaders, hasBlindCopies && !quirk(.blindCopiesAreNotWritten), isDeadLetter, hasSpentCopies,
            hasPriority, hasFailed && !quirk(.failuresOfLettersAreNotWritten))
        writer.uint32(UInt32(clamping: copies.count))
        for copy in copies {
            writer.uint64(copy.queue)
            writer.uint64(copy.position)
            writer.uint64(UInt64(bitPattern: quirk(.expiryOfMessagesIsNotWritten) ? .max : copy.expiresAt))
        }
        writer.uint32(UInt32(clamping: propertiesCount))
        writer.raw(content.count > 131_072 && quirk(.bodiesStopAt128K) ? content.prefix(131_072) : content)
    }

    init(from reader: inout ByteReader) throws(WireError) {
        exchange = try reader.shortString()
        routingKey = try reader.shortString()
        priority = try reader.uint8()
        let bits = try reader.bits()
        (hasHeaders, hasBlindCopies, isDeadLetter, hasSpentCopies) = (bits[0], bits[1], bits[2], bits[3])
        (hasPriority, hasFailed) = (bits[4], bits[5])
        copies = []
        for _ in 0..<(try reader.uint32()) {
            copies.append(
                Copy(
                    queue: try reader.uint64(), position: try reader.uint64(),
                    expiresAt: Int64(bitPattern: try reader.uint64())))
        }
        propertiesCount = Int(try reader.uint32())
        content = reader.rest()
        if propertiesCount > content.count { throw reader.error("properties longer than what there is") }
    }
}
