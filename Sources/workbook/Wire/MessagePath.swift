import AMQPWire

/// The way of one message, as it was seen on the wire.
struct MessagePath: Sendable {
    struct Binding: Equatable, Sendable {
        var queue: String
        var key: String
        var arguments: FieldTable
    }

    struct Delivery: Sendable {
        var event: Observation
        var queue: String
        var noAck: Bool
        var ack: Observation?
        var isSettled: Bool { noAck || ack != nil }
    }

    var publish: Observation
    var method: BasicPublish
    /// nil: the default exchange.
    var exchangeType: String?
    /// Of its exchange.
    var bindings: [Binding]
    var deliveries: [Delivery]
    /// Of the queue that it is delivered from, as its declaration says; nil: a classic one.
    var queueType: String?
    /// The broker's answer to the publish, where the channel has confirms.
    var confirm: Observation?

    /// The way of each message that was published, in order.
    static func paths(in events: [Observation]) -> [MessagePath] {
        return events.indices.compactMap { index in
            guard case .basicPublish(let method)? = events[index].method, !events[index].isFromBroker else {
                return nil
            }
            return MessagePath(events, at: index, method)
        }
    }

    private init(_ events: [Observation], at index: Int, _ method: BasicPublish) {
        let publish = events[index]
        (self.publish, self.method) = (publish, method)
        bindings = []
        deliveries = []
        for event in events {
            switch event.method {
            case .exchangeDeclare(let declare) where declare.exchange == method.exchange:
                exchangeType = declare.type.text
            case .queueBind(let bind) where bind.exchange == method.exchange:
                let queue = bind.queue.text.isEmpty ? Self.lastQueue(events, event) : bind.queue.text
                let binding = Binding(queue: queue, key: bind.routingKey.text, arguments: bind.arguments)
                if !bindings.contains(binding) { bindings.append(binding) }
            default: break
            }
        }
        for event in events[index...] {
            switch event.method {
            case .basicDeliver(let deliver)
            where deliver.exchange == method.exchange && deliver.routingKey == method.routingKey
                && event.body == publish.body:
                let consume = Self.consume(events, event, tag: deliver.consumerTag)
                deliveries.append(
                    Delivery(
                        event: event, queue: consume.map { Self.queue($0, events, event) } ?? "?",
                        noAck: consume?.noAck ?? false,
                        ack: Self.ack(events, event, tag: deliver.deliveryTag)))
            case .basicAck
            where event.isFromBroker && event.connection == publish.connection && event.channel == publish.channel
                && confirm == nil:
                confirm = event
            default: break
            }
        }
        for event in events {
            guard case .queueDeclare(let declare)? = event.method, declare.queue.text == deliveries.first?.queue,
                let type = declare.arguments["x-queue-type"]?.text
            else { continue }
            queueType = type
        }
    }

    private static func isSamePlace(_ one: Observation, _ other: Observation) -> Bool {
        one.connection == other.connection && one.channel == other.channel
    }

    /// The consume that a tag belongs to: answers come in the order of the requests.
    private static func consume(_ events: [Observation], _ delivery: Observation, tag: ShortString) -> BasicConsume? {
        var requests: [BasicConsume] = []
        var answers: [ShortString] = []
        for event in events where isSamePlace(event, delivery) {
            switch event.method {
            case .basicConsume(let consume): requests.append(consume)
            case .basicConsumeOk(let ok): answers.append(ok.consumerTag)
            default: break
            }
        }
        guard let index = answers.firstIndex(of: tag), index < requests.count else { return nil }
        return requests[index]
    }

    private static func queue(_ consume: BasicConsume, _ events: [Observation], _ delivery: Observation) -> String {
        consume.queue.text.isEmpty ? lastQueue(events, delivery) : consume.queue.text
    }

    /// An empty name means the queue that was declared last on the channel.
    private static func lastQueue(_ events: [Observation], _ place: Observation) -> String {
        for event in events.reversed() where isSamePlace(event, place) {
            if case .queueDeclareOk(let ok) = event.method { return ok.queue.text }
        }
        return ""
    }

    private static func ack(_ events: [Observation], _ delivery: Observation, tag: UInt64) -> Observation? {
        events.first { event in
            guard case .basicAck(let ack) = event.method, !event.isFromBroker, isSamePlace(event, delivery) else {
                return false
            }
            return ack.deliveryTag == tag || (ack.multiple && (ack.deliveryTag >= tag || ack.deliveryTag == 0))
        }
    }
}
