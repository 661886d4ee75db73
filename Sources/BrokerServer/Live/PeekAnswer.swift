import AMQPWire
import BrokerCore

extension ListingAPI {
    /// `peek/VHOST/QUEUE`: the heads of a queue's last messages, which stay where they are. (RabbitMQ's management plugin
    /// takes them with POST and puts them back, which marks them as redelivered.)
    func peek(_ path: [String], by user: BrokerConfiguration.User) -> HTTPResponse {
        guard path.count == 3 else { return .notFound }
        switch source.peek(path[2], path[1], user) {
        case .messages(let messages): return HTTPResponse(200, .array(messages.map(\.json)))
        case .notFound: return .notFound
        case .refused: return .refused("User not authorised to read from this queue")
        case .locked:
            return .failure(400, "bad_request", "RESOURCE_LOCKED - the queue belongs to one connection alone")
        }
    }
}

extension PeekedMessage {
    fileprivate var json: JSON {
        [
            "exchange": .string(exchange), "routing_key": .string(routingKey), "redelivered": .bool(redelivered),
            "payload_bytes": JSON(bodySize), "properties": properties.map(\.json) ?? nil,
            "head": .string(Self.shown(head)), "is_whole": .bool(head.count == bodySize),
        ]
    }

    /// Text as it is. Of anything else each octet that is not a letter or a sign is a dot.
    private static func shown(_ octets: [UInt8]) -> String {
        // A body's first octets may end in the middle of a character: it begins at most three octets before.
        let begun = octets.indices.suffix(3).last { octets[$0] >= 0xC0 } ?? octets.endIndex
        let isCut = octets[begun...].dropFirst().allSatisfy { 0x80...0xBF ~= $0 }
        for whole in [octets[...], isCut ? octets[..<begun] : []] where !whole.isEmpty {
            if let text = String(validating: whole, as: UTF8.self) { return text }
        }
        return String(decoding: octets.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: ".") }, as: UTF8.self)
    }
}

extension BasicProperties {
    /// Those that are set, by RabbitMQ's names.
    fileprivate var json: JSON {
        func text(_ value: ShortString?) -> JSON? { value.map { .string($0.text) } }
        func number(_ value: (some BinaryInteger)?) -> JSON? { value.map { .integer(Int64(clamping: $0)) } }
        let all: [(String, JSON?)] = [
            ("content_type", text(contentType)), ("content_encoding", text(contentEncoding)),
            ("headers", headers.map { JSON($0) }), ("delivery_mode", number(deliveryMode)),
            ("priority", number(priority)), ("correlation_id", text(correlationID)), ("reply_to", text(replyTo)),
            ("expiration", text(expiration)), ("message_id", text(messageID)), ("timestamp", number(timestamp)),
            ("type", text(type)), ("user_id", text(userID)), ("app_id", text(appID)), ("cluster_id", text(clusterID)),
        ]
        return .object(all.compactMap { name, value in value.map { JSON.Member(name, $0) } })
    }
}
