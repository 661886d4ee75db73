import AMQPWire

// What clients do, method by method.

extension Model {
    func open(_ path: Path) { channels[path] = ModelChannel(path) }

    /// An error of the client's: everything the channel held goes back, and it is closed. The client opens it again.
    func fail(_ channel: ModelChannel, _ code: ReplyCode) {
        answer(channel)
        release(channel)
        channel.expected.append(.closed(code))
    }

    /// Gives back what a channel held.
    func release(_ channel: ModelChannel) {
        giveBack(channel)
        publishDeadLetters()
    }

    private func giveBack(_ channel: ModelChannel) {
        for consumer in channel.consumers { consumer.isCancelled = true }
        channel.out += channel.settlements.flatMap(\.deliveries)
        channel.out.sort { $0.tag < $1.tag }
        let out = channel.out
        (channel.out, channel.settlements, channel.publishes) = ([], [], [])
        requeue(out, channel, isAbandoned: true)
        for consumer in channel.consumers.sorted(by: { $0.tag < $1.tag }) { remove(consumer) }
        channel.consumers = []
    }

    /// A client is gone, with its channels: first all its consumers end, so that it is handed nothing any more.
    func disconnect(_ client: Int) {
        let gone = channels.values.filter { $0.path.client == client }.sorted { $0.path < $1.path }
        for consumer in gone.flatMap(\.consumers) { consumer.isCancelled = true }
        for channel in gone {
            giveBack(channel)
            channels[channel.path] = nil
        }
        publishDeadLetters()
    }

    // MARK: Publishing

    func publish(_ publish: ModelChannel.Publish, _ channel: ModelChannel) {
        if channel.mode == .confirm { channel.lastPublish += 1 }
        if channel.mode == .transaction { return channel.publishes.append(publish) }
        let (accepted, batch) = enqueue(publish, from: channel)
        if channel.mode == .confirm { channel.confirms.append((channel.lastPublish, accepted, batch)) }
        publishDeadLetters()
    }

    /// False: queues refused a part of it, and the channel is to be closed.
    func commit(_ channel: ModelChannel) -> Bool {
        let (publishes, settlements) = (channel.publishes, channel.settlements)
        (channel.publishes, channel.settlements) = ([], [])
        var batch = channel.commits.last ?? 0
        var isWhole = true
        for var publish in publishes {
            publish.queues.removeAll(where: \.isDeleted)
            let (accepted, written) = enqueue(publish, from: channel)
            batch = max(batch, written)
            if !accepted { isWhole = false }
        }
        for (deliveries, settlement) in settlements { settle(deliveries, settlement, channel) }
        // The channel gives back what it holds before the dead letters go.
        if !isWhole { return false }
        if batch <= synced {
            channel.expected.append(.answer(TxCommitOk.id, []))
        } else {
            channel.commits.append(batch)
        }
        publishDeadLetters()
        return true
    }

    func rollBack(_ channel: ModelChannel) {
        channel.out += channel.settlements.flatMap(\.deliveries)
        channel.out.sort { $0.tag < $1.tag }
        (channel.publishes, channel.settlements) = ([], [])
        channel.expected.append(.answer(TxRollbackOk.id, []))
    }

    // MARK: Consuming

    func consume(_ queue: ModelQueue, tag: String, noAck: Bool, priority: Int, _ channel: ModelChannel) {
        let consumer = ModelConsumer(
            tag: tag, queue: queue, channel: channel, noAck: noAck, prefetch: channel.consumerPrefetch,
            priority: priority)
        channel.consumers.append(consumer)
        queue.consumers.append(consumer)
        if queue.kind.isSingleActive, queue.active == nil { queue.active = consumer }
        queue.lineUp(consumer)
        channel.expected.append(.answer(BasicConsumeOk.id, []))
        dispatch(queue)
        publishDeadLetters()
    }

    func cancel(_ consumer: ModelConsumer, _ channel: ModelChannel) {
        channel.consumers.removeAll { $0 === consumer }
        remove(consumer)
        channel.expected.append(.answer(BasicCancelOk.id, []))
        publishDeadLetters()
    }

    private func remove(_ consumer: ModelConsumer) {
        consumer.isCancelled = true
        let queue = consumer.queue
        guard !queue.isDeleted else { return }
        queue.consumers.removeAll { $0 === consumer }
        queue.turns.removeAll { $0 === consumer }
        queue.readers.removeAll { $0 === consumer }
        if queue.active === consumer {
            // The first of those with the highest priority; in a quorum queue simply the first.
            let waiting = queue.consumers.filter { !$0.isCancelled }
            let highest = waiting.map(\.priority).max()
            queue.active = waiting.first { $0.priority == highest || queue.kind.isQuorum }
        }
        if queue.consumers.isEmpty, queue.kind.autoDelete {
            delete(queue)
        } else {
            dispatch(queue)
        }
    }

    func prefetch(_ count: Int, isShared: Bool, _ channel: ModelChannel) {
        // The later of the two kinds stands, as in RabbitMQ 3.10.8.
        if isShared { channel.prefetch = count } else { (channel.consumerPrefetch, channel.prefetch) = (count, 0) }
        channel.expected.append(.answer(BasicQosOk.id, []))
        resumeConsumers(of: channel)
        publishDeadLetters()
    }

    func get(_ queue: ModelQueue, noAck: Bool, _ channel: ModelChannel) {
        expire(queue)
        guard !queue.ready.isEmpty else {
            channel.expected.append(.answer(BasicGetEmpty.id, []))
            return publishDeadLetters()
        }
        let copy = queue.ready.removeFirst()
        channel.lastTag += 1
        if noAck {
            leaves(copy)
        } else {
            waits(.init(tag: channel.lastTag, copy: copy, queue: queue, consumer: nil), channel)
        }
        expire(queue)
        channel.expected.append(
            .got(
                tag: channel.lastTag, redelivered: copy.redelivered, left: queue.ready.count,
                copy.content.counted(queue.kind.isQuorum ? copy.returnCount : nil)))
        publishDeadLetters()
    }

    // MARK: Settling

    /// The deliveries that a tag stands for; nil: it stands for none, which is an error.
    func deliveries(_ tag: UInt64, multiple: Bool, _ channel: ModelChannel) -> [ModelChannel.Delivery]? {
        if multiple, tag == 0 { return channel.out }
        guard channel.out.contains(where: { $0.tag == tag }) else { return nil }
        return channel.out.filter { multiple ? $0.tag <= tag : $0.tag == tag }
    }

    func settle(_ tag: UInt64, multiple: Bool, _ settlement: ModelChannel.Settlement, _ channel: ModelChannel) {
        guard let settled = deliveries(tag, multiple: multiple, channel) else {
            return fail(channel, .preconditionFailed)
        }
        channel.out.removeAll { delivery in settled.contains { $0.tag == delivery.tag } }
        if channel.mode == .transaction { return channel.settlements.append((settled, settlement)) }
        settle(settled, settlement, channel)
        publishDeadLetters()
    }

    func recover(_ channel: ModelChannel) {
        let out = channel.out
        channel.out = []
        requeue(out, channel, isAbandoned: false)
        channel.expected.append(.answer(BasicRecoverOk.id, []))
        publishDeadLetters()
    }

    // MARK: Queues and exchanges

    func declare(_ kind: QueueKind, _ channel: ModelChannel) {
        if queues[kind.name] == nil {
            queues[kind.name] = ModelQueue(
                kind, number: nextNumber(), Record(born: kind.isDurable ? batch : nil))
        }
        guard let queue = queues[kind.name] else { return }
        // The consumers of a stream are not told.
        let counts = kind.isStream ? [queue.kept.count, 0] : [queue.ready.count, queue.consumers.count]
        channel.expected.append(.answer(QueueDeclareOk.id, counts))
    }

    func delete(_ queue: ModelQueue) {
        queues[queue.kind.name] = nil
        queue.isDeleted = true
        queue.record.died = batch
        goneQueues.append(queue)
        for consumer in queue.consumers {
            consumer.isCancelled = true
            consumer.channel.consumers.removeAll { $0 === consumer }
            consumer.channel.expected.append(.cancelled(consumer: consumer.tag))
        }
        queue.ready = []
        queue.forgetConsumers()
        unbind { $0.end.isSame(queue) }
    }

    func purge(_ queue: ModelQueue, _ channel: ModelChannel) {
        channel.expected.append(.answer(QueuePurgeOk.id, [queue.ready.count]))
        for copy in queue.ready { leaves(copy) }
        queue.ready = []
    }

    func declare(_ kind: ExchangeKind, _ channel: ModelChannel) {
        if exchanges[kind.name] == nil {
            exchanges[kind.name] = ModelExchange(kind, Record(born: kind.isDurable ? batch : nil))
        }
        channel.expected.append(.answer(ExchangeDeclareOk.id, []))
    }

    func delete(_ exchange: ModelExchange) {
        exchanges[exchange.kind.name] = nil
        exchange.record.died = batch
        goneExchanges.append(exchange)
        unbind { $0.exchange === exchange || $0.end.isSame(exchange) }
    }

    func bind(_ exchange: ModelExchange, to end: ModelBinding.End, _ kind: BindingKind, _ channel: ModelChannel) {
        let isWritten = end.isDurable && exchange.kind.isDurable
        let binding = ModelBinding(
            exchange, end, kind, number: nextNumber(), Record(born: isWritten ? batch : nil))
        channel.expected.append(.answer(binding.found.isOfExchange ? ExchangeBindOk.id : QueueBindOk.id, []))
        if !bindings.contains(where: { $0.found == binding.found }) { bindings.append(binding) }
    }

    /// A binding like this one is gone, and may be back after a crash. If it were made again now, nobody could tell then
    /// which of its two places it has; only of direct exchanges that can be seen from outside.
    func mayComeBack(_ exchange: ModelExchange, _ end: ModelBinding.End, _ kind: BindingKind) -> Bool {
        let binding = ModelBinding(exchange, end, kind, number: 0, Record()).found
        return exchange.kind.type != "direct" && goneBindings.contains { $0.found == binding }
    }

    func unbind(where isMeant: (ModelBinding) -> Bool) {
        for binding in bindings where isMeant(binding) {
            binding.record.died = batch
            goneBindings.append(binding)
        }
        bindings.removeAll(where: isMeant)
    }
}
