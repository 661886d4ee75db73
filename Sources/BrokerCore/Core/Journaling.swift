import AMQPWire

// What a virtual host and its queues tell the log.

extension QueueJournal: QueueLog {
    func enter(_ message: QueuedMessage) {
        enter(message.message, position: message.position, expiresAt: message.expiresAt)
    }

    func leave(_ message: QueuedMessage) { leave(message.message, position: message.position) }

    func awaitLetter(of message: QueuedMessage) { awaitLetter() }

    func keepsLetter(of message: QueuedMessage, because reason: DeadLetter.Reason) {
        awaitLetter()
        var state = DeliveryState(message)
        state.letter = reason.number
        noteReturn(of: message.message, position: message.position, state)
    }

    func letterLeft(of message: QueuedMessage) { letterLeft(of: message.message, position: message.position) }

    func noteDelivery(of message: QueuedMessage) {
        noteDelivery(of: message.message, position: message.position, DeliveryState(message))
    }

    func noteReturn(of message: QueuedMessage, before position: UInt64?) {
        noteReturn(of: message.message, position: message.position, DeliveryState(message, before: position))
    }

    func release(_ messages: [QueuedMessage]) -> [StoredRun]? {
        guard let first = messages.first else { return [] }
        return release(messages.map { ($0.message, $0.expiresAt) }, from: first.position)
    }
}

extension DeliveryState {
    fileprivate init(_ message: QueuedMessage, before position: UInt64? = nil) {
        self.init(returnCount: message.returnCount, failureCount: message.failureCount, before: position)
    }
}

extension DeadLetter.Reason {
    /// By their numbers in the log.
    private static var numbered: [Self] { [.rejected, .expired, .maxlen, .deliveryLimit] }

    fileprivate var number: UInt8? { Self.numbered.firstIndex(of: self).map { UInt8($0) } }

    /// nil: no reason has this number.
    init?(number: UInt8) {
        guard number < Self.numbered.count else { return nil }
        self = Self.numbered[Int(number)]
    }
}

extension VirtualHost {
    func description(of exchange: Exchange<any Queue>) -> StoredExchange {
        let declaration = exchange.declaration
        return StoredExchange(
            virtualHost: name, name: exchange.name, type: declaration.type, autoDelete: declaration.autoDelete,
            isInternal: declaration.isInternal, arguments: declaration.arguments)
    }

    func description(of queue: any Queue, _ journal: QueueJournal) -> StoredQueue {
        StoredQueue(
            number: journal.number, virtualHost: name, name: queue.name, autoDelete: queue.declaration.autoDelete,
            arguments: queue.declaration.arguments, nextPosition: queue.nextPosition,
            deliveredBelow: journal.deliveredBelow)
    }

    func description(of policy: Policy) -> StoredPolicy {
        StoredPolicy(
            virtualHost: name, name: policy.name, pattern: policy.pattern, target: policy.target.rawValue,
            priority: policy.priority, definition: policy.definition)
    }

    /// nil: the binding leads to a queue that is not kept.
    func description(of binding: Binding<any Queue>) -> StoredBinding? {
        let destination: StoredBinding.End
        switch binding.destination {
        case .target(let end):
            guard let journal = queues[end.name]?.journal else { return nil }
            destination = .queue(number: journal.number)
        case .exchange(let exchange): destination = .exchange(exchange.name)
        }
        return StoredBinding(
            virtualHost: name, source: binding.source.name, destination: destination, key: binding.key,
            arguments: binding.arguments)
    }
}

extension BrokerCore {
    func takeBatch() -> StoreBatch? {
        guard let journal, let batch = journal.take() else { return nil }
        if journal.isSegmentFull { beginSegment(journal) }
        return batch
    }

    /// Begins a segment, mostly with all that is declared.
    func beginSegment(_ journal: Journal, isAtStart: Bool = false) {
        journal.beginSegment(salt: random.next())
        if description == nil, journal.isDescriptionDue(isAtStart: isAtStart) {
            describe(to: journal, atOnce: isAtStart)
        }
    }

    /// Octets of everything that clients make the broker hold in memory.
    var memoryInUse: Int { load.total + storeOctets + storeBacklog }

    /// What the store adds to that, less what is only there.
    private var storeOctets: Int { journal.map { $0.contents.messages.footprint - $0.absentOctets } ?? 0 }

    /// Octets that wait to be written, or are being written.
    var storeBacklog: Int { journal.map { $0.pendingOctets + $0.takenOctets } ?? 0 }
}
