import AMQPWire

/// What the client of a random walk sees, in the words of the walk, and the other way round.
extension Walker {
    func describe(_ reply: Event) -> String {
        switch reply.method {
        case .queueDeclareOk(let ok):
            theme.count(ready: Int(ok.messageCount), consumers: Int(ok.consumerCount))
        case .queueDeleteOk(let ok): "\(ok.messageCount) deleted"
        case .queuePurgeOk(let ok): "\(ok.messageCount) purged"
        case .basicGetEmpty: "empty"
        case .basicGetOk:
            Received(reply).map { "#\($0.deliveryTag): \(describe($0, left: Int($0.messageCount)))" } ?? "\(reply)"
        default: "ok"
        }
    }

    func describe(_ message: Received, left: Int?) -> String {
        let showsMark = theme.showsMark(afterDeath: !message.deaths.isEmpty)
        return WalkMessage.description(
            text(message.content), from: label(message.exchange.octets), by: label(message.routingKey.octets),
            copies: message.headers["CC"]?.array?.compactMap(\.text) ?? [],
            deaths: message.deaths.map { death in
                let keys = death["routing-keys"]?.array?.compactMap(\.text).map { label(Array($0.utf8)) } ?? []
                return "\(label(death["queue"])) \(death["reason"]?.text ?? "") \(death["count"]?.integer ?? 0) "
                    + "'\(label(death["exchange"]))' '\(keys.joined(separator: " "))'"
            }, isRedelivered: message.redelivered && showsMark,
            returns: showsMark ? Int(message.headers["x-delivery-count"]?.integer ?? 0) : 0, left: left)
    }

    // MARK: Names

    func name(_ label: String) -> ShortString {
        label.isEmpty ? "" : ShortString(truncating: prefix + label)
    }

    private func label(_ octets: [UInt8]) -> String {
        let text = String(decoding: octets, as: UTF8.self)
        return text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text
    }

    private func label(_ value: FieldValue?) -> String { label(Array((value?.text ?? "").utf8)) }

    /// Without the filling.
    func text(_ content: Content) -> String { String(content.text.prefix { $0 != "." }) }

    func arguments(_ shape: WalkStep.QueueShape) -> FieldTable {
        var arguments: FieldTable = [:]
        if let length = shape.maxLength { arguments["x-max-length"] = .int32(Int32(length)) }
        if let octets = shape.maxOctets { arguments["x-max-length-bytes"] = .int32(Int32(octets)) }
        if shape.overflow != .dropHead { arguments["x-overflow"] = .string(shape.overflow.rawValue) }
        if let exchange = shape.deadLetterExchange {
            arguments["x-dead-letter-exchange"] = .longString(name(exchange).octets)
            if let key = shape.deadLetterKey {
                arguments["x-dead-letter-routing-key"] =
                    exchange.isEmpty ? .longString(name(key).octets) : .string(key)
            }
        }
        if let priority = shape.maxPriority { arguments["x-max-priority"] = .int32(Int32(priority)) }
        if let timeToLive = shape.timeToLive { arguments["x-message-ttl"] = .int32(Int32(timeToLive.rawValue)) }
        if shape.isLeased { arguments["x-expires"] = .int32(Int32(WalkStep.Span.lease)) }
        if let limit = shape.deliveryLimit {
            arguments["x-queue-type"] = "quorum"
            arguments["x-delivery-limit"] = .int32(Int32(limit))
        }
        if shape.isSingleActive { arguments["x-single-active-consumer"] = .bool(true) }
        return arguments
    }
}
