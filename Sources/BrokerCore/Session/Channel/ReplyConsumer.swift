import AMQPWire

/// A consumer of replies that needs no queue (RabbitMQ: "Direct Reply-to").
final class ReplyConsumer: ReplyTarget {
    /// What a client consumes from, and names as the reply-to of its requests.
    static let pseudoQueue: ShortString = "amq.rabbitmq.reply-to"

    let tag: ShortString
    /// What requests carry instead: the routing key of the replies, which nobody can guess.
    let name: ShortString
    private unowned let channel: BrokerChannel

    init(tag: ShortString, name: ShortString, channel: BrokerChannel) {
        self.tag = tag
        self.name = name
        self.channel = channel
    }

    /// Sends a reply to the client.
    func deliver(_ message: Message) {
        // A requester that reads none of its replies loses them: holding back those who answer would let it stop them.
        guard !channel.connection.output.isOverfull else { return channel.connection.logReplyDropped() }
        let takesTag = channel.connection.dialect.countsReplies || quirk(.repliesTakeTags)
        channel.send(
            BasicDeliver(
                consumerTag: tag, deliveryTag: takesTag ? channel.nextDeliveryTag() : channel.lastDeliveryTag + 1,
                redelivered: false,
                exchange: message.exchange, routingKey: message.routingKey),
            message)
    }
}

extension BrokerChannel {
    func consumeReplies(_ consume: BasicConsume) throws(BrokerError) {
        if replyConsumer != nil { throw BrokerError(.preconditionFailed, "reply consumer already set") }
        guard consume.noAck else { throw BrokerError(.preconditionFailed, "reply consumer cannot acknowledge") }
        let tag = try freeTag(consume.consumerTag)
        let name = ShortString(truncating: "\(ReplyConsumer.pseudoQueue).\(host.randomName()).\(host.randomName())")
        let consumer = ReplyConsumer(tag: tag, name: name, channel: self)
        replyConsumer = consumer
        virtualHost.add(consumer)
        if !consume.noWait { send(BasicConsumeOk(consumerTag: tag)) }
    }

    func endReplyConsumer() {
        guard let replyConsumer else { return }
        virtualHost.remove(replyConsumer)
        self.replyConsumer = nil
    }

    /// Hands a message that no queue took to the reply consumer it is meant for, if it is a reply and the consumer is
    /// still there. Returns whether it was.
    func reply(_ message: Message) -> Bool {
        guard message.exchange.isEmpty || quirk(.repliesComeThroughAnyExchange),
            message.routingKey.hasPrefix("amq.rabbitmq.reply-to."),
            let target = virtualHost.replyTarget(message.routingKey)
        else { return false }
        if !virtualHost.isTraced || !quirk(.tracedRepliesAreLost) { target.deliver(message) }
        return true
    }
}
