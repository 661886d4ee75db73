/// A message's place in a queue that is being read back.
struct RecoveredMessage {
    let message: Message
    let position: UInt64
    /// Milliseconds since the Unix epoch; `Int64.max`: never.
    let expiresAt: Int64
}

/// A queue as far as it has been read back.
final class RecoveredQueue {
    private(set) var description: StoreRecovery.Found<StoredQueue>
    /// False: there are messages of it, and what it was declared as has yet to come.
    private(set) var isDeclared = false
    /// By rising position.
    private var places: [Place] = []
    /// Messages that were copied to the end of the log, and so come after younger ones.
    private var moved: [UInt64: RecoveredMessage] = [:]
    private(set) var messageCount = 0
    /// What became of those that were handed out, by position, where that is told of each.
    private(set) var deliveries: [UInt64: DeliveryState] = [:]
    /// Those of which this is told before the message's place in the log, which was copied there by a batch that was cut off:
    /// it would go with the older segments.
    private(set) var toldBefore: Set<UInt64> = []
    /// What it has instead of messages, if it is a stream and that is known.
    private var found: RecoveredRuns?
    private(set) var runs: [StoredRun] = []

    private struct Place {
        /// nil: it is gone.
        var message: Message?
        let position: UInt64
        let expiresAt: Int64
    }

    init(_ description: StoreRecovery.Found<StoredQueue>) { self.description = description }

    func declare(as found: StoreRecovery.Found<StoredQueue>) {
        let old = description.value
        description = found
        description.value.nextPosition = max(old.nextPosition, found.value.nextPosition)
        description.value.deliveredBelow = max(old.deliveredBelow, found.value.deliveredBelow)
        isDeclared = true
    }

    // MARK: Streams

    var isStream: Bool { isDeclared && description.value.arguments["x-queue-type"]?.text == "stream" }

    /// Its messages are known by where they are, and not one by one.
    var hasRuns: Bool { found != nil }

    /// From now on it is so. `gone` is told of each message that was known before.
    func keepRuns(gone: (Message, UInt64) -> Void) {
        found = RecoveredRuns(queue: description.value.number)
        forEachRun { run in
            for message in run {
                add(message.message, at: message.position, time: message.expiresAt)
                gone(message.message, message.position)
            }
        }
        (places, moved, messageCount) = ([], [:], 0)
    }

    func add(_ message: Message, at position: UInt64, time: Int64) {
        guard case .onDisk(let place) = message.content else { return }
        add(
            StoredContent.Copy(queue: description.value.number, position: position, expiresAt: time), place,
            contentCount: message.contentCount, bodySize: message.bodySize)
    }

    /// Adds a message of a stream.
    func add(_ copy: StoredContent.Copy, _ record: RecordPlace, contentCount: Int, bodySize: Int) {
        description.value.nextPosition = max(description.value.nextPosition, copy.position + 1)
        found?.add(copy.position, record, contentCount: contentCount, bodySize: bodySize, time: copy.expiresAt)
    }

    /// Adds a message of a stream, of which there is nothing but its record in this segment.
    func add(_ copy: StoredContent.Copy, _ record: SegmentPart.Message, in segment: UInt32) {
        add(
            copy, RecordPlace(segment: segment, offset: record.place, count: record.count),
            contentCount: Int(record.contentCount), bodySize: Int(record.contentCount - record.propertiesCount))
    }

    /// Nothing more is found.
    func finish(_ journal: Journal) {
        guard let (all, start) = found?.take() else { return }
        runs = journal.addFound(all, from: start)
        messageCount = runs.reduce(0) { $0 + $1.count }
    }

    // MARK: Messages

    func noteDelivery(below: UInt64) {
        description.value.deliveredBelow =
            quirk(.firstDeliveryNoteCounts) && description.value.deliveredBelow > 0
            ? description.value.deliveredBelow : max(description.value.deliveredBelow, below)
    }

    func note(_ delivery: StoredDelivery) {
        deliveries[delivery.copy.position] = delivery.state
        toldBefore.remove(delivery.copy.position)
    }

    /// Adds messages at a place each. Returns those that were there already: they have been copied to a later place in
    /// the log, which then counts. Only for queues that have no runs.
    func add(
        _ messages: ArraySlice<Message>, _ copies: ArraySlice<StoredContent.Copy>
    ) -> [(message: Message, position: UInt64)] {
        messageCount += messages.count
        let next = copies.reduce(0) { max($0, $1.position + 1) }
        description.value.nextPosition = max(description.value.nextPosition, next)
        var replaced: [(message: Message, position: UInt64)] = []
        var at = 0
        while true {
            at += Self.append(messages.dropFirst(at), copies.dropFirst(at), to: &places)
            if at == messages.count { return replaced }
            let (message, copy) = (messages[messages.startIndex + at], copies[copies.startIndex + at])
            if let old = take(copy.position) { replaced.append((old, copy.position)) }
            if deliveries[copy.position] != nil { toldBefore.insert(copy.position) }
            moved[copy.position] = RecoveredMessage(
                message: message, position: copy.position, expiresAt: copy.expiresAt)
            at += 1
        }
    }

    /// Appends messages as long as their positions rise, and returns how many these were.
    private static func append(
        _ messages: ArraySlice<Message>, _ copies: ArraySlice<StoredContent.Copy>, to places: inout [Place]
    ) -> Int {
        var last = places.last?.position
        for count in 0..<messages.count {
            let copy = copies[copies.startIndex + count]
            if let last, copy.position <= last { return count }
            last = copy.position
            places.append(
                Place(
                    message: messages[messages.startIndex + count], position: copy.position, expiresAt: copy.expiresAt))
        }
        return messages.count
    }

    func remove(from first: UInt64, count: UInt32, gone: (Message, UInt64) -> Void) {
        let (end, overflow) = first.addingReportingOverflow(
            UInt64(count > 1 && quirk(.settledRunsEndEarly) ? count - 1 : count))
        if found != nil {
            found?.settle(before: overflow ? .max : end)
            return
        }
        // A long run over few messages: look at what is there rather than at every number.
        var place = index(notBefore: first)
        while place < places.count, overflow || places[place].position < end {
            if let message = places[place].message {
                places[place].message = nil
                messageCount -= 1
                if !deliveries.isEmpty { deliveries[places[place].position] = nil }
                gone(message, places[place].position)
            }
            place += 1
        }
        guard !moved.isEmpty else { return }
        let positions =
            overflow || count > moved.count
            ? moved.keys.filter { $0 >= first && (overflow || $0 < end) }.sorted() : Array(first..<end)
        for position in positions {
            guard let message = moved.removeValue(forKey: position)?.message else { continue }
            messageCount -= 1
            deliveries[position] = nil
            gone(message, position)
        }
    }

    func removeAll(gone: (Message, UInt64) -> Void) {
        forEachRun { run in for found in run { gone(found.message, found.position) } }
    }

    /// Hands out what is there, by rising position, some thousands at a time.
    func forEachRun(_ body: ([RecoveredMessage]) -> Void) {
        var run: [RecoveredMessage] = []
        let others = moved.values.sorted { $0.position < $1.position }
        var next = 0
        for place in places {
            while next < others.count, others[next].position < place.position {
                run.append(others[next])
                next += 1
            }
            guard let message = place.message else { continue }
            run.append(RecoveredMessage(message: message, position: place.position, expiresAt: place.expiresAt))
            if run.count >= 4096 {
                body(run)
                run.removeAll(keepingCapacity: true)
            }
        }
        run += others[next...]
        if !run.isEmpty { body(run) }
    }

    private func take(_ position: UInt64) -> Message? {
        var old = moved.removeValue(forKey: position)?.message
        let place = index(notBefore: position)
        if old == nil, place < places.count, places[place].position == position {
            old = places[place].message
            places[place].message = nil
        }
        if old != nil { messageCount -= 1 }
        return old
    }

    private func index(notBefore position: UInt64) -> Int {
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle].position < position { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
