import AMQPWire

/// A method on the wire, with its content if it carries any.
struct WireEvent: Sendable {
    var connection: Int
    var isFromBroker: Bool
    var channel: UInt16
    var method: Method
    /// The method's frame, then those of the content.
    var frames: [Frame]
    var properties: BasicProperties?
    var body: [UInt8] = []

    /// Puts frames together. What is not complete yet is left out.
    static func events(in tapped: [TappedFrame]) -> [WireEvent] {
        struct Place: Hashable {
            var connection: Int
            var isFromBroker: Bool
            var channel: UInt16
        }
        var events: [WireEvent] = []
        var open: [Place: Int] = [:]
        var missing: [Place: UInt64] = [:]
        for item in tapped {
            let place = Place(
                connection: item.connection, isFromBroker: item.isFromBroker, channel: item.frame.channel)
            switch item.frame.kind {
            case .method:
                guard let method = try? Method(item.frame.payload) else { continue }
                events.append(
                    WireEvent(
                        connection: item.connection, isFromBroker: item.isFromBroker, channel: item.frame.channel,
                        method: method, frames: [item.frame]))
                if method.carriesContent {
                    open[place] = events.count - 1
                    missing[place] = .max
                }
            case .header:
                guard let index = open[place], let header = try? ContentHeader(item.frame.payload) else { continue }
                events[index].frames.append(item.frame)
                events[index].properties = header.properties
                missing[place] = header.bodySize
            case .body:
                guard let index = open[place], let size = missing[place] else { continue }
                events[index].frames.append(item.frame)
                events[index].body += item.frame.payload
                missing[place] = size - min(size, UInt64(item.frame.payload.count))
            case .heartbeat: continue
            }
            if missing[place] == 0 { (open[place], missing[place]) = (nil, nil) }
        }
        let incomplete = Set(open.values)
        return events.indices.filter { !incomplete.contains($0) }.map { events[$0] }
    }
}

extension Method {
    fileprivate var carriesContent: Bool {
        switch self {
        case .basicPublish, .basicDeliver, .basicReturn, .basicGetOk: true
        default: false
        }
    }
}

/// The way of one message, as it was seen on the wire.
struct MessagePath: Sendable {
    struct Binding: Equatable, Sendable {
        var queue: String
        var key: String
        var arguments: FieldTable
    }

    struct Delivery: Sendable {
        var event: WireEvent
        var queue: String
        var noAck: Bool
        var ack: WireEvent?
        var isSettled: Bool { noAck || ack != nil }
    }

    var publish: WireEvent
    var method: BasicPublish
    /// nil: the default exchange.
    var exchangeType: String?
    /// Of its exchange.
    var bindings: [Binding]
    var deliveries: [Delivery]
    /// The broker's answer to the publish, where the channel has confirms.
    var confirm: WireEvent?

    /// The way of each message that was published, in order.
    static func paths(in tapped: [TappedFrame]) -> [MessagePath] {
        let events = WireEvent.events(in: tapped)
        return events.indices.compactMap { index in
            guard case .basicPublish(let method) = events[index].method, !events[index].isFromBroker else { return nil }
            return MessagePath(events, at: index, method)
        }
    }

    private init(_ events: [WireEvent], at index: Int, _ method: BasicPublish) {
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
    }

    private static func isSamePlace(_ one: WireEvent, _ other: WireEvent) -> Bool {
        one.connection == other.connection && one.channel == other.channel
    }

    /// The consume that a tag belongs to: answers come in the order of the requests.
    private static func consume(_ events: [WireEvent], _ delivery: WireEvent, tag: ShortString) -> BasicConsume? {
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

    private static func queue(_ consume: BasicConsume, _ events: [WireEvent], _ delivery: WireEvent) -> String {
        consume.queue.text.isEmpty ? lastQueue(events, delivery) : consume.queue.text
    }

    /// An empty name means the queue that was declared last on the channel.
    private static func lastQueue(_ events: [WireEvent], _ place: WireEvent) -> String {
        for event in events.reversed() where isSamePlace(event, place) {
            if case .queueDeclareOk(let ok) = event.method { return ok.queue.text }
        }
        return ""
    }

    private static func ack(_ events: [WireEvent], _ delivery: WireEvent, tag: UInt64) -> WireEvent? {
        events.first { event in
            guard case .basicAck(let ack) = event.method, !event.isFromBroker, isSamePlace(event, delivery) else {
                return false
            }
            return ack.deliveryTag == tag || (ack.multiple && (ack.deliveryTag >= tag || ack.deliveryTag == 0))
        }
    }
}
