import AMQPWire

/// What a broker does, as short and plain as can be: arrays that are searched from the front, no log, no octets.
///
/// It is told what clients do, how time passes and how far the store is, and says what every client must be sent for
/// it. Only where the protocol leaves a broker free does it follow ours: whose turn is next, and that what is given
/// back is handed on before the answer.
final class Model {
    var now: Int64
    /// The batch of the store that is being filled.
    private(set) var batch: UInt64 = 1
    /// Everything up to this batch is on the platters.
    private(set) var synced: UInt64 = 0
    var queues: [String: ModelQueue] = [:]
    var exchanges: [String: ModelExchange] = [:]
    /// In the order they were made.
    var bindings: [ModelBinding] = []
    /// What is gone and may be back after a crash.
    var goneQueues: [ModelQueue] = []
    var goneExchanges: [ModelExchange] = []
    var goneBindings: [ModelBinding] = []
    var channels: [Path: ModelChannel] = [:]
    var deadLetters: [(copy: Copy, queue: ModelQueue, reason: String)] = []
    private(set) var lastPlace = 0
    var lastAlarm = 0
    private var lastNumber = 0
    /// Of what comes back to quorum queues.
    var lastTurn = 0

    init(now: Int64) {
        self.now = now
        for kind in ExchangeKind.all where kind.name.hasPrefix("amq.") {
            exchanges[kind.name] = ModelExchange(kind, Record(born: 0))
        }
    }

    deinit { dissolve() }

    /// Queues and their consumers hold each other.
    func dissolve() {
        for queue in queues.values { queue.forgetConsumers() }
    }

    // MARK: The store

    /// The broker has given a batch away to be written; what comes now is in the next.
    func batchWasTaken(_ number: UInt64) { batch = number + 1 }

    /// A batch is on the platters, and what was before it.
    func batchIsSynced(_ number: UInt64) {
        synced = number
        func isGone(_ record: Record) -> Bool { record.died.map { $0 <= synced } ?? false }
        for queue in queues.values {
            queue.written.removeAll { isGone($0.record) }
            for copy in queue.written { copy.forgetNotes(before: synced) }
            queue.log.removeAll { isGone($0.record) }
        }
        goneQueues.removeAll { isGone($0.record) }
        goneExchanges.removeAll { isGone($0.record) }
        goneBindings.removeAll { isGone($0.record) }
    }

    /// Somebody waits for something to be on the platters.
    var isAwaited: Bool {
        channels.values.contains { !$0.commits.isEmpty || $0.confirms.contains { $0.batch > synced } }
    }

    /// A new broker numbers its batches from 1; what it found needs none.
    func beginsAnew() { (batch, synced, channels) = (1, 0, [:]) }

    /// Answers that wait for nothing any more go out.
    func answer() {
        for channel in channels.values { answer(channel) }
    }

    func answer(_ channel: ModelChannel) {
        while let commit = channel.commits.first, commit <= synced {
            channel.commits.removeFirst()
            channel.expected.append(.answer(TxCommitOk.id, []))
        }
        while let confirm = channel.confirms.first, confirm.batch <= synced {
            channel.confirms.removeFirst()
            channel.expected.append(.confirm(confirm.number, accepted: confirm.accepted))
        }
    }

    // MARK: Messages in

    /// Puts a message in its queues; a mandatory one that has none goes back. Returns whether all took it, and the
    /// batch that must be on the platters before anybody is told so.
    func enqueue(_ publish: ModelChannel.Publish, from channel: ModelChannel?) -> (accepted: Bool, batch: UInt64) {
        var result = (accepted: true, batch: UInt64(0))
        for queue in publish.queues {
            switch put(publish, in: queue, isLetter: channel == nil) {
            case .refused: result.accepted = false
            case .written: result.batch = batch
            case .taken: break
            }
        }
        if publish.queues.isEmpty, publish.isMandatory { channel?.expected.append(.returned(publish.content)) }
        return result
    }

    private enum Acceptance { case refused, taken, written }

    private func put(_ publish: ModelChannel.Publish, in queue: ModelQueue, isLetter: Bool) -> Acceptance {
        let kind = queue.kind
        if kind.isStream {
            append(publish, to: queue)
            return .written
        }
        let lives = [kind.timeToLive, publish.content.expiration].compactMap { $0 }.min()
        lastPlace += 1
        let copy = Copy(
            publish.content, isPersistent: publish.isPersistent, place: lastPlace,
            expiresAt: lives.map { now + $0 } ?? .max, in: kind)
        // What is over takes no room.
        if kind.overflow != "drop-head" { expire(queue) }
        if kind.isQuorum, kind.overflow == "reject-publish" {
            // A dead letter goes beyond the limit: nobody would hear that it was refused.
            if !isLetter, refuses(queue) { return .refused }
        } else if kind.overflow != "drop-head", queue.isOver(with: 1, publish.content.bodyCount) {
            if kind.overflow == "reject-publish-dlx" { deadLetters.append((copy, queue, "maxlen")) }
            return .refused
        }
        let isWritten = kind.isDurable && publish.isPersistent || kind.isQuorum
        func enter() {
            guard isWritten else { return }
            copy.record.born = batch
            queue.written.append(copy)
        }
        if queue.ready.isEmpty, let consumer = nextConsumer(of: queue) {
            if !consumer.noAck { enter() }
            hand(copy, to: consumer)
            return isWritten && !consumer.noAck ? .written : .taken
        }
        enter()
        queue.insert(copy)
        // Where nothing else comes to stand at the head, nothing new can be over there.
        if dropOverflow(queue) || copy.expiresAt != .max { expire(queue) }
        // One that died on the spot is not written at all, and nobody waits for it; but as a dead letter it stays until it is
        // out.
        let isGone = copy.record.died != nil && kind.deadLetterExchange == nil
        return isWritten && !isGone ? .written : .taken
    }

    @discardableResult
    func dropOverflow(_ queue: ModelQueue) -> Bool {
        guard queue.kind.overflow == "drop-head", queue.isOver() else { return false }
        while queue.isOver() { drop(queue.ready.removeFirst(), of: queue, "maxlen") }
        return true
    }

    /// Drops what has expired, as far as nothing live stands before it.
    func expire(_ queue: ModelQueue) {
        while let first = queue.ready.first, first.expiresAt <= now {
            drop(queue.ready.removeFirst(), of: queue, "expired")
        }
        setAlarm(queue)
    }

    func drop(_ copy: Copy, of queue: ModelQueue, _ reason: String) {
        leaves(copy)
        deadLetter(copy, of: queue, reason)
    }

    /// A copy is gone from its queue for good.
    func leaves(_ copy: Copy) { copy.record.died = batch }

    // MARK: Messages out

    /// The next consumer with room, of those with the highest priority. It goes to the end of the line; who has no room
    /// leaves it. Where only one may be active, the others don't come into it.
    private func nextConsumer(of queue: ModelQueue) -> ModelConsumer? {
        if let active = queue.active {
            queue.turns.removeAll { $0 === active }
            guard active.hasRoom else {
                lineUp(active)
                return nil
            }
            queue.lineUp(active)
            return active
        }
        while !queue.turns.isEmpty {
            let consumer = queue.turns.removeFirst()
            guard consumer.hasRoom else {
                lineUp(consumer)
                continue
            }
            queue.lineUp(consumer)
            return consumer
        }
        return nil
    }

    func dispatch(_ queue: ModelQueue) {
        if queue.kind.isStream { return }
        expire(queue)
        while let copy = queue.ready.first, let consumer = nextConsumer(of: queue) {
            queue.ready.removeFirst()
            hand(copy, to: consumer)
            if consumer.noAck { leaves(copy) }
            expire(queue)
        }
    }

    private func hand(_ copy: Copy, to consumer: ModelConsumer) {
        let channel = consumer.channel
        channel.lastTag += 1
        channel.expected.append(
            .delivery(
                consumer: consumer.tag, tag: channel.lastTag, redelivered: copy.redelivered,
                copy.content.counted(copy.returnCount > 0 ? copy.returnCount : nil)))
        if consumer.noAck { return }
        consumer.out += 1
        if consumer.sharesWindow { channel.consumersOut += 1 }
        waits(
            ModelChannel.Delivery(tag: channel.lastTag, copy: copy, queue: consumer.queue, consumer: consumer), channel)
    }

    /// A delivery is to be settled by its client.
    func waits(_ delivery: ModelChannel.Delivery, _ channel: ModelChannel) {
        channel.out.append(delivery)
        if delivery.queue.kind.isQuorum { return note(delivery.copy, turn: nil) }
        delivery.copy.handedOut = delivery.copy.handedOut ?? batch
        delivery.queue.furthest = max(delivery.queue.furthest, delivery.copy.place)
    }

    /// A consumer whose own window has room joins the end of its channel's line.
    func lineUp(_ consumer: ModelConsumer) {
        let channel = consumer.channel
        guard consumer.hasRoomOfItsOwn, !consumer.isCancelled,
            !(consumer.queue.turns + consumer.queue.readers).contains(where: { $0 === consumer }),
            !(channel.waiting + channel.othersWaiting).contains(where: { $0 === consumer })
        else { return }
        if consumer.sharesWindow { channel.waiting.append(consumer) } else { channel.othersWaiting.append(consumer) }
    }

    /// Those that wait go back to the ends of their queues' lines, as long as the channel has room.
    func resumeConsumers(of channel: ModelChannel) {
        while channel.hasRoom, !channel.waiting.isEmpty { resume(channel.waiting.removeFirst()) }
        while !channel.othersWaiting.isEmpty { resume(channel.othersWaiting.removeFirst()) }
    }

    private func resume(_ consumer: ModelConsumer) {
        let queue = consumer.queue
        guard consumer.hasRoom, !queue.isDeleted,
            !(queue.turns + queue.readers).contains(where: { $0 === consumer })
        else { return }
        if queue.kind.isStream { return resumeReader(consumer) }
        queue.lineUp(consumer)
        dispatch(queue)
    }

    // MARK: Settling

    func settle(
        _ deliveries: [ModelChannel.Delivery], _ settlement: ModelChannel.Settlement, _ channel: ModelChannel
    ) {
        if settlement == .requeue { return requeue(deliveries, channel, isAbandoned: false) }
        for delivery in deliveries {
            makesRoom(delivery, channel)
            if delivery.queue.kind.isStream { continue }
            leaves(delivery.copy)
            if settlement == .discard { deadLetter(delivery.copy, of: delivery.queue, "rejected") }
        }
        resume(after: deliveries, channel)
    }

    /// Puts deliveries back in their places, all of a queue's at once.
    func requeue(_ deliveries: [ModelChannel.Delivery], _ channel: ModelChannel, isAbandoned: Bool) {
        for delivery in deliveries { makesRoom(delivery, channel, isGivenBack: true) }
        var queues: [ModelQueue] = []
        for delivery in deliveries {
            if !queues.contains(where: { $0 === delivery.queue }) { queues.append(delivery.queue) }
            if delivery.queue.isDeleted || delivery.queue.kind.isQuorum || delivery.queue.kind.isStream { continue }
            delivery.copy.redelivered = true
            delivery.queue.insert(delivery.copy)
        }
        for queue in queues where !queue.isDeleted && !queue.kind.isStream {
            let copies = deliveries.filter { $0.queue === queue }.map(\.copy)
            if queue.kind.isQuorum { comeBack(copies, to: queue, isAbandoned: isAbandoned) }
            dropOverflow(queue)
            dispatch(queue)
        }
        resume(after: deliveries, channel)
    }

    private func makesRoom(_ delivery: ModelChannel.Delivery, _ channel: ModelChannel, isGivenBack: Bool = false) {
        guard let consumer = delivery.consumer else { return }
        consumer.out -= 1
        if consumer.sharesWindow { channel.consumersOut -= 1 }
        if isGivenBack { consumer.goesBehindOthers() }
    }

    private func resume(after deliveries: [ModelChannel.Delivery], _ channel: ModelChannel) {
        for delivery in deliveries { if let consumer = delivery.consumer { lineUp(consumer) } }
        resumeConsumers(of: channel)
    }

    /// Of queues and bindings, in the order in which they are made.
    func nextNumber() -> Int {
        lastNumber += 1
        return lastNumber
    }
}
