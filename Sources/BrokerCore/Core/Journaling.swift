import AMQPWire

// What a virtual host and its queues tell the log.

extension BrokerCore {
    /// Writes down all that is declared.
    func describe(to journal: Journal) {
        journal.describe {
            for (_, virtualHost) in virtualHosts.sorted(by: { $0.key < $1.key }) { virtualHost.describe(to: journal) }
        }
    }
}

extension QueueJournal: QueueLog {
    func enter(_ message: QueuedMessage) {
        enter(message.message, position: message.position, expiresAt: message.expiresAt)
    }

    func leave(_ message: QueuedMessage) { leave(message.message, position: message.position) }

    func noteDelivery(of message: QueuedMessage) { noteDelivery(position: message.position) }
}

extension VirtualHost {
    /// Writes down everything durable that is declared here.
    func describe(to journal: Journal) {
        let exchanges = exchanges.values.sorted { $0.name < $1.name }
        for exchange in exchanges where exchange.isStored {
            journal.append(.exchangeDeclared(description(of: exchange)))
        }
        let stored = queues.values.compactMap { hosted in hosted.journal.map { (hosted.queue, $0) } }
        for (queue, own) in stored.sorted(by: { $0.1.number < $1.1.number }) {
            journal.append(.queueDeclared(description(of: queue, own)))
        }
        let bindings = exchanges.flatMap(\.bindings).filter(\.isDurable)
        for binding in bindings.sorted(by: { $0.order < $1.order }) {
            if let bound = description(of: binding) { journal.append(.bound(bound)) }
        }
    }

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
    /// Octets of everything that clients make the broker hold in memory.
    var memoryInUse: Int { load.total - (journal?.absentOctets ?? 0) + storeBacklog }

    /// Octets that wait to be written, or are being written.
    var storeBacklog: Int { journal.map { $0.pendingOctets + $0.takenOctets } ?? 0 }
}
