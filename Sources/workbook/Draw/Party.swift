/// A role of a chapter, as a picture shows it. A broker's listings say which queues are consumed, and neither by which program
/// nor who publishes: the chapter knows that.
struct Party: Equatable, Sendable {
    /// Where its messages come from.
    enum Source: Equatable, Sendable {
        case queue(String)
        /// One of several, whose names begin alike.
        case queues(String)
        /// One of its own, whose name the broker made up.
        case ownQueue
    }

    /// As it is typed: `new-task`.
    let role: String
    /// nil: it takes no messages.
    let source: Source?
    /// The exchange that it publishes to, empty for the default exchange. nil: it publishes nothing.
    let exchange: String?
    /// What the broker tells it of its messages: `confirm`, `return`.
    let hears: [String]
    /// What a message is called that it publishes because of one that it took: `reply`. nil: it publishes unasked.
    let sends: String?

    /// A role that publishes.
    ///
    /// - Parameter source: where the answers to its messages come from, if it waits for any
    static func sender(
        _ role: String, to exchange: String, hears: [String] = [], answersIn source: Source? = nil
    ) -> Party {
        Party(role: role, source: source, exchange: exchange, hears: hears, sends: nil)
    }

    /// A role that takes messages.
    ///
    /// - Parameter sends: what it publishes for some of them, to the default exchange
    static func receiver(_ role: String, from source: Source, sends: String? = nil) -> Party {
        Party(role: role, source: source, exchange: sends == nil ? nil : "", hears: [], sends: sends)
    }

    /// It publishes unasked, so a picture begins with it.
    var begins: Bool { exchange != nil && sends == nil }

    func takes(from queue: String) -> Bool {
        switch source {
        case .queue(let name): name == queue
        case .queues(let prefix): queue.hasPrefix(prefix)
        case .ownQueue: queue.hasPrefix("amq.gen-")
        case nil: false
        }
    }
}
