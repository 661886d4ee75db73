import AMQPWire

// What streams do otherwise: everything stays, and each consumer is at a place of its own.

/// A message of a stream.
final class StreamMessage {
    /// With its offset, as every reader is handed it.
    let content: Content
    let isPersistent: Bool
    /// What it adds to its segment.
    let octets: Int
    /// When it came in, by the clock, and as the stream has it: there no time goes back.
    let cameIn: Int64
    let time: Int64
    var record: Record

    init(_ content: Content, isPersistent: Bool, octets: Int, cameIn: Int64, after last: Int64?, _ record: Record) {
        self.content = content
        self.isPersistent = isPersistent
        self.octets = octets
        self.cameIn = cameIn
        time = max(cameIn, last ?? cameIn)
        self.record = record
    }

    var offset: Int { content.offset ?? 0 }

    /// The same as a broker has it that found it behind another one.
    func found(after last: Int64?) -> StreamMessage {
        StreamMessage(
            content, isPersistent: isPersistent, octets: octets, cameIn: cameIn, after: last, Record(born: 0))
    }
}

extension ModelQueue {
    /// The messages that are there, of all that may be there after a crash.
    var kept: [StreamMessage] { log.filter { $0.record.died == nil } }

    /// The same in segments: one ends with the message that makes it large enough.
    var segments: [[StreamMessage]] {
        var segments: [[StreamMessage]] = []
        for message in kept {
            let octets = segments.last?.reduce(0) { $0 + $1.octets } ?? .max
            if octets >= kind.segmentOctets { segments.append([]) }
            segments[segments.count - 1].append(message)
        }
        return segments
    }

    /// The offset of the next message.
    var end: Int { (kept.last?.offset ?? -1) + 1 }
}

extension Model {
    /// Where a consumer of a stream begins to read.
    enum Start: Sendable {
        case first, last, next
        case offset(Int)
        /// Seconds.
        case time(Int64)
    }

    // MARK: Messages in

    /// Appends a message, and gives up the oldest segments when another begins.
    func append(_ publish: ModelChannel.Publish, to queue: ModelQueue) {
        let count = queue.segments.count
        var content = publish.content
        content.offset = queue.end
        queue.log.append(
            StreamMessage(
                content, isPersistent: publish.isPersistent,
                octets: publish.propertiesCount + content.bodyCount + Self.overhead, cameIn: now,
                after: queue.kept.last?.time, Record(born: batch)))
        if queue.segments.count > count, let most = queue.kind.maximumOctets {
            while let oldest = queue.segments.first, oldest.count < queue.kept.count,
                queue.kept.reduce(0, { $0 + $1.octets }) > most
            {
                for message in oldest { message.record.died = batch }
            }
        }
        queue.turns += queue.readers
        queue.readers = []
        read(queue)
    }

    /// Our broker's word for what a message adds beside its own octets.
    private static let overhead = 48

    // MARK: Messages out

    func consume(_ queue: ModelQueue, from start: Start, tag: String, _ channel: ModelChannel) {
        let consumer = ModelConsumer(
            tag: tag, queue: queue, channel: channel, noAck: false, prefetch: channel.consumerPrefetch, priority: 0)
        consumer.place = place(of: start, in: queue)
        channel.consumers.append(consumer)
        queue.consumers.append(consumer)
        channel.expected.append(.answer(BasicConsumeOk.id, []))
        resumeReader(consumer)
    }

    private func place(of start: Start, in queue: ModelQueue) -> Int {
        switch start {
        case .first: queue.kept.first?.offset ?? queue.end
        case .last: queue.kept.last?.offset ?? queue.end
        case .next: queue.end
        case .offset(let offset): offset
        case .time(let seconds): queue.kept.first { $0.time >= seconds * 1000 }?.offset ?? queue.end
        }
    }

    /// It may have room.
    func resumeReader(_ consumer: ModelConsumer) {
        takeBack(consumer)
        read(consumer.queue)
    }

    /// Each that has something to read reads as far as it has room, a few messages at a time.
    private func read(_ queue: ModelQueue) {
        while !queue.turns.isEmpty {
            let consumer = queue.turns.removeFirst()
            for _ in 0..<Self.turn {
                guard consumer.hasRoom, let message = queue.kept.first(where: { $0.offset >= consumer.place }) else {
                    break
                }
                consumer.place = message.offset + 1
                hand(message, to: consumer)
            }
            takeBack(consumer)
        }
    }

    private static let turn = 32

    /// Puts a reader where it belongs that has had its turn.
    private func takeBack(_ consumer: ModelConsumer) {
        if !consumer.hasRoom { return lineUp(consumer) }
        if consumer.place < consumer.queue.end {
            consumer.queue.turns.append(consumer)
        } else {
            consumer.queue.readers.append(consumer)
        }
    }

    private func hand(_ message: StreamMessage, to consumer: ModelConsumer) {
        let channel = consumer.channel
        channel.lastTag += 1
        channel.expected.append(
            .delivery(consumer: consumer.tag, tag: channel.lastTag, redelivered: false, message.content))
        consumer.out += 1
        channel.consumersOut += 1
        // It stays where it is, so nothing becomes of this copy.
        let copy = Copy(
            message.content, isPersistent: message.isPersistent, place: message.offset, expiresAt: .max,
            in: consumer.queue.kind)
        channel.out.append(.init(tag: channel.lastTag, copy: copy, queue: consumer.queue, consumer: consumer))
    }

    // MARK: After a crash

    /// The stream that the messages found are in; nil: it can't be. They are a row without gaps, with all in it that must be
    /// there.
    func matchStream(
        _ messages: [Found.Message], _ queue: ModelQueue, sure: UInt64, possible: UInt64
    ) -> ModelQueue? {
        let adopted = ModelQueue(queue.kind, number: queue.number, Record(born: 0))
        for message in messages {
            let known = queue.log.first {
                $0.content == message.content && $0.record.mayBeThere(sure: sure, possible: possible)
            }
            guard let known, !message.redelivered, adopted.log.isEmpty || known.offset == adopted.end else {
                return nil
            }
            adopted.log.append(known.found(after: adopted.log.last?.time))
        }
        let isWhole = queue.log.allSatisfy { known in
            !known.record.mustBeThere(sure: sure, possible: possible)
                || adopted.log.contains { $0.offset == known.offset }
        }
        return isWhole ? adopted : nil
    }

    static func describeStream(
        _ name: String, _ messages: [Found.Message], _ queue: ModelQueue?, _ sure: UInt64, _ possible: UInt64
    ) -> String {
        let known = (queue?.log ?? []).map { message in
            "\n        \(message.offset): \(message.content.number), batches "
                + "\(message.record.born.map { "\($0)" } ?? "none") to \(message.record.died.map { "\($0)" } ?? "ever")"
        }
        return """
            stream \(name) is not as it must be after the crash; batches \(sure) to \(possible)
                seen:  \(messages.map { "\($0.content.offset ?? -1): \($0.content.number)" }.joined(separator: ", "))
                known: \(known.joined())
            """
    }
}
