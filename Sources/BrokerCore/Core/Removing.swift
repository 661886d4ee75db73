import AMQPWire

// What is deleted is not there any more at once, and with it what goes along. Bindings are taken apart in slices: none of
// them matches meanwhile, because one of its ends is gone.

extension VirtualHost {
    /// How many bindings lead to what is removed, of each auto-delete exchange.
    private typealias Sources = [(exchange: Exchange<any Queue>, count: Int)]

    func delete(_ exchange: Exchange<any Queue>, then: @escaping () -> Void) -> LongWork {
        let isWhole = !quirk(.deletedExchangeStaysADestination)
        let bindings = exchange.bindings + (isWhole ? exchange.incoming.all : [])
        let gone = remove(leftBy: take(exchange, isWhole: isWhole), isAlone: bindings.count == 1)
        write(endOf: [exchange] + gone)
        return removal(of: bindings + gone.flatMap { $0.isRemoved ? $0.incoming.all : [] }, then: then)
    }

    /// Its dead letters go first: what the log says of the queue's end would be the end of their messages too.
    func delete(_ queue: any Queue, then: @escaping () -> Void) -> LongWork {
        queue.prepareForDeletion()
        guard let journal = queues[queue.name]?.journal, journal.isAwaitingLetters else {
            return deleteAtOnce(queue, then: then)
        }
        var removal: LongWork?
        return { [self] most in
            if removal == nil, journal.isAwaitingLetters { return most }
            let work = removal ?? deleteAtOnce(queue, then: then)
            removal = work
            return work(most)
        }
    }

    private func deleteAtOnce(_ queue: any Queue, then: @escaping () -> Void) -> LongWork {
        guard !queue.isDeleted || quirk(.deletedQueueStaysItsOwners),
            let hosted = queues.removeValue(forKey: queue.name)
        else {
            return removal(of: [], then: then)
        }
        if !quirk(.deletedQueueKeepsItsRoutes) { topologyVersion += 1 }
        core.tally.counters.queuesDeleted += 1
        if let owner = queue.declaration.owner { core.connection(owner)?.forget(queue) }
        var bindings: [Binding<any Queue>] = []
        if !quirk(.deletedQueueLeavesItsBindings) {
            hosted.end.markRemoved()
            bindings = hosted.end.incoming.all
            let sources = hosted.end.incoming.autoDeleteSources
            let goes = sources.isEmpty || !quirk(.autoDeleteIsForUnbind)
            let gone = remove(leftBy: goes ? sources : [], isAlone: bindings.count == 1)
            let incoming = gone.flatMap { $0.isRemoved ? $0.incoming.all : [] }
            if incoming.isEmpty || !quirk(.autoDeletedStaysADestination) { bindings += incoming }
            write(endOf: gone)
        }
        if let journal = hosted.journal {
            if !quirk(.queueDeletesAreNotWritten) { core.journal?.declare(.queueDeleted(number: journal.number)) }
            journal.delete()
        }
        queue.delete()
        return removal(of: bindings) {
            then()
            queue.dismissConsumers()
        }
    }

    func end(_ queue: any Queue) {
        let removal = delete(queue) {}
        let slice = core.pool.work.slice
        later { removal(slice) >= slice }
    }

    func unbind(
        _ source: Exchange<any Queue>, from end: BindingEnd, key: ShortString, arguments: FieldTable,
        then: @escaping () -> Void
    ) -> LongWork {
        guard let binding = binding(source, end, key, arguments) else {
            if source.declaration.autoDelete, quirk(.unbindingNothingEndsAutoDelete) {
                _ = remove(leftBy: [(source, 0)], isAlone: true)
            }
            return removal(of: [], then: then)
        }
        let isWritten = binding.isDurable && (source.isStored || !quirk(.predeclaredUnbindsAreNotWritten))
        let unbound = isWritten ? description(of: binding) : nil
        remove(binding)
        let gone = remove(leftBy: [(source, 0)], isAlone: true)
        if gone.isEmpty || !quirk(.endByUnbindIsNotWritten) { write(endOf: gone) }
        // A source that has gone took it along in the log.
        if gone.isEmpty, let unbound, !quirk(.unbindsAreNotWritten) { core.journal?.declare(.unbound(unbound)) }
        return removal(of: gone.flatMap { $0.isRemoved ? $0.incoming.all : [] }, then: then)
    }

    // MARK: Exchanges

    /// An exchange is not there any more. Returns those that lead to it and go with their last binding, unless it stays where
    /// bindings lead.
    private func take(_ exchange: Exchange<any Queue>, isWhole: Bool) -> Sources {
        exchanges[exchange.name] = nil
        if !quirk(.deletedExchangeKeepsItsRoutes) { topologyVersion += 1 }
        guard isWhole else { return [] }
        exchange.markRemoved()
        let sources = exchange.incoming.autoDeleteSources
        return !sources.isEmpty && quirk(.sourcesOutliveTheirDestination) ? [] : sources
    }

    /// Removes the auto-delete exchanges that have lost their last binding, and those that lose it by that, and so on. Returns
    /// them: each comes behind all that it led to.
    private func remove(leftBy sources: Sources, isAlone: Bool) -> [Exchange<any Queue>] {
        var (gone, left): ([Exchange<any Queue>], Sources) = ([], sources)
        while let (source, count) = left.popLast() {
            source.noteDeadBindings(count)
            guard source.declaration.autoDelete, exchanges[source.name] === source,
                source.liveBindingCount == 0 || quirk(.autoDeleteGoesWithAnyBinding),
                isAlone || !quirk(.autoDeleteNeedsALoneBinding)
            else { continue }
            gone.append(source)
            left += take(source, isWhole: !quirk(.autoDeleteGoesOneExchangeFar))
        }
        core.spend(gone.count)
        return gone
    }

    /// Tells the log that exchanges are gone, and with them their bindings. The last go first, and all of them before the
    /// queue that they led to: wherever a crash cuts the log off, none is left without the binding that held it.
    private func write(endOf exchanges: [Exchange<any Queue>]) {
        for exchange in exchanges.reversed() where exchange.isStored && !quirk(.exchangeDeletesAreNotWritten) {
            core.journal?.declare(.exchangeDeleted(virtualHost: name, name: exchange.name))
        }
    }

    // MARK: Bindings

    /// Removes bindings, then does `then`.
    private func removal(of bindings: [Binding<any Queue>], then: @escaping () -> Void) -> LongWork {
        var pending = bindings
        var last: (() -> Void)? = then
        return { [self] most in
            var units = 0
            while units < most, let binding = pending.popLast() {
                units += WorkLimits.unitsOfRemoval
                remove(binding)
            }
            guard units < most else { return units }
            last?()
            last = nil
            return units
        }
    }

    private func remove(_ binding: Binding<any Queue>) {
        let places = binding.source.router.placeCount
        guard binding.source.detach(binding) else { return }
        load.hold((binding.source.router.placeCount - places) * Load.ofTopicPlace - Self.octets(of: binding))
        if !quirk(.unbindingIsNotSeen) { topologyVersion += 1 }
    }
}
