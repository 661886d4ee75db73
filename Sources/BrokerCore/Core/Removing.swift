import AMQPWire
import DataStructures

// What is deleted is not there any more at once, and with it what goes along. Bindings are taken apart in slices: none of
// them matches meanwhile, because one of its ends is gone. Of the exchanges that go along, a long row does so in slices too.

extension VirtualHost {
    func delete(_ exchange: Exchange<any Queue>, then: @escaping () -> Void) -> LongWork {
        let isWhole = !quirk(.deletedExchangeStaysADestination)
        let count = exchange.bindingCount + (isWhole ? exchange.incoming.count : 0)
        let sources = takeOut(exchange, isWhole: isWhole)
        var cursor = PartCursor()
        return removal(behind: LeavingRow(.exchange, of: exchange, sources, isAlone: count == 1), then: then) {
            exchange.bindings(&cursor) ?? (isWhole ? exchange.popIncoming() : nil)
        }
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
            return removal(behind: LeavingRow(.queue, [], isAlone: false), then: then)
        }
        if !quirk(.deletedQueueKeepsItsRoutes) { topologyVersion += 1 }
        leavingQueues.insert(queue.name)
        core.tally.counters.queuesDeleted += 1
        if let owner = queue.declaration.owner { core.connection(owner)?.forget(queue) }
        var sources: LeavingRow.Sources = []
        let isWhole = !quirk(.deletedQueueLeavesItsBindings)
        if isWhole {
            hosted.end.markRemoved()
            sources = hosted.end.incoming.autoDeleteSources
            if !sources.isEmpty, quirk(.autoDeleteIsForUnbind) { sources = [] }
        }
        let row = LeavingRow(.queue, sources, isAlone: isWhole && hosted.end.incoming.count == 1) {
            [unowned self, unowned core] _ in
            leavingQueues.remove(queue.name)
            if let journal = hosted.journal {
                if !quirk(.queueDeletesAreNotWritten) { core.journal?.declare(.queueDeleted(number: journal.number)) }
                journal.delete()
            }
            queue.delete()
        }
        return removal(
            behind: row,
            then: {
                then()
                queue.dismissConsumers()
            }, bindings: { isWhole ? hosted.end.popIncoming() : nil })
    }

    func end(_ queue: any Queue) {
        let removal = delete(queue) {}
        let slice = core.pool.work.slice
        let units = removal(slice)
        core.spend(WorkLimits.unitsOfDeletion + units)
        if units >= slice { doInSlicesLater { removal(slice) >= slice } }
    }

    func unbind(
        _ source: Exchange<any Queue>, from end: BindingEnd, key: ShortString, arguments: FieldTable,
        then: @escaping () -> Void
    ) -> LongWork {
        guard let binding = binding(source, end, key, arguments) else {
            let ends = source.declaration.autoDelete && quirk(.unbindingNothingEndsAutoDelete)
            return removal(behind: LeavingRow(.binding, ends ? [(source, 0)] : [], isAlone: true), then: then)
        }
        let isWritten = binding.isDurable && (source.isStored || !quirk(.predeclaredUnbindsAreNotWritten))
        let unbound = isWritten ? description(of: binding) : nil
        remove(binding)
        let row = LeavingRow(.binding, [(source, 0)], isAlone: true) { [unowned core] gone in
            // A source that has gone took it along in the log.
            if gone.isEmpty, let unbound, !quirk(.unbindsAreNotWritten) { core.journal?.declare(.unbound(unbound)) }
        }
        return removal(behind: row, then: then)
    }

    // MARK: Exchanges that go along

    /// The log has not heard of all that is not there any more. Nothing is declared meanwhile that has such a name.
    var isLosingRows: Bool { !leavingRows.isEmpty }
    func isLosing(exchange name: ShortString) -> Bool { isLosingRows && leavingExchanges.contains(name) }
    func isLosing(queue name: ShortString) -> Bool { isLosingRows && leavingQueues.contains(name) }

    /// Goes on with the rows that are on their way out. Returns of how many units.
    func loseRows(_ most: Int) -> Int { leavingRows.first.map { goOn(with: $0, most) } ?? 0 }

    /// Some of a row goes, of so many units or a few more. Returns of how many: of fewer when it is over.
    func goOn(with row: LeavingRow, _ most: Int) -> Int {
        var units = 0
        while units < most, !row.isOver {
            if let (source, count) = row.left.popLast() {
                units += 1
                Steps.take()
                units += noteLostBindings(count, of: source, in: row)
                continue
            }
            let unwritten = row.unwritten ?? row.gone.count
            row.unwritten = unwritten - 1
            if unwritten > 0 {
                units += 1
                Steps.take()
                write(endOf: row.gone[unwritten - 1], in: row)
            } else {
                row.finish()
                leavingRows.removeAll { $0 === row }
                // There is nothing in them; the room of a hundred thousand goes too.
                if leavingRows.isEmpty { (leavingExchanges, leavingQueues) = ([], []) }
            }
        }
        return units
    }

    /// So many bindings of an exchange lead nowhere any more: perhaps it goes. Returns what it counts that others are to be
    /// looked at then.
    private func noteLostBindings(_ count: Int, of source: Exchange<any Queue>, in row: LeavingRow) -> Int {
        source.noteDeadBindings(count)
        guard source.declaration.autoDelete, exchanges[source.name] === source,
            source.liveBindingCount == 0 || quirk(.autoDeleteGoesWithAnyBinding),
            row.isAlone || !quirk(.autoDeleteNeedsALoneBinding)
        else { return 0 }
        row.gone.append(source)
        let sources = takeOut(source, isWhole: !quirk(.autoDeleteGoesOneExchangeFar))
        row.left += sources
        return sources.count / WorkLimits.placesOfUnit
    }

    /// An exchange is not there any more. Returns those that lead to it and go with their last binding, unless it stays where
    /// bindings lead.
    func takeOut(_ exchange: Exchange<any Queue>, isWhole: Bool) -> LeavingRow.Sources {
        exchanges[exchange.name] = nil
        leavingExchanges.insert(exchange.name)
        if !quirk(.deletedExchangeKeepsItsRoutes) { topologyVersion += 1 }
        guard isWhole else { return [] }
        exchange.markRemoved()
        let sources = exchange.incoming.autoDeleteSources
        return !sources.isEmpty && quirk(.sourcesOutliveTheirDestination) ? [] : sources
    }

    /// Tells the log that an exchange is gone, and with it its bindings.
    private func write(endOf exchange: Exchange<any Queue>, in row: LeavingRow) {
        leavingExchanges.remove(exchange.name)
        guard exchange.isStored, !quirk(.exchangeDeletesAreNotWritten),
            row.cause != .binding || !quirk(.endByUnbindIsNotWritten)
        else { return }
        core.journal?.declare(.exchangeDeleted(virtualHost: name, name: exchange.name))
    }

    // MARK: Bindings

    /// Has a row go, as far as a slice reaches at once; then removes the bindings, of which it is given some at a time, and in the
    /// end nil, and those that led to the row; then does `then`.
    private func removal(
        behind row: LeavingRow, then: @escaping () -> Void, bindings: @escaping () -> [Binding<any Queue>]? = { nil }
    ) -> LongWork {
        core.spend(goOn(with: row, core.pool.work.slice))
        if !row.isOver { leavingRows.append(row) }
        var pending: [Binding<any Queue>] = []
        var last: (() -> Void)? = then
        return { [self] most in
            var units = goOn(with: row, most)
            while units < most {
                if let binding = pending.popLast() {
                    units += WorkLimits.unitsOfRemoval
                    remove(binding)
                } else if let some = bindings() ?? row.nextIncoming() {
                    units += 1
                    pending = some
                } else {
                    break
                }
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
