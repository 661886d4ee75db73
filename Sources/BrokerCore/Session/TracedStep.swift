/// A step on a message's way, in a virtual host that is traced.
public struct TracedStep: Sendable {
    /// One more than that of the step before.
    public internal(set) var number = 0
    public internal(set) var virtualHost = ""
    /// The connection's name and the channel's number on it.
    public let connection: String
    public let channel: UInt16
    public let exchange: String
    public let routingKey: String
    /// The queues that a published message was routed to; the one that a delivery comes from.
    public let queues: [String]
    public let isDelivery: Bool
}

/// The last steps, for who comes to look; see ``TracedStep``.
struct TracedSteps {
    private(set) var recent: [TracedStep] = []
    private var count = 0
    static let most = 64
    /// So many queues of one message are named.
    static let mostQueues = 32

    mutating func append(_ step: TracedStep, in virtualHost: String) {
        count += 1
        var step = step
        (step.number, step.virtualHost) = (count, virtualHost)
        if recent.count == Self.most { recent.removeFirst() }
        recent.append(step)
    }
}
