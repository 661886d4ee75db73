import AMQPWire

/// What a program did, put together from what was seen on the wire: publishes with their messages, deliveries with what
/// became of them, queues by the names that the broker gave them.
struct WireLog: Sendable {
    /// When and where something was seen. Places of one log can be compared: times may be equal, indices never are.
    struct Place: Sendable, Equatable {
        var index: Int
        /// Milliseconds since the watch began.
        var time: Int64
        var connection: Int
        var channel: UInt16
    }

    struct DeclaredQueue: Sendable {
        var place: Place
        /// The broker's, if the program left it to the broker.
        var name: String
        var method: QueueDeclare
    }

    struct DeclaredExchange: Sendable {
        var place: Place
        var method: ExchangeDeclare
        var name: String { method.exchange.text }
    }

    struct Binding: Sendable {
        var place: Place
        var queue: String
        var method: QueueBind
        /// The broker has said bind-ok.
        var isGranted = false
        var key: String { method.routingKey.text }
    }

    struct Consumption: Sendable {
        var place: Place
        var queue: String
        var method: BasicConsume
        /// The broker has said consume-ok.
        var isGranted = false
    }

    struct Published: Sendable {
        var place: Place
        var method: BasicPublish
        var properties: BasicProperties
        var body: String
        var exchange: String { method.exchange.text }
        var key: String { method.routingKey.text }
    }

    struct Settlement: Sendable {
        enum Kind: Sendable { case ack, dropped, requeued }
        var place: Place
        var kind: Kind
    }

    /// A message that was handed to the program, by basic.deliver or basic.get-ok.
    struct Handed: Sendable {
        var place: Place
        var tag: UInt64
        var redelivered: Bool
        var exchange: String
        var key: String
        var properties: BasicProperties
        var body: String
        var settlements: [Settlement] = []
        var acks: [Settlement] { settlements.filter { $0.kind == .ack } }
    }

    /// The broker closed a channel, or the connection: a rule was broken.
    struct Refusal: Sendable {
        var place: Place
        var text: String
    }

    private(set) var queues: [DeclaredQueue] = []
    private(set) var exchanges: [DeclaredExchange] = []
    private(set) var bindings: [Binding] = []
    private(set) var consumptions: [Consumption] = []
    private(set) var limits: [(place: Place, method: BasicQos)] = []
    private(set) var published: [Published] = []
    private(set) var handed: [Handed] = []
    private(set) var refusals: [Refusal] = []
    /// connection.close of the program.
    private(set) var farewells: [Place] = []
    private(set) var connected: [Place] = []
    private(set) var disconnected: [Place] = []
    private(set) var garbage: [(place: Place, text: String)] = []
    /// confirm.select.
    private(set) var confirmSelects: [Place] = []
    /// basic.ack and basic.nack of the broker: confirms.
    private(set) var confirms: [(place: Place, isNack: Bool, tag: UInt64, multiple: Bool)] = []
    /// basic.return.
    private(set) var returned: [(place: Place, key: String)] = []

    init(_ observations: [Observation]) {
        for (index, seen) in observations.enumerated() {
            let place = Place(index: index, time: seen.time, connection: seen.connection, channel: seen.channel)
            switch (seen.direction, seen.what) {
            case (.toBroker, .method(let method, let content)): program(method, content, place)
            case (.toClient, .method(let method, let content)): broker(method, content, place)
            case (_, .connected): connected.append(place)
            case (_, .disconnected): disconnected.append(place)
            case (_, .garbage(let text)): garbage.append((place, text))
            }
        }
    }

    private mutating func program(_ method: Method, _ content: Content?, _ place: Place) {
        switch method {
        case .queueDeclare(let method):
            queues.append(DeclaredQueue(place: place, name: method.queue.text, method: method))
        case .exchangeDeclare(let method): exchanges.append(DeclaredExchange(place: place, method: method))
        case .queueBind(let method):
            bindings.append(Binding(place: place, queue: resolved(method.queue.text, place), method: method))
        case .basicConsume(let method):
            consumptions.append(
                Consumption(place: place, queue: resolved(method.queue.text, place), method: method))
        case .basicQos(let method): limits.append((place, method))
        case .basicPublish(let method):
            guard let content else { break }
            published.append(
                Published(place: place, method: method, properties: content.properties, body: content.text))
        case .basicAck(let ack): settle(ack.deliveryTag, ack.multiple, .init(place: place, kind: .ack))
        case .basicNack(let nack):
            settle(nack.deliveryTag, nack.multiple, .init(place: place, kind: nack.requeue ? .requeued : .dropped))
        case .basicReject(let reject):
            settle(reject.deliveryTag, false, .init(place: place, kind: reject.requeue ? .requeued : .dropped))
        case .connectionClose: farewells.append(place)
        case .confirmSelect: confirmSelects.append(place)
        default: break
        }
    }

    private mutating func broker(_ method: Method, _ content: Content?, _ place: Place) {
        switch method {
        case .queueDeclareOk(let ok):
            if let at = queues.lastIndex(where: { $0.place.isBeside(place) && $0.name.isEmpty }) {
                queues[at].name = ok.queue.text
            }
        case .basicConsumeOk:
            if let at = consumptions.firstIndex(where: { $0.place.isBeside(place) && !$0.isGranted }) {
                consumptions[at].isGranted = true
            }
        case .queueBindOk:
            if let at = bindings.firstIndex(where: { $0.place.isBeside(place) && !$0.isGranted }) {
                bindings[at].isGranted = true
            }
        case .basicDeliver(let deliver):
            guard let content else { break }
            handed.append(
                Handed(
                    place: place, tag: deliver.deliveryTag, redelivered: deliver.redelivered,
                    exchange: deliver.exchange.text, key: deliver.routingKey.text,
                    properties: content.properties, body: content.text))
        case .basicGetOk(let ok):
            guard let content else { break }
            handed.append(
                Handed(
                    place: place, tag: ok.deliveryTag, redelivered: ok.redelivered, exchange: ok.exchange.text,
                    key: ok.routingKey.text, properties: content.properties, body: content.text))
        case .channelClose(let close): refusals.append(Refusal(place: place, text: close.replyText.text))
        case .connectionClose(let close): refusals.append(Refusal(place: place, text: close.replyText.text))
        case .basicAck(let ack): confirms.append((place, false, ack.deliveryTag, ack.multiple))
        case .basicNack(let nack): confirms.append((place, true, nack.deliveryTag, nack.multiple))
        case .basicReturn(let back): returned.append((place, back.routingKey.text))
        default: break
        }
    }

    private mutating func settle(_ tag: UInt64, _ multiple: Bool, _ settlement: Settlement) {
        for index in handed.indices where handed[index].place.isBeside(settlement.place) {
            let isMeant =
                multiple
                ? handed[index].tag <= tag && handed[index].settlements.isEmpty : handed[index].tag == tag
            if isMeant { handed[index].settlements.append(settlement) }
        }
    }

    /// An empty name means the queue that was declared last on the channel.
    private func resolved(_ name: String, _ place: Place) -> String {
        guard name.isEmpty else { return name }
        return queues.last { $0.place.isBeside(place) }?.name ?? ""
    }

    // MARK: Questions that several checks ask

    /// The program's own declaration of a queue; not one that only asks whether it is there.
    func declaration(of queue: String) -> DeclaredQueue? { queues.first { $0.name == queue && !$0.method.passive } }

    /// It consumes from a queue that nobody else reads, or from the way back that needs none.
    var hasOwnQueue: Bool {
        consumptions.contains { consumption in
            let declared = declaration(of: consumption.queue)?.method
            return consumption.queue == "amq.rabbitmq.reply-to" || declared?.exclusive == true
                || declared?.queue.text.isEmpty == true
        }
    }

    func declaration(ofExchange name: String) -> DeclaredExchange? {
        exchanges.first { $0.name == name && !$0.method.passive }
    }

    func handed(to connection: Int) -> [Handed] { handed.filter { $0.place.connection == connection } }

    /// Whether the broker has closed a channel of this connection.
    func isRefused(_ connection: Int) -> Bool { refusals.contains { $0.place.connection == connection } }

    func isDisconnected(_ connection: Int) -> Bool { disconnected.contains { $0.connection == connection } }
}

extension WireLog.Place {
    /// On the same channel of the same connection.
    func isBeside(_ other: Self) -> Bool { connection == other.connection && channel == other.channel }

    static func < (first: Self, second: Self) -> Bool { first.index < second.index }
}

extension Content {
    fileprivate var text: String { String(decoding: body, as: UTF8.self) }
}
