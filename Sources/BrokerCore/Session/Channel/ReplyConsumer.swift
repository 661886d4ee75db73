import AMQPWire

/// A consumer of replies that needs no queue (RabbitMQ: "Direct Reply-to").
final class ReplyConsumer: ReplyTarget {
    /// What a client consumes from, and names as the reply-to of its requests.
    static let pseudoQueue: ShortString = "amq.rabbitmq.reply-to"

    let tag: ShortString
    /// What requests carry instead: the routing key of the replies, which nobody can guess.
    let name: ShortString
    private unowned let channel: BrokerChannel
    private let held: Holding

    init(tag: ShortString, name: ShortString, channel: BrokerChannel) {
        self.tag = tag
        self.name = name
        self.channel = channel
        held = Holding(Load.ofConsumer + tag.count, in: channel.load)
    }

    /// Sends a reply to the client.
    func deliver(_ message: Message) {
        // A requester that reads none of its replies loses them: holding back those who answer would let it stop them.
        guard !channel.connection.output.isOverfull else { return channel.connection.logReplyDropped() }
        if channel.channelPrefetch > 0, channel.consumersUnacknowledged >= channel.channelPrefetch,
            quirk(.repliesNeedRoom)
        {
            return
        }
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

    /// What a client may try with the address of a requester as if it were a queue.
    enum ReplyAddressUse { case bind, get }

    /// From 4.3 on such an address is a queue of its own kind, and says what can't be done with it.
    func refuseReplyAddress(_ name: ShortString, _ use: ReplyAddressUse) throws(BrokerError) {
        guard connection.dialect.hasVolatileQueues, name.hasPrefix("amq.rabbitmq.reply-to.") else { return }
        switch use {
        case .bind:
            throw BrokerError(.accessRefused, "cannot bind or unbind to a volatile (direct reply-to) queue")
        case .get where virtualHost.replyTarget(name) != nil:
            throw BrokerError(.notImplemented, "basic.get not supported by volatile queue '\(name)'")
        case .get: break
        }
    }

    /// Whether a message goes to somebody who consumes replies, or may have done so: those who have gone are not remembered, but
    /// an address has its form.
    func isReply(_ message: Message) -> Bool {
        let front = ReplyConsumer.pseudoQueue.count + 1
        guard message.exchange.isEmpty, message.routingKey.hasPrefix("amq.rabbitmq.reply-to.") else { return false }
        return message.routingKey.octets.dropFirst(front).split(separator: UInt8(ascii: ".")).map(\.count) == [22, 22]
    }

    /// Hands a message to the reply consumers that its keys name, each once, as far as they are still there. Returns whether there
    /// were any.
    func reply(_ message: Message, _ copies: [ShortString] = []) -> Bool {
        guard message.exchange.isEmpty || quirk(.repliesComeThroughAnyExchange) else { return false }
        let keys = copies.isEmpty ? [message.routingKey] : Set([message.routingKey] + copies).sorted()
        let targets = keys.filter { $0.hasPrefix("amq.rabbitmq.reply-to.") }.compactMap { virtualHost.replyTarget($0) }
        if !virtualHost.isTraced || !quirk(.tracedRepliesAreLost) { for target in targets { target.deliver(message) } }
        return !targets.isEmpty
    }
}
