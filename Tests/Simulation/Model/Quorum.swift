// What quorum queues do otherwise, as in the dialect of RabbitMQ 3.10: everything is kept, what comes back is counted,
// and stands first, or, where nothing limits how often it does, last.

extension Copy {
    /// What a batch says of a copy that was handed out.
    struct Note {
        var batch: UInt64
        /// How often it came back.
        var count: Int
        /// nil: it is still handed out. What came back is served by rising turn.
        var turn: Int?
        /// It was put to the end of the queue, before the copy that would have this place.
        var before: Int?
    }

    func forgetNotes(before synced: UInt64) {
        guard notes.count > 1 else { return }
        notes.removeFirst(max(0, (notes.lastIndex { $0.batch <= synced } ?? 0)))
    }
}

extension Model {
    /// A batch says how it ended.
    func note(_ copy: Copy, turn: Int?, before: Int? = nil) {
        copy.notes.removeAll { $0.batch == batch }
        copy.notes.append(.init(batch: batch, count: copy.returnCount, turn: turn, before: before))
    }

    /// One more than the limit is taken, and nothing more then until a fifth is gone.
    func refuses(_ queue: ModelQueue) -> Bool {
        guard let limit = queue.kind.maximumLength else { return false }
        queue.isFull = queue.ready.count > (queue.isFull ? limit * 4 / 5 : limit)
        return queue.isFull
    }

    /// Copies come back together.
    func comeBack(_ copies: [Copy], to queue: ModelQueue, isAbandoned: Bool) {
        for copy in copies {
            copy.redelivered = true
            copy.returnCount += 1
            if let limit = queue.kind.deliveryLimit, copy.returnCount > limit {
                drop(copy, of: queue, "delivery_limit")
                continue
            }
            let goesToTheEnd = queue.kind.deliveryLimit == nil && !isAbandoned
            copy.isReturned = !goesToTheEnd
            lastTurn += 1
            note(copy, turn: lastTurn, before: goesToTheEnd ? lastPlace + 1 : nil)
            queue.insert(copy)
        }
    }

    /// Gives up what failed too often when the broker before ended.
    func giveUp(_ queue: ModelQueue) {
        let copies = queue.overTheLimit
        queue.overTheLimit = []
        for copy in copies { drop(copy, of: queue, "delivery_limit") }
    }

    // MARK: After a crash

    /// How far the log goes: all batches up to one, and of the next so many of its messages, and perhaps what it says of
    /// those that were handed out; what it says of those that are gone comes last, and makes it whole.
    private struct Extent {
        var whole: UInt64
        var messages = 0
        var isNoted = false
    }

    private static func extents(_ queue: ModelQueue, sure: UInt64, possible: UInt64) -> [Extent] {
        (sure...max(sure, possible)).flatMap { whole -> [Extent] in
            if whole == possible || whole > possible { return [Extent(whole: whole)] }
            let messages = queue.written.filter { $0.record.born == whole + 1 }.count
            return (0...messages).map { Extent(whole: whole, messages: $0) }
                + [Extent(whole: whole, messages: messages, isNoted: true)]
        }
    }

    /// The queue that the messages found are in; nil: it can't be.
    func matchQuorum(
        _ messages: [Found.Message], _ queue: ModelQueue, _ found: Found, sure: UInt64, possible: UInt64
    ) -> ModelQueue? {
        for extent in Self.extents(queue, sure: sure, possible: possible) {
            let adopted = restore(queue, extent)
            let isSame =
                adopted.ready.count == messages.count
                && zip(adopted.ready, messages).allSatisfy { copy, message in
                    let count = copy.returnCount > 0 ? copy.returnCount : nil
                    return message.content == copy.content.counted(count) && message.redelivered == copy.redelivered
                }
            // Where its dead letters go nowhere, nobody can tell.
            let given = queue.kind.deadLetterKey.flatMap { found.queues[$0] } == nil ? nil : found.overTheLimit
            if isSame, given.map({ $0[queue.kind.name] ?? [] == adopted.overTheLimit.map(\.content.number) }) ?? true {
                return adopted
            }
        }
        return nil
    }

    /// What a broker makes of the queue that finds so much of the log.
    private func restore(_ queue: ModelQueue, _ extent: Extent) -> ModelQueue {
        let adopted = ModelQueue(queue.kind, number: queue.number, Record(born: 0))
        var others: [(copy: Copy, place: Int, turn: Int)] = []
        var returned: [(copy: Copy, turn: Int)] = []
        var abandoned: [Copy] = []
        var young = 0
        for old in queue.written.sorted(by: { $0.place < $1.place }) {
            guard let born = old.record.born, born <= extent.whole + 1 else { continue }
            if born == extent.whole + 1 {
                young += 1
                if young > extent.messages { continue }
            }
            if let died = old.record.died, died <= extent.whole { continue }
            let copy = Copy(
                old.content, isPersistent: old.isPersistent, place: old.place, expiresAt: old.expiresAt, in: queue.kind)
            copy.record.born = 0
            let note = old.notes.last { note in
                // Of what is gone by the end of a batch the batch says only that.
                note.batch <= extent.whole + (extent.isNoted ? 1 : 0) && old.record.died.map { $0 > note.batch } ?? true
            }
            guard let note else {
                others.append((copy, copy.place, .max))
                continue
            }
            copy.returnCount = note.count
            copy.redelivered = note.count > 0
            copy.notes = [.init(batch: 0, count: note.count, turn: note.turn, before: note.before)]
            switch (note.turn, note.before) {
            case (nil, _): abandoned.append(copy)
            case (let turn?, nil): returned.append((copy, turn))
            case (let turn?, let before?): others.append((copy, before, turn))
            }
        }
        adopted.ready =
            returned.sorted { $0.turn < $1.turn }.map(\.copy)
            + others.sorted { ($0.place, $0.turn) < ($1.place, $1.turn) }.map(\.copy)
        for copy in returned { copy.copy.isReturned = true }
        adopted.written = (adopted.ready + abandoned).sorted { $0.place < $1.place }
        for copy in abandoned {
            copy.returnCount += 1
            copy.redelivered = true
            if let limit = queue.kind.deliveryLimit, copy.returnCount > limit {
                adopted.overTheLimit.append(copy)
            } else {
                copy.isReturned = true
                adopted.insert(copy)
            }
        }
        return adopted
    }

    /// Notes what came back by the broker's end, which the log hears of with the first batch.
    func noteAbandoned(_ queue: ModelQueue) {
        for copy in queue.ready where copy.isReturned && copy.notes.last?.turn == nil {
            lastTurn += 1
            note(copy, turn: lastTurn)
        }
    }

    static func describeQuorum(
        _ queue: String, _ messages: [Found.Message], _ copies: [Copy], _ sure: UInt64, _ possible: UInt64
    ) -> String {
        let found = messages.map { "\($0.content.number)\($0.content.deliveryCount.map { " count \($0)" } ?? "")" }
        let known = copies.map { copy in
            let notes = copy.notes.map { note in
                "batch \(note.batch): \(note.count) \(note.turn.map { "turn \($0)" } ?? "out")"
                    + (note.before.map { " before \($0)" } ?? "")
            }
            return "\n        \(copy.content.number), place \(copy.place), batches "
                + "\(copy.record.born.map { "\($0)" } ?? "none") to \(copy.record.died.map { "\($0)" } ?? "ever"); "
                + notes.joined(separator: ", ")
        }
        return """
            queue \(queue) is not as it must be after the crash; batches \(sure) to \(possible)
                seen:  \(found.joined(separator: ", "))
                known: \(known.joined())
            """
    }
}
