import AMQPWire
import BrokerCore

/// What the live page draws of one virtual host. The rest, arguments for example, it asks the listings for when somebody
/// wants to know.
struct LivePicture {
    /// So many of each kind are sent; how many there are is sent too. More would fit neither a screen nor half a second.
    static let most = 400
    static let mostBindings = 1600
    /// So many letters of what a client has put into an argument. A binding's arguments may fill a frame, and a thousand of them
    /// more memory than there is, again for each who watches.
    static let mostLetters = 200

    let view: ListingView
    let virtualHost: String

    static let parts: Set<BrokerSnapshot.Part> = [
        .queues, .exchanges, .bindings, .consumers, .connections, .channels,
    ]

    /// The one that is looked at is among them.
    private var shownHosts: [String] {
        let all = view.broker.virtualHosts
        if all.count <= Self.most { return all }
        return (all.filter { $0 != virtualHost }.prefix(Self.most) + [virtualHost]).sorted()
    }

    var json: JSON {
        let broker = view.broker
        let queues = broker.queues.filter { $0.virtualHost == virtualHost }
        let exchanges = broker.exchanges.filter { $0.virtualHost == virtualHost }
        let bindings = broker.bindings.filter { $0.virtualHost == virtualHost }
        let consumers = broker.consumers.filter { $0.virtualHost == virtualHost }
        let connections = broker.connections.filter { $0.virtualHost == virtualHost }
        let channels = broker.channels.filter { $0.virtualHost == virtualHost && $0.lastExchange != nil }
        return [
            "vhost": .string(virtualHost), "vhosts": .array(shownHosts.map(JSON.string)),
            "counts": [
                "exchanges": JSON(exchanges.count), "queues": JSON(queues.count), "bindings": JSON(bindings.count),
                "consumers": JSON(consumers.count), "connections": JSON(connections.count),
                "ready": JSON(queues.reduce(0) { $0 + $1.readyCount }),
                "unacked": JSON(queues.reduce(0) { $0 + $1.unacknowledgedCount }),
            ],
            "alarm": .bool(broker.memoryAlarm || broker.diskAlarm),
            "traced": .bool(broker.tracedVirtualHosts.contains(virtualHost)),
            "exchanges": .array(exchanges.prefix(Self.most).map(\.live)),
            "queues": .array(queues.prefix(Self.most).map(\.live)),
            "bindings": .array(bindings.prefix(Self.mostBindings).map(\.live)),
            "consumers": .array(consumers.prefix(Self.most).map(\.live)),
            "connections": .array(connections.prefix(Self.most).map(\.live)),
            "publishers": .array(channels.prefix(Self.most).map(\.live)),
            "steps": .array(broker.tracedSteps.filter { $0.virtualHost == virtualHost }.map(\.live)),
        ]
    }
}

extension ExchangeInfo {
    fileprivate var live: JSON { ["name": .string(name), "type": .string(type)] }
}

extension QueueInfo {
    fileprivate var live: JSON {
        [
            "name": .string(name), "type": .string(type), "durable": .bool(isDurable),
            "exclusive": .bool(owner != nil), "ready": JSON(readyCount), "unacked": JSON(unacknowledgedCount),
            "entered": JSON(enteredCount), "deadTo": shown("x-dead-letter-exchange"),
            "deadKey": shown("x-dead-letter-routing-key"),
        ]
    }

    private func shown(_ name: ShortString) -> JSON { JSON(arguments[name]?.text.map { String($0.prefix(255)) }) }
}

extension BindingInfo {
    /// A headers exchange has its conditions in the place of a key: `all: format=pdf, type=report`.
    fileprivate var live: JSON {
        [
            "from": .string(source), "to": .string(destination), "toQueue": .bool(destinationKind == "queue"),
            "key": .string(routingKey.isEmpty ? conditions : routingKey),
        ]
    }

    private var conditions: String {
        guard !arguments.fields.isEmpty else { return "" }
        let most = LivePicture.mostLetters
        var match = "all"
        var rest = ""
        for field in arguments.fields {
            guard case .longString(let octets) = field.value else { return "" }
            let text = String(decoding: octets.prefix(4 * most), as: UTF8.self).prefix(most)
            if field.name == "x-match" {
                match = String(text)
            } else if rest.utf8.count <= most {
                rest += (rest.isEmpty ? "" : ", ") + "\(field.name)=\(text)"
            }
        }
        let all = "\(match): \(rest)"
        return all.count <= most ? all : all.prefix(most - 1) + "…"
    }
}

extension ConsumerInfo {
    fileprivate var live: JSON {
        [
            "tag": .string(tag), "queue": .string(queue), "connection": .string(connection),
            "channel": JSON(Int(channel)),
            "prefetch": JSON(prefetchCount), "unacked": JSON(unacknowledgedCount), "acks": .bool(needsAcknowledgement),
            "active": .bool(isActive), "delivered": JSON(deliveredCount),
        ]
    }
}

extension ConnectionInfo {
    fileprivate var live: JSON {
        var given = ""
        if case .longString(let octets)? = clientProperties["connection_name"] {
            given = String(decoding: octets.prefix(100), as: UTF8.self)
        }
        return [
            "name": .string(name), "given": .string(given), "user": .string(user), "state": .string(state),
            "channels": JSON(channelCount),
        ]
    }
}

extension ChannelInfo {
    fileprivate var live: JSON {
        [
            "connection": .string(connection), "channel": JSON(Int(number)), "exchange": JSON(lastExchange),
            "published": JSON(publishedCount),
        ]
    }
}

extension TracedStep {
    fileprivate var live: JSON {
        [
            "n": JSON(number), "connection": .string(connection), "channel": JSON(Int(channel)),
            "exchange": .string(exchange), "key": .string(routingKey), "queues": .array(queues.map(JSON.string)),
            "delivery": .bool(isDelivery),
        ]
    }
}
