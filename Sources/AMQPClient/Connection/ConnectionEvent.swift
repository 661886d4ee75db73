/// What happens to a connection as a whole. See ``Connection/events``.
public enum ConnectionEvent: Sendable, Equatable {
    /// The broker is short of memory or disk and takes no publishes for now (RabbitMQ, page "Blocked Connections").
    /// Everything else goes on: consuming, acknowledging, closing.
    case blocked(reason: String)
    /// The broker takes publishes again.
    case unblocked
    /// The connection is closed, with the reason. The last event.
    case closed(AMQPError)
}
