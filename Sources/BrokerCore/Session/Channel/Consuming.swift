import AMQPWire

extension BrokerChannel {
    func basicQos(_ qos: BasicQos) throws(BrokerError) {
        guard qos.prefetchSize == 0 else {
            throw BrokerError(.notImplemented, "prefetch_size!=0 (\(qos.prefetchSize))")
        }
        if qos.global, connection.dialect.hasSharedWindow {
            if qos.prefetchCount > 0, qos.prefetchCount < channelPrefetch, quirk(.sharedWindowIsNeverLowered) {
                return send(BasicQosOk())
            }
            channelPrefetch = Int(qos.prefetchCount)
            if channelPrefetch > 255, quirk(.sharedPrefetchIsAnOctet) { channelPrefetch &= 0xFF }
            if consumersUnacknowledged > 0, quirk(.sharedWindowBeginsAnew) { consumersUnacknowledged = 0 }
        } else {
            consumerPrefetch = Int(qos.prefetchCount)
            if consumerPrefetch > 32_767, quirk(.prefetchIsSigned) { consumerPrefetch -= 65_536 }
            if consumerPrefetch > 255, quirk(.prefetchIsAnOctet) { consumerPrefetch &= 0xFF }
            // As RabbitMQ 3.10.8: the later of the two calls stands.
            if !quirk(.sharedWindowStays) { channelPrefetch = 0 }
        }
        send(BasicQosOk())
        if channelPrefetch == 0 || !quirk(.raisedWindowResumesNobody) { resumeConsumers() }
    }

    func basicConsume(_ consume: BasicConsume) throws(BrokerError) {
        if consume.queue == ReplyConsumer.pseudoQueue { return try consumeReplies(consume) }
        let queue = try queue(named: consume.queue, for: .read)
        try queue.checkAccess(by: connection.id)
        let tag = try freeTag(consume.consumerTag)
        try queue.admit(exclusive: consume.exclusive)
        try checkKind(of: queue, for: consume)
        let priority = try priority(of: consume, label: queue.label)
        if consume.arguments.names.contains(where: { !$0.hasPrefix("x-") }), quirk(.unknownConsumerArgumentsAreRefused)
        {
            throw .invalidArgument("x-", for: queue.label, "unknown")
        }
        let consumer = try Consumer(consume, tag: tag, queue: queue, channel: self, priority: priority)
        consumers[tag] = consumer
        if !consume.noWait { send(BasicConsumeOk(consumerTag: tag)) }
        queue.add(consumer)
    }

    /// Throws 406 for an `x-priority` that is no integer.
    private func priority(of consume: BasicConsume, label: String) throws(BrokerError) -> Int64 {
        guard let value = consume.arguments["x-priority"] else { return 0 }
        guard let integer = value.integer else {
            throw .invalidArgument("x-priority", for: label, "\"expected integer, got \(value.erlangTypeName)\"")
        }
        if integer > 127, quirk(.consumerPriorityIsAnOctet) { return Int64(Int8(truncatingIfNeeded: integer)) }
        return integer < 0 && quirk(.negativePriorityIsNone) ? 0 : integer
    }

    /// The tag of a new consumer: the client's own, or one that is made up for an empty one. Throws 530 for one that is in
    /// use.
    func freeTag(_ tag: ShortString) throws(BrokerError) -> ShortString {
        if tag.count > 127, quirk(.longConsumerTagsAreCut) { return ShortString(slice: tag.octets.prefix(127)) }
        if tag.isEmpty { return ShortString(truncating: "amq.ctag-\(host.randomName())") }
        if consumers[tag] != nil || replyConsumer?.tag == tag && !quirk(.tagOfTheReplyConsumerIsFree) {
            throw BrokerError(.notAllowed, "attempt to reuse consumer tag '\(tag)'")
        }
        return tag
    }

    /// What is handed out stays so. A tag that means nothing is answered all the same.
    func basicCancel(_ cancel: BasicCancel) {
        if let consumer = consumers.removeValue(forKey: cancel.consumerTag) {
            consumer.queue.remove(consumer)
            stopTiming(consumer)
            if consumer.unacknowledged > 0, quirk(.cancelGivesBack) {
                _ = requeueSlice(through: .max, because: .abandoned)
            }
        } else if replyConsumer?.tag == cancel.consumerTag {
            if !quirk(.cancelledReplyConsumerStays) { endReplyConsumer() }
        }
        if !cancel.noWait { send(BasicCancelOk(consumerTag: cancel.consumerTag)) }
    }

    func basicGet(_ get: BasicGet) throws(BrokerError) {
        if get.queue.hasPrefix("amq.rabbitmq.reply-to."), quirk(.repliesMayBeFetched) { return send(BasicGetEmpty()) }
        try refuseReplyAddress(get.queue, .get)
        let queue = try queue(named: get.queue, for: .read)
        try queue.checkAccess(by: connection.id)
        if queue.consumerList.first?.isExclusive == true, quirk(.exclusiveConsumersKeepGetsAway) {
            throw BrokerError(.accessRefused, "\(queue.label) in exclusive use")
        }
        if queue.arguments.singleActiveConsumer, queue.counts.unacknowledged > 0,
            quirk(.secondGetOfASingleActiveQueueFails)
        {
            throw BrokerError(.internalError, "badmatch")
        }
        try checkKind(ofFetched: queue)
        try whenCaughtUp(queue, BasicGet.id) { [self] in fetch(from: queue, as: get) }
    }

    private func fetch(from queue: any Queue, as get: BasicGet) {
        guard let message = queue.get(noAck: get.noAck) else {
            tally.counters.fetchedNothing += 1
            return send(BasicGetEmpty())
        }
        if message.redelivered { tally.counters.redelivered += 1 }
        let tag = get.noAck && quirk(.noAckGetTakesNoTag) ? lastDeliveryTag + 1 : nextDeliveryTag()
        if virtualHost.isTraced { trace(message, deliveredFrom: queue) }
        if get.noAck {
            tally.counters.fetchedWithoutAck += 1
        } else {
            tally.counters.fetched += 1
            if channelPrefetch > 0, quirk(.fetchedFillsTheSharedWindow) { consumersUnacknowledged += 1 }
            unacknowledged.append(
                Unacknowledged(tag: tag, message: message, queue: queue, consumer: nil, deliveredAt: host.now))
            expectSettling(ofFetched: tag, from: queue)
        }
        send(
            BasicGetOk(
                deliveryTag: tag, redelivered: message.redelivered, exchange: message.message.exchange,
                routingKey: message.message.routingKey, messageCount: queue.messageCount(.getCountsTheUnacknowledged)),
            message, from: queue)
    }
}
