import AMQPWire

// The core's side of the store: what was found in it, what is to be written next, and who waits for that.

extension BrokerCore {
    /// A broker that keeps what is durable in a store, and begins with what was found there.
    public convenience init(
        _ configuration: BrokerConfiguration = BrokerConfiguration(), now: Int64, recovered: StoreRecovery
    ) {
        self.init(configuration, now: now, journal: recovered.journal)
        for exchange in recovered.exchanges.values.sorted(by: { $0.name < $1.name }) {
            virtualHost(exchange.virtualHost).restore(
                Exchange(name: exchange.name, declaration: exchange.declaration))
        }
        var queues: [UInt64: Queue] = [:]
        for found in recovered.queues.values.sorted(by: { $0.description.number < $1.description.number }) {
            let description = found.description
            queues[description.number] = virtualHost(description.virtualHost).restore(
                found.inOrder, as: description, journal: recovered.journal)
        }
        for binding in recovered.sortedBindings { virtualHost(binding.virtualHost).restore(binding, queues) }
        beginSegment(recovered.journal)
    }

    /// A virtual host that is not configured any more but has something in the store is there all the same: what was
    /// confirmed is not lost by a missing word on the command line.
    private func virtualHost(_ name: String) -> VirtualHost {
        if let known = virtualHosts[name] { return known }
        let virtualHost = VirtualHost(name: name, core: self)
        virtualHosts[name] = virtualHost
        return virtualHost
    }

    // MARK: Writing

    /// True when ``takeStoreBatch()`` has something.
    public var hasStoreBatch: Bool { journal?.isPending ?? false }

    /// What is to be written next; nil: nothing. The one taken before must have been carried out.
    public func takeStoreBatch() -> StoreBatch? {
        guard let journal, let batch = journal.take() else { return nil }
        if journal.isSegmentFull { beginSegment(journal) }
        return batch
    }

    /// A batch that needed it has been forced to disk. Whoever waited for it is told.
    public func stored(through batch: UInt64, now: Int64) {
        advance(to: now)
        journal?.stored(through: batch)
        let waiting = waitingForStore
        waitingForStore.removeAll(keepingCapacity: true)
        for id in waiting { connection(id)?.storeHasMoved() }
    }

    /// Everything up to this batch is on disk. Without a store nobody waits for anything.
    var storedBatch: UInt64 { journal?.storedBatch ?? .max }

    /// Octets that wait to be written, or are being written.
    var storeBacklog: Int { journal.map { $0.pendingOctets + $0.takenOctets } ?? 0 }

    /// Begins a segment with all that is declared.
    private func beginSegment(_ journal: Journal) {
        journal.beginSegment(salt: randomBits())
        for (_, virtualHost) in virtualHosts.sorted(by: { $0.key < $1.key }) { virtualHost.describe(to: journal) }
    }
}

extension VirtualHost {
    /// Writes down everything durable that is declared here.
    func describe(to journal: Journal) {
        let exchanges = exchanges.values.sorted { $0.name < $1.name }
        for exchange in exchanges where exchange.isStored {
            journal.append(.exchangeDeclared(description(of: exchange)))
        }
        for queue in queues.values.sorted(by: { $0.store.number < $1.store.number }) where queue.isStored {
            journal.append(.queueDeclared(queue.description))
        }
        let bindings = exchanges.flatMap(\.bindings.values).joined().filter(\.isDurable)
        for binding in bindings.sorted(by: { $0.order < $1.order }) {
            journal.append(.bound(description(of: binding)))
        }
    }

    func description(of exchange: Exchange) -> StoredExchange {
        StoredExchange(virtualHost: name, name: exchange.name, declaration: exchange.declaration)
    }

    func description(of binding: Binding) -> StoredBinding {
        let destination: StoredBinding.Destination =
            switch binding.destination {
            case .queue(let queue): .queue(number: queue.store.number)
            case .exchange(let exchange): .exchange(exchange.name)
            }
        return StoredBinding(
            virtualHost: name, source: binding.source.name, destination: destination, key: binding.key,
            arguments: binding.arguments)
    }

    /// Makes a queue that was found in the store.
    fileprivate func restore(_ messages: [QueuedMessage], as found: StoredQueue, journal: Journal) -> Queue? {
        let label = "queue '\(found.name)' in vhost '\(name)'"
        // They were checked when the queue was declared.
        guard let arguments = try? QueueArguments(found.arguments, label: label) else { return nil }
        let queue = Queue(
            name: found.name,
            declaration: .init(durable: true, autoDelete: found.autoDelete, arguments: found.arguments),
            arguments: arguments, in: self)
        queue.restore(messages, as: found, journal: journal)
        restore(queue)
        return queue
    }

    fileprivate func restore(_ found: StoredBinding, _ queues: [UInt64: Queue]) {
        guard let source = exchange(found.source) else { return }
        let destination: Destination?
        switch found.destination {
        case .queue(let number): destination = queues[number].map(Destination.queue)
        case .exchange(let name): destination = exchange(name).map(Destination.exchange)
        }
        guard let destination else { return }
        attach(Binding(source: source, destination: destination, key: found.key, arguments: found.arguments))
    }

    /// Puts a message in queues, and in the log where one of them is durable and it is persistent.
    ///
    /// - Returns: whether all queues took it, and the batch of the store it is in; 0: none.
    func enqueue(_ message: Message, in queues: [Queue]) -> (accepted: Bool, batch: UInt64) {
        var message = message
        var journal: Journal?
        if message.traits.isPersistent, let ours = core.journal, queues.contains(where: \.isStored) {
            message = StoredMessage(message, journal: ours)
            journal = ours
        }
        var accepted = true
        for queue in queues where !queue.publish(message) { accepted = false }
        guard let journal, let stored = message.stored else { return (accepted, 0) }
        return (accepted, journal.write(stored))
    }
}
