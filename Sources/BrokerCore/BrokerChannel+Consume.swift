import AMQPWire

extension BrokerChannel {
    func basicQos(_ qos: BasicQos) throws(BrokerError) {
        guard qos.prefetchSize == 0 else {
            throw BrokerError(.notImplemented, "prefetch_size!=0 (\(qos.prefetchSize))")
        }
        if qos.global {
            channelPrefetch = Int(qos.prefetchCount)
        } else {
            consumerPrefetch = Int(qos.prefetchCount)
            // As RabbitMQ 3.10.8: the later of the two calls stands.
            channelPrefetch = 0
        }
        send(BasicQosOk())
        resumeConsumers()
    }

    func basicConsume(_ consume: BasicConsume) throws(BrokerError) {
        if consume.queue == ReplyConsumer.pseudoQueue { return try consumeReplies(consume) }
        let queue = try queue(named: consume.queue, for: .read)
        try queue.checkAccess(by: connection.id)
        var tag = consume.consumerTag
        if tag.isEmpty { tag = ShortString(truncating: "amq.ctag-\(core.randomName())") }
        if consumers[tag] != nil || replyConsumer?.tag == tag {
            throw BrokerError(.notAllowed, "attempt to reuse consumer tag '\(tag)'")
        }
        if queue.consumers.hasExclusive
            || consume.exclusive && (!queue.consumers.isEmpty || queue.arguments.singleActiveConsumer)
        {
            throw BrokerError(.accessRefused, "\(queue.label) in exclusive use")
        }
        var priority: Int64 = 0
        if let value = consume.arguments["x-priority"] {
            guard let integer = value.integer else {
                throw .invalidArgument(
                    "x-priority", for: queue.label, "\"expected integer, got \(value.erlangTypeName)\"")
            }
            priority = integer
        }
        let consumer = Consumer(
            tag: tag, queue: queue, channel: self, noAck: consume.noAck, isExclusive: consume.exclusive,
            priority: priority, arguments: consume.arguments, prefetchCount: consumerPrefetch)
        consumers[tag] = consumer
        if !consume.noWait { send(BasicConsumeOk(consumerTag: tag)) }
        queue.add(consumer)
        queue.dispatch()
    }

    /// What is handed out stays so. A tag that means nothing is answered all the same.
    func basicCancel(_ cancel: BasicCancel) {
        if let consumer = consumers.removeValue(forKey: cancel.consumerTag) {
            consumer.queue.remove(consumer)
        } else if replyConsumer?.tag == cancel.consumerTag {
            endReplyConsumer()
        }
        if !cancel.noWait { send(BasicCancelOk(consumerTag: cancel.consumerTag)) }
    }

    /// A consumer's queue is gone; a client that can be told is told (RabbitMQ: "Consumer Cancellation
    /// Notification").
    func queueVanished(under consumer: Consumer) {
        consumers[consumer.tag] = nil
        if connection.session.can("consumer_cancel_notify") {
            send(BasicCancel(consumerTag: consumer.tag, noWait: true))
        }
    }

    func basicGet(_ get: BasicGet) throws(BrokerError) {
        let queue = try queue(named: get.queue, for: .read)
        try queue.checkAccess(by: connection.id)
        guard let message = queue.get(noAck: get.noAck) else { return send(BasicGetEmpty()) }
        let tag = nextDeliveryTag()
        if virtualHost.isTraced { trace(message, deliveredFrom: queue) }
        if !get.noAck {
            unacknowledged.append(
                Unacknowledged(tag: tag, message: message, queue: queue, consumer: nil, deliveredAt: core.now))
        }
        connection.send(
            BasicGetOk(
                deliveryTag: tag, redelivered: message.redelivered, exchange: message.message.exchange,
                routingKey: message.message.routingKey, messageCount: UInt32(clamping: queue.readyCount)),
            message.message, channel: number)
    }
}
