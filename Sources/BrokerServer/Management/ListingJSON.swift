import AMQPWire
import BrokerCore

// How listings look as JSON: the members that RabbitMQ's management plugin has, as far as there is something to say.

extension JSON {
    init(_ count: Int) { self = .integer(Int64(count)) }
    init(_ text: String?) { self = text.map(JSON.string) ?? .null }

    init(_ table: FieldTable) { self = .object(table.fields.map { Member($0.name.text, JSON($0.value)) }) }

    /// Integers of all widths are alike in JSON; what JSON has no word for becomes text.
    init(_ value: FieldValue) {
        if let integer = value.integer {
            self = .integer(integer)
            return
        }
        self =
            switch value {
            case .bool(let bool): .bool(bool)
            case .float(let float): .number(Double(float))
            case .double(let double): .number(double)
            case .longString(let octets): .string(String(decoding: octets, as: UTF8.self))
            case .bytes(let octets): .string(Base64.encode(octets))
            case .array(let values): .array(values.map(JSON.init))
            case .table(let table): JSON(table)
            case .timestamp(let seconds): .integer(Int64(clamping: seconds))
            case .void: .null
            default: .string("\(value)")
            }
    }
}

/// The two ends of a stream's name, `127.0.0.1:53122 -> 127.0.0.1:5672`.
private struct Ends {
    var peer: (host: String, port: Int64)
    var broker: (host: String, port: Int64)

    init(_ name: String) {
        func end(_ text: Substring?) -> (String, Int64) {
            guard let text, let colon = text.lastIndex(of: ":"), let port = Int64(text[text.index(after: colon)...])
            else { return (text.map(String.init) ?? "", 0) }
            return (text[..<colon].filter { $0 != "[" && $0 != "]" }, port)
        }
        let parts = name.split(separator: " -> ", maxSplits: 1)
        peer = end(parts.first)
        broker = end(parts.count > 1 ? parts[1] : nil)
    }
}

extension QueueInfo {
    func json(node: String) -> JSON {
        let members: [JSON.Member]
        if case .object(let common) = ofAnyType(node: node) { members = common } else { members = [] }
        // Replicas: there is one.
        let replicas = [
            JSON.Member("leader", .string(node)), JSON.Member("members", [.string(node)]),
            JSON.Member("online", [.string(node)]),
        ]
        return .object(members + (type == "classic" ? [] : replicas))
    }

    private func ofAnyType(node: String) -> JSON {
        [
            "name": .string(name), "vhost": .string(virtualHost), "durable": .bool(isDurable),
            "auto_delete": .bool(autoDelete), "exclusive": .bool(owner != nil), "arguments": JSON(arguments),
            "type": .string(type), "node": .string(node), "state": "running",
            "policy": JSON(policy?.name), "effective_policy_definition": policy.map { JSON($0.definition) } ?? [],
            "messages": JSON(readyCount + unacknowledgedCount), "messages_ready": JSON(readyCount),
            "messages_unacknowledged": JSON(unacknowledgedCount), "message_bytes_ready": JSON(readyOctets),
            "consumers": JSON(consumerCount), "exclusive_consumer_tag": JSON(exclusiveConsumerTag),
            "single_active_consumer_tag": JSON(singleActiveConsumerTag),
            "owner_pid_details": owner.map { ["name": .string($0)] } ?? nil,
        ]
    }
}

extension ExchangeInfo {
    func json() -> JSON {
        [
            "name": .string(name), "vhost": .string(virtualHost), "type": .string(type), "durable": .bool(isDurable),
            "auto_delete": .bool(autoDelete), "internal": .bool(isInternal), "arguments": JSON(arguments),
            "policy": JSON(policy?.name),
        ]
    }
}

extension BindingInfo {
    func json() -> JSON {
        [
            "source": .string(source), "vhost": .string(virtualHost), "destination": .string(destination),
            "destination_type": .string(destinationKind), "routing_key": .string(routingKey),
            "arguments": JSON(arguments),
        ]
    }
}

extension ConsumerInfo {
    func json(node: String) -> JSON {
        let peer = Ends(connection).peer
        return [
            "consumer_tag": .string(tag), "queue": ["name": .string(queue), "vhost": .string(virtualHost)],
            "channel_details": [
                "name": .string("\(connection) (\(channel))"), "number": JSON(Int(channel)),
                "connection_name": .string(connection), "node": .string(node), "user": .string(user),
                "peer_host": .string(peer.host), "peer_port": .integer(peer.port),
            ],
            "ack_required": .bool(needsAcknowledgement), "exclusive": .bool(isExclusive), "active": .bool(isActive),
            "activity_status": isActive ? "up" : "waiting", "prefetch_count": JSON(prefetchCount),
            "messages_unacknowledged": JSON(unacknowledgedCount), "arguments": JSON(arguments),
        ]
    }
}

extension ConnectionInfo {
    func json(node: String) -> JSON {
        let ends = Ends(name)
        return [
            "name": .string(name), "user": .string(user), "vhost": .string(virtualHost), "state": .string(state),
            "channels": JSON(channelCount), "protocol": "AMQP 0-9-1", "type": "network", "node": .string(node),
            "peer_host": .string(ends.peer.host), "peer_port": .integer(ends.peer.port),
            "host": .string(ends.broker.host), "port": .integer(ends.broker.port), "ssl": false,
            "client_properties": JSON(clientProperties), "connected_at": .integer(connectedAt),
            "channel_max": JSON(Int(channelMax)), "frame_max": JSON(Int(frameMax)), "timeout": JSON(Int(heartbeat)),
            "send_pend": JSON(unsentOctets),
        ]
    }
}

extension ChannelInfo {
    func json(node: String) -> JSON {
        let peer = Ends(connection).peer
        return [
            "name": .string("\(connection) (\(number))"), "number": JSON(Int(number)), "user": .string(user),
            "vhost": .string(virtualHost), "node": .string(node), "state": "running",
            "connection_details": [
                "name": .string(connection), "peer_host": .string(peer.host), "peer_port": .integer(peer.port),
            ],
            "consumer_count": JSON(consumerCount), "messages_unacknowledged": JSON(unacknowledgedCount),
            "prefetch_count": JSON(prefetchCount), "global_prefetch_count": JSON(globalPrefetchCount),
            "confirm": .bool(isConfirming), "transactional": .bool(isTransactional),
        ]
    }
}
