import AMQPWire

// What was found in the store becomes what is there.

extension BrokerCore {
    /// A broker that keeps what is durable in a store, and begins with what was found there.
    ///
    /// Throws when something that was found makes no sense, with the place where the log says it: nothing is left out.
    public convenience init(
        _ configuration: BrokerConfiguration = BrokerConfiguration(), now: Int64, recovered: StoreRecovery
    ) throws(StoreDamage) {
        self.init(configuration, now: now, journal: recovered.journal)
        try configuration.watched { () throws(StoreDamage) in try restore(recovered) }
    }

    private func restore(_ recovered: StoreRecovery) throws(StoreDamage) {
        for definition in recovered.sortedVirtualHosts { keptVirtualHost(definition.name).follow(definition) }
        for policy in recovered.sortedPolicies { try restore(policy) }
        for exchange in recovered.sortedExchanges { try restore(exchange) }
        var queues: [UInt64: any Queue] = [:]
        for found in recovered.sortedQueues {
            queues[found.description.value.number] = try restore(found, recovered.journal)
        }
        for binding in recovered.sortedBindings { try restore(binding, queues) }
        beginSegment(recovered.journal, isAtStart: true)
        for host in virtualHosts.sorted(by: { $0.key < $1.key }) { host.value.catchUpWithPolicies() }
    }

    /// A virtual host that is not configured any more but has something in the store is there all the same: what was
    /// confirmed is not lost by a missing word on the command line.
    private func keptVirtualHost(_ name: String) -> VirtualHost {
        if name != "/", quirk(.oneVirtualHostIsRestored) { return keptVirtualHost("/") }
        return virtualHosts[name] ?? addVirtualHost(name)
    }

    private func restore(_ found: StoreRecovery.Found<StoredPolicy>) throws(StoreDamage) {
        let policy = found.value
        guard let target = Policy.Target(rawValue: policy.target) else {
            throw found.damage("the policy '\(policy.name)' is for '\(policy.target)', which this broker doesn't know")
        }
        do throws(PolicyRefusal) {
            keptVirtualHost(policy.virtualHost).restore(
                try Policy(
                    policy.name, in: policy.virtualHost, pattern: policy.pattern, target: target,
                    priority: policy.priority, definition: policy.definition))
        } catch { throw found.damage("the policy '\(policy.name)' can't be made: \(error.reason)") }
    }

    private func restore(_ found: StoreRecovery.Found<StoredExchange>) throws(StoreDamage) {
        let exchange = found.value
        do throws(BrokerError) {
            try keptVirtualHost(exchange.virtualHost).addExchange(
                exchange.name,
                ExchangeDeclaration(
                    type: exchange.type, durable: !quirk(.restoredExchangesAreTransient),
                    autoDelete: exchange.autoDelete,
                    isInternal: exchange.isInternal && !quirk(.restoredExchangesArePublic),
                    arguments: exchange.arguments))
        } catch { throw found.damage("the exchange '\(exchange.name)' can't be made: \(error.text)") }
    }

    private func restore(_ found: RecoveredQueue, _ journal: Journal) throws(StoreDamage) -> any Queue {
        let description = found.description.value
        let virtualHost = keptVirtualHost(description.virtualHost)
        let arguments: QueueArguments
        do throws(BrokerError) {
            arguments = try QueueArguments(
                description.arguments, label: virtualHost.label(ofQueue: description.name), in: nil)
        } catch { throw found.description.damage("a queue can't be made: \(error.text)") }
        let queueJournal = QueueJournal(
            journal, number: description.number, keepsAll: arguments.kind.keepsAll,
            deliveredBelow: description.deliveredBelow)
        let queue = virtualHost.addQueue(
            description.name,
            QueueDeclaration(
                durable: !quirk(.restoredQueuesAreTransient), autoDelete: description.autoDelete,
                arguments: description.arguments),
            arguments, journal: queueJournal)
        // Transient messages had places too, which the log does not know of unless they were handed out: what comes in
        // from now on must not look as if it had been.
        var nextPosition = max(description.nextPosition, description.deliveredBelow)
        if quirk(.transientPlacesAreForgotten) { nextPosition = description.nextPosition }
        if quirk(.positionsStartAnew) { nextPosition = 0 }
        if let queue = queue as? QuorumQueue {
            queue.restore(found, nextPosition: nextPosition, queueJournal)
            return queue
        }
        if let queue = queue as? StreamQueue {
            queue.restore(found.runs, nextPosition: nextPosition)
            return queue
        }
        queue.restore([], nextPosition: nextPosition)
        found.forEachRun { run in
            let messages = run.map { found in
                let isLate = found.expiresAt != .max && quirk(.timesToLiveStartAnew)
                let isNext = found.position == description.deliveredBelow && quirk(.oneMoreIsRedelivered)
                let isBack =
                    (found.position < description.deliveredBelow || isNext) && !quirk(.nothingIsRedelivered)
                return QueuedMessage(
                    message: found.message, position: found.position,
                    expiresAt: isLate ? now + (arguments.messageTimeToLive ?? .max >> 1) : found.expiresAt,
                    returnCount: isBack ? 1 : 0, failureCount: isBack ? 1 : nil)
            }
            queue.restore(messages, nextPosition: nextPosition)
        }
        return queue
    }

    private func restore(
        _ found: StoreRecovery.Found<StoredBinding>, _ queues: [UInt64: any Queue]
    ) throws(StoreDamage) {
        let binding = found.value
        let virtualHost = keptVirtualHost(binding.virtualHost)
        guard let source = virtualHost.exchange(binding.source) else {
            throw found.damage("a binding's source, exchange '\(binding.source)', is not there")
        }
        if source.declaration.type == "x-consistent-hash", quirk(.hashesAreForgotten) { return }
        let end: BindingEnd
        switch binding.destination {
        case .queue(let number):
            guard let queue = queues[number] else {
                throw found.damage("a binding's queue, number \(number), is not there")
            }
            end = .queue(queue)
        case .exchange(let name):
            guard let exchange = virtualHost.exchange(name) else {
                throw found.damage("a binding's destination, exchange '\(name)', is not there")
            }
            end = .exchange(exchange)
        }
        guard virtualHost.addBinding(source, to: end, key: binding.key, arguments: binding.arguments) != nil else {
            throw found.damage("a binding's queue is not in vhost '\(binding.virtualHost)'")
        }
    }
}
