import AMQPWire

/// What arrives from a broker, content put together.
enum Event: Sendable {
    case method(Method, Content?)
    case heartbeat
    /// A protocol header: how a broker refuses another version.
    case header([UInt8])
    /// A frame that makes no sense where it stands, or that cannot be decoded.
    case stray(Frame)
    /// Octets that are no frame.
    case junk([UInt8])

    init(_ item: MethodReader.Item) {
        self =
            switch item {
            case .method(let method, let content, _): .method(method, content)
            case .heartbeat: .heartbeat
            case .stray(let frame): .stray(frame)
            }
    }

    var method: Method? { if case .method(let method, _) = self { method } else { nil } }
}

extension Event: CustomStringConvertible {
    var description: String {
        switch self {
        case .method(.channelClose(let close), _): "channel.close \(close.replyCode): '\(close.replyText)'"
        case .method(.connectionClose(let close), _): "connection.close \(close.replyCode): '\(close.replyText)'"
        case .method(let method, let content): content.map { "\(method.id) '\($0.text)'" } ?? "\(method.id)"
        case .heartbeat: "a heartbeat"
        case .header(let octets): "protocol header \(hexadecimal(octets))"
        case .stray(let frame): "a stray frame: \(describe(frame))"
        case .junk(let octets): "octets that are not a frame: \(hexadecimal(octets))"
        }
    }
}

extension Content {
    var text: String { String(decoding: body, as: UTF8.self) }
}

/// A message that the broker handed over: by basic.deliver, basic.get-ok or basic.return.
struct Received: Sendable {
    var exchange: ShortString
    var routingKey: ShortString
    /// Zero for a returned message.
    var deliveryTag: UInt64 = 0
    var redelivered = false
    /// Empty unless it was delivered to a consumer.
    var consumerTag: ShortString = ""
    /// How many are left in the queue; only of basic.get-ok.
    var messageCount: UInt32 = 0
    var content: Content

    var text: String { content.text }
    var properties: BasicProperties { content.properties }
    var headers: FieldTable { content.properties.headers ?? [:] }

    /// For people, in a few words.
    var summary: String {
        let text = text.count > 40 ? "\(text.prefix(40))…" : text
        let key = routingKey.isEmpty ? "" : " with key '\(routingKey)'"
        return "'\(text)'\(key)\(redelivered ? ", redelivered" : "")"
    }

    init?(_ event: Event) {
        guard case .method(let method, let content?) = event else { return nil }
        self.content = content
        switch method {
        case .basicDeliver(let deliver):
            exchange = deliver.exchange
            routingKey = deliver.routingKey
            deliveryTag = deliver.deliveryTag
            redelivered = deliver.redelivered
            consumerTag = deliver.consumerTag
        case .basicGetOk(let ok):
            exchange = ok.exchange
            routingKey = ok.routingKey
            deliveryTag = ok.deliveryTag
            redelivered = ok.redelivered
            messageCount = ok.messageCount
        case .basicReturn(let returned):
            exchange = returned.exchange
            routingKey = returned.routingKey
        default: return nil
        }
    }
}
