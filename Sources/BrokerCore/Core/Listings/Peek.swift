import AMQPWire

/// A message as it waits in a queue, for who wants to see what is there: read only, and it stays.
public struct PeekedMessage: Sendable {
    public var exchange: String
    public var routingKey: String
    /// It has been handed out before.
    public var redelivered: Bool
    /// Octets of the body.
    public var bodySize: Int
    /// nil: its octets are on disk, and too many to be read for a look.
    public var properties: BasicProperties?
    /// The body's first octets.
    public var head: [UInt8]
}

/// What comes of a look into a queue.
public enum Peek: Sendable {
    /// Those that would be handed out last, the very last at the end.
    case messages([PeekedMessage])
    /// There is no such queue, or no such virtual host.
    case notFound
    /// The user may not read from it.
    case refused
    /// It belongs to one connection alone.
    case locked
}

extension BrokerCore {
    /// So many messages are looked at, and so many octets of each body.
    static let mostPeeked = 10
    static let peekedOctets = 120
    /// A message that is on disk only is read for a look if it has no more octets.
    static let mostReadForPeek = 65_536

    /// Looks at the last messages of a queue, for a user who could fetch from it: RabbitMQ's management plugin lets a user
    /// look who has the right to read from the queue, and nobody look into another connection's exclusive queue.
    public func peek(into queue: String, in virtualHost: String, by user: BrokerConfiguration.User) -> Peek {
        guard let permissions = user.permissions(in: virtualHost) else { return .refused }
        // No queue has a longer name; its beginning may be another queue's, to which other rights belong.
        guard let host = virtualHosts[virtualHost], let name = try? ShortString(queue),
            let found = host.queues[name]?.queue
        else {
            return .notFound
        }
        guard permissions.mayRead(name.text) else { return .refused }
        guard found.declaration.owner == nil else { return .locked }
        return .messages(found.latest(Self.mostPeeked).map { PeekedMessage($0, in: host) })
    }
}

extension PeekedMessage {
    init(_ queued: QueuedMessage, in host: VirtualHost) {
        let message = queued.message
        let isRead = message.isResident || message.contentCount <= BrokerCore.mostReadForPeek
        let content = isRead ? host.content(of: message) : nil
        self.init(
            exchange: message.exchange.text, routingKey: message.routingKey.text, redelivered: queued.redelivered,
            bodySize: message.bodySize, properties: content.flatMap { try? $0.properties() },
            head: content.map { Array($0.body.prefix(BrokerCore.peekedOctets)) } ?? [])
    }
}
