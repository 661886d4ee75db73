/// What a random walk is about.
enum WalkTheme: String, Sendable, CaseIterable {
    case routing, queues, transactions, consumers, time, restarts, quorum

    enum Mode: Sendable { case confirming, transactional }

    /// Of the client's channels.
    var modes: [Mode] {
        switch self {
        case .transactions: [.confirming, .transactional]
        case .consumers: [.confirming, .confirming, .confirming]
        case .routing, .queues, .time, .restarts, .quorum: [.confirming, .confirming]
        }
    }

    /// Whether a message tells that it came back. Which do after a restart, releases tell in ways of their own, and how often a
    /// dead letter of a quorum queue did.
    func showsMark(afterDeath isDead: Bool) -> Bool {
        self != .restarts && !(self == .quorum && isDead && isRabbitMQ(from: "4.0"))
    }

    /// RabbitMQ counts whoever holds something of a quorum queue as a consumer, one that has fetched it too.
    var showsConsumers: Bool { self != .quorum }

    func count(ready: Int, consumers: Int) -> String {
        "\(ready) ready" + (showsConsumers ? ", \(consumers) consumers" : "")
    }

    /// On a broker that isn't in this process, waiting takes its time, and starting again still more: it takes a part of the
    /// walks.
    var part: Int {
        switch self {
        case .time: 6
        case .restarts: 12
        default: 1
        }
    }
}
