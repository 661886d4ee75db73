import AMQPWire

// What the records of a segment say, taken in one after the other.

extension StoreRecovery {
    /// Takes in all records. Returns where the last write was cut off; nil: nowhere.
    mutating func replayRecords(
        of segment: SegmentScan, _ header: SegmentFormat.Header, isOpen: Bool
    ) throws(StoreDamage) -> Int? {
        for part in segment.parts { try replay(part) }
        if segment.end == segment.count { return nil }
        guard isOpen, !SegmentFormat.wasOnDisk(segment.end, in: segment.whole, salt: header.salt) else {
            throw StoreDamage(segment: header.segment, offset: segment.end, reason: "a record is damaged")
        }
        return segment.end
    }

    private mutating func replay(_ part: SegmentPart) throws(StoreDamage) {
        let names = part.names.map { self.names.shared($0) }
        var (next, copy) = (0, 0)
        for other in part.others {
            replay(part, next..<other.before, names, &copy)
            next = other.before
            do throws(WireError) {
                try replay(try JournalRecord(other.payload[...]), other.payload[...], at: other.place)
            } catch {
                throw StoreDamage(
                    segment: newest, offset: other.place, reason: "a record makes no sense: \(error.reason)")
            }
        }
        replay(part, next..<part.messages.count, names, &copy)
    }

    private mutating func replay(_ part: SegmentPart, _ range: Range<Int>, _ names: [ShortString], _ copy: inout Int) {
        var next = range.lowerBound
        while next < range.upperBound {
            if let stream = stream(of: part, next, copy) {
                stream.add(part.copies[copy], part.messages[next], in: newest)
                (next, copy) = (next + 1, copy + 1)
                continue
            }
            var (end, after) = (next, copy)
            repeat {
                after += Int(part.messages[end].copyCount)
                end += 1
            } while end < range.upperBound && stream(of: part, end, after) == nil
            replayMessages(part, next..<end, names, &copy)
            next = end
        }
    }

    /// The stream that alone has this message; nil: others have it.
    private mutating func stream(of part: SegmentPart, _ message: Int, _ copy: Int) -> RecoveredQueue? {
        guard hasStreams, part.messages[message].copyCount == 1 else { return nil }
        let queue = queue(part.copies[copy].queue)
        return queue.hasRuns ? queue : nil
    }

    private mutating func replayMessages(
        _ part: SegmentPart, _ range: Range<Int>, _ names: [ShortString], _ copy: inout Int
    ) {
        if range.isEmpty { return }
        let messages = range.map { index in
            let found = part.messages[index]
            return Message(
                onDisk: RecordPlace(segment: newest, offset: found.place, count: found.count),
                contentCount: Int(found.contentCount), exchange: names[Int(found.exchange)],
                routingKey: names[Int(found.routingKey)], propertiesCount: Int(found.propertiesCount),
                traits: .init(found))
        }
        journal.addFound(messages, part.messages[range], part.copies[copy...])
        var taken = 0
        while taken < messages.count {
            let number = part.copies[copy].queue
            if part.messages[range.lowerBound + taken].copyCount > 1 {
                for _ in 0..<part.messages[range.lowerBound + taken].copyCount {
                    enter(messages[taken...taken], part.copies[copy...copy])
                    copy += 1
                }
                taken += 1
                continue
            }
            // Mostly many in a row are for the same queue.
            var count = 1
            while taken + count < messages.count, part.messages[range.lowerBound + taken + count].copyCount == 1,
                part.copies[copy + count].queue == number
            {
                count += 1
            }
            enter(messages[taken..<(taken + count)], part.copies[copy..<(copy + count)])
            taken += count
            copy += count
        }
    }

    /// Messages have a place each in one queue.
    private mutating func enter(_ messages: ArraySlice<Message>, _ copies: ArraySlice<StoredContent.Copy>) {
        guard let number = copies.first?.queue else { return }
        let queue = queue(number)
        if queue.hasRuns {
            for (message, copy) in zip(messages, copies) {
                queue.add(message, at: copy.position, time: copy.expiresAt)
                journal.removeFound(.init(queue: number, position: copy.position), of: message)
            }
            return
        }
        for (old, position) in queue.add(messages, copies) {
            journal.removeFound(.init(queue: number, position: position), of: old)
        }
    }

    /// The queue with this number. Messages come of one that nothing has been heard of when the segment with its
    /// declaration is gone: then a later one has it too. Or it was deleted.
    private mutating func queue(_ number: UInt64) -> RecoveredQueue {
        if let lastQueue, lastQueue.number == number { return lastQueue.queue }
        let queue = queues[number] ?? expect(queue: number)
        lastQueue = (number, queue)
        return queue
    }

    private mutating func expect(queue number: UInt64) -> RecoveredQueue {
        journal.queueNumbers.skip(through: number)
        let description = StoredQueue(
            number: number, virtualHost: "/", name: ShortString(truncating: "salvaged-\(number)"), autoDelete: false,
            arguments: [:], nextPosition: 0, deliveredBelow: 0)
        let queue = RecoveredQueue(Found(value: description, segment: newest, offset: 0))
        queues[number] = queue
        return queue
    }

    mutating func replay(
        _ record: JournalRecord, _ payload: ArraySlice<UInt8>, at place: Int
    ) throws(WireError) {
        func found<Value>(_ value: Value) -> Found<Value> { Found(value: value, segment: newest, offset: place) }
        switch record {
        case .synced: break
        case .oldest(let segment): oldest = segment
        case .exchangeDeclared(let exchange):
            exchanges[ExchangeKey(virtualHost: exchange.virtualHost, name: exchange.name)] = found(exchange)
        case .exchangeDeleted(let virtualHost, let name):
            let key = ExchangeKey(virtualHost: virtualHost, name: name)
            exchanges[key] = nil
            if !quirk(.deletedExchangesLeaveBindings) { bindings.removeAll(of: key) }
        case .queueDeclared(let queue):
            journal.queueNumbers.skip(through: queue.number)
            let known = queues[queue.number] ?? RecoveredQueue(found(queue))
            known.declare(as: found(queue))
            queues[queue.number] = known
            guard findsRuns, known.isStream, !known.hasRuns else { return }
            hasStreams = true
            known.keepRuns { message, position in
                journal.removeFound(.init(queue: queue.number, position: position), of: message)
            }
        case .queueDeleted(let number):
            journal.queueNumbers.skip(through: number)
            lastQueue = nil
            queues.removeValue(forKey: number)?.removeAll { message, position in
                journal.removeFound(.init(queue: number, position: position), of: message)
            }
            bindings.removeAll(ofQueue: number)
        case .bound(let binding): bindings.bind(Array(payload.dropFirst()), found(binding), in: newest)
        case .unbound: bindings.unbind(Array(payload.dropFirst()))
        case .message(let content):
            take(content, at: place, count: SegmentFormat.recordOverhead + payload.count)
        case .settled(let runs):
            for run in runs {
                queues[run.queue]?.remove(from: run.first, count: run.count) { message, position in
                    journal.removeFound(.init(queue: run.queue, position: position), of: message)
                }
            }
        case .delivered(let queue, let below): queues[queue]?.noteDelivery(below: below)
        case .deliveries(let deliveries):
            for delivery in deliveries { queues[delivery.copy.queue]?.note(delivery) }
        case .described(let segment):
            journal.noteFoundDescription(since: segment, at: place)
            bindings.noteDescription(since: segment)
        case .virtualHostDefined(let definition): virtualHosts[definition.name] = definition
        case .policySet(let policy):
            policies[PolicyName(virtualHost: policy.virtualHost, name: policy.name)] = found(policy)
        case .policyCleared(let virtualHost, let name):
            policies[PolicyName(virtualHost: virtualHost, name: name)] = nil
        }
    }

    /// A message that did not come in a table.
    private mutating func take(_ content: StoredContent, at place: Int, count: Int) {
        var (part, copy) = (SegmentPart(), 0)
        part.add(content, at: place, count: count)
        replay(part, part.messages.indices, part.names.map { names.shared($0) }, &copy)
    }
}

/// One array for all names that are equal: it saves tens of octets a message.
struct SharedNames {
    private var known: Set<ShortString> = []

    mutating func shared(_ name: ShortString) -> ShortString {
        // Keys that are all different are not worth a table of them.
        if known.count == 1024 { known = [] }
        return known.insert(name).memberAfterInsert
    }
}
