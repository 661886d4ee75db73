import AMQPClient
import AMQPWire
import Interceptor

/// What is said on one channel.
struct ChannelTalk: Sendable {
    private typealias Delivery = TestBroker.Recorded.Delivery

    private var isConfirming = false
    /// Publishes since confirms were asked for.
    private var published: UInt64 = 0
    /// The numbers of those that are to be nacked.
    private var nacked: Set<UInt64> = []
    /// The publish under way is.
    private var isNacking = false
    /// Consumers that were asked for, the first first: the broker makes up their tags.
    private var asked: [BasicConsume] = []
    private var consumers: [ShortString: BasicConsume] = [:]
    private var gets: [BasicGet] = []
    private var unsettled: [UInt64: Delivery] = [:]
    /// Both sides were told that the channel is closed: the directions in which the answer has not come yet.
    private var closing: Set<Direction> = []

    /// - Parameter earlier: what was said on a channel of the same number, which may be closing still.
    init(after earlier: ChannelTalk?) { closing = earlier?.closing ?? [] }

    // MARK: Failures

    mutating func refuse() { closing = [.toBroker, .toClient] }

    /// Something that was said before the close was heard of, or the answer to it, for which nobody has asked.
    mutating func swallow(_ method: Method?, _ direction: Direction) -> Bool {
        guard closing.contains(direction) else { return false }
        if case .channelCloseOk? = method { closing.remove(direction) }
        return true
    }

    mutating func notePublish(isNacked: Bool) {
        isNacking = isNacked
        guard isConfirming else { return }
        published += 1
        if isNacked { nacked.insert(published) }
    }

    /// The numbers to be nacked among those that the broker confirms.
    mutating func takeNacked(_ tag: UInt64, multiple: Bool) -> [UInt64] {
        let tags = nacked.filter { multiple ? tag == 0 || $0 <= tag : $0 == tag }
        nacked.subtract(tags)
        return tags.sorted()
    }

    // MARK: Recording

    mutating func record(
        _ method: Method, _ content: Content?, _ direction: Direction, _ recorded: inout TestBroker.Recorded
    ) {
        let message = content.map { Message(body: $0.body, properties: $0.properties) } ?? Message("")
        switch (direction, method) {
        case (.toBroker, .confirmSelect): isConfirming = true
        case (.toBroker, .basicConsume(let consume)): asked.append(consume)
        case (.toBroker, .basicGet(let get)): gets.append(get)
        case (.toBroker, .basicPublish(let publish)):
            let publish = TestBroker.Recorded.Publish(
                message: message, exchange: publish.exchange.text, routingKey: publish.routingKey.text,
                mandatory: publish.mandatory)
            recorded.published.append(publish)
            if isNacking { recorded.nacked.append(publish) }
        case (.toBroker, .basicAck(let ack)):
            recorded.acknowledged += settle(ack.deliveryTag, multiple: ack.multiple)
        case (.toBroker, .basicNack(let nack)):
            let settled = settle(nack.deliveryTag, multiple: nack.multiple)
            if nack.requeue { recorded.requeued += settled } else { recorded.rejected += settled }
        case (.toBroker, .basicReject(let reject)):
            let settled = settle(reject.deliveryTag, multiple: false)
            if reject.requeue { recorded.requeued += settled } else { recorded.rejected += settled }
        case (.toClient, .basicReturn(let returned)):
            recorded.returned.append(
                .init(
                    message: message, exchange: returned.exchange.text, routingKey: returned.routingKey.text,
                    mandatory: true))
        case (.toClient, _): answer(method, message, &recorded)
        default: break
        }
    }

    private mutating func answer(_ method: Method, _ message: Message, _ recorded: inout TestBroker.Recorded) {
        switch method {
        case .basicConsumeOk(let ok): if !asked.isEmpty { consumers[ok.consumerTag] = asked.removeFirst() }
        case .basicGetEmpty: if !gets.isEmpty { gets.removeFirst() }
        case .basicDeliver(let deliver):
            let consumer = consumers[deliver.consumerTag]
            handOut(
                Delivery(
                    message: message, queue: consumer?.queue.text ?? "", exchange: deliver.exchange.text,
                    routingKey: deliver.routingKey.text, redelivered: deliver.redelivered,
                    noAck: consumer?.noAck ?? false), deliver.deliveryTag, &recorded)
        case .basicGetOk(let ok):
            let get = gets.isEmpty ? nil : gets.removeFirst()
            handOut(
                Delivery(
                    message: message, queue: get?.queue.text ?? "", exchange: ok.exchange.text,
                    routingKey: ok.routingKey.text, redelivered: ok.redelivered, noAck: get?.noAck ?? false),
                ok.deliveryTag, &recorded)
        // All of it comes again.
        case .basicRecoverOk: unsettled = [:]
        default: break
        }
    }

    private mutating func handOut(_ delivery: Delivery, _ tag: UInt64, _ recorded: inout TestBroker.Recorded) {
        recorded.delivered.append(delivery)
        if !delivery.noAck { unsettled[tag] = delivery }
    }

    private mutating func settle(_ tag: UInt64, multiple: Bool) -> [Delivery] {
        let tags = multiple ? unsettled.keys.filter { tag == 0 || $0 <= tag }.sorted() : [tag]
        return tags.compactMap { unsettled.removeValue(forKey: $0) }
    }
}
