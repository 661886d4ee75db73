/// One thing that a client does on a random walk. Names are those of the walk; on the broker they have a prefix.
struct WalkStep: Sendable, Equatable {
    /// Which of the client's channels does it.
    var channel: Int
    var deed: Deed
    /// A method that may be sent with no-wait is.
    var isHasty = false

    enum Deed: Sendable, Equatable {
        case declareExchange(String, ExchangeShape)
        case deleteExchange(String, ifUnused: Bool)
        case declareQueue(String, QueueShape)
        case deleteQueue(String, ifUnused: Bool, ifEmpty: Bool)
        case purge(String)
        case bind(Binding)
        case unbind(Binding)
        case publish(Publication)
        case get(String, noAck: Bool)
        /// Settles the channel's nth delivery that is outstanding.
        case settle(Int, Settlement, multiple: Bool)
        /// Settles all that is outstanding, by tag 0.
        case settleAll(Settlement)
        case settleUnknown(Settlement)
        case recover
        case consume(String, Consumption)
        case cancel(String)
        /// Closes the channel, and opens it again.
        case close
        case commit
        case rollback
        /// Fetches all that is ready in a queue.
        case read(String)
        /// Lets so much time go by that everything is over that lasts ``Span/short``.
        case wait
        case restart
    }

    /// How long something lasts.
    enum Span: Int, Sendable {
        case none = 0
        case short = 400

        /// A queue that nobody uses lasts a little longer than the messages in it.
        static let lease = 500
        static let wait = 600
    }

    enum Settlement: String, Sendable, CaseIterable {
        case ack
        case discard = "nack without requeue"
        case requeue = "nack with requeue"
        case rejectAndDiscard = "reject"
        case rejectAndRequeue = "reject with requeue"

        var isRequeue: Bool { self == .requeue || self == .rejectAndRequeue }
        /// basic.reject takes one at a time.
        var mayBeMultiple: Bool { self == .ack || self == .discard || self == .requeue }
    }

    struct ExchangeShape: Sendable, Equatable {
        var type: String
        var alternate: String?
        var isAutoDelete = false
        var isDurable = false
    }

    struct QueueShape: Sendable, Equatable {
        var maxLength: Int?
        var maxOctets: Int?
        var overflow = Overflow.dropHead
        var deadLetterExchange: String?
        var deadLetterKey: String?
        var maxPriority: Int?
        var timeToLive: Span?
        /// It goes when nobody has used it for ``Span/lease``.
        var isLeased = false
        var isSingleActive = false
        var isAutoDelete = false
        /// One that isn't belongs to the connection.
        var isDurable = false
        /// How often what a quorum queue hands out may come back; nil: it is a classic queue.
        var deliveryLimit: Int?

        var isQuorum: Bool { deliveryLimit != nil }
    }

    struct Consumption: Sendable, Equatable {
        var tag: String
        /// nil: it doesn't acknowledge.
        var prefetch: Int?
        var priority = 0
        var isExclusive = false
    }

    enum Overflow: String, Sendable {
        case dropHead = "drop-head"
        case reject = "reject-publish"
        case rejectToDeadLetters = "reject-publish-dlx"
    }

    enum Destination: Sendable, Hashable {
        case queue(String)
        case exchange(String)
    }

    struct Binding: Sendable, Hashable {
        var source: String
        var destination: Destination
        var key: String
        /// Which of ``WalkHeaders/bindings``.
        var arguments = 0
    }

    struct Publication: Sendable, Equatable {
        var text: String
        /// As many octets as that behind the text.
        var filling = 0
        var exchange: String
        var key: String
        /// The header CC.
        var copies: [String] = []
        /// Which of ``WalkHeaders/messages``.
        var headers = 0
        var priority: Int?
        var expiration: Span?
        var isPersistent = false
        var isMandatory = false

        var body: String { text + String(repeating: ".", count: filling) }
    }
}

// MARK: In words, for the report of a walk that went wrong

extension WalkStep: CustomStringConvertible {
    var description: String { "channel \(channel + 1): \(deed)\(isHasty ? ", no-wait" : "")" }
}

extension WalkStep.Deed: CustomStringConvertible {
    var description: String {
        switch self {
        case .declareExchange(let name, let shape): "declare exchange \(name), \(shape)"
        case .deleteExchange(let name, let ifUnused): "delete exchange \(name)\(ifUnused ? " if unused" : "")"
        case .declareQueue(let name, let shape): "declare queue \(name)\(shape)"
        case .deleteQueue(let name, let ifUnused, let ifEmpty):
            "delete queue \(name)\(ifUnused ? " if unused" : "")\(ifEmpty ? " if empty" : "")"
        case .purge(let name): "purge \(name)"
        case .bind(let binding): "bind \(binding)"
        case .unbind(let binding): "unbind \(binding)"
        case .publish(let publication): "publish \(publication)"
        case .get(let name, let noAck): "get from \(name)\(noAck ? " without ack" : "")"
        case .settle(let place, let settlement, let multiple):
            "\(settlement.rawValue) delivery \(place + 1) of those outstanding\(multiple ? ", and all before it" : "")"
        case .settleAll(let settlement): "\(settlement.rawValue) all that is outstanding, by tag 0"
        case .settleUnknown(let settlement): "\(settlement.rawValue) a delivery that there never was"
        case .recover: "recover with requeue"
        case .consume(let name, let consumption): "consume from \(name) as \(consumption)"
        case .cancel(let tag): "cancel \(tag)"
        case .close: "close the channel, and open it again"
        case .commit: "commit"
        case .rollback: "roll back"
        case .read(let name): "fetch all of \(name)"
        case .wait: "wait \(WalkStep.Span.wait) ms"
        case .restart: "restart the broker"
        }
    }
}

extension WalkStep.Consumption: CustomStringConvertible {
    var description: String {
        tag + (prefetch.map { ", prefetch \($0)" } ?? " without ack") + (priority == 0 ? "" : ", priority \(priority)")
            + (isExclusive ? ", exclusive" : "")
    }
}

extension WalkStep.ExchangeShape: CustomStringConvertible {
    var description: String {
        type + (isDurable ? ", durable" : "") + (isAutoDelete ? ", auto-delete" : "")
            + (alternate.map { ", alternate \($0)" } ?? "")
    }
}

extension WalkStep.QueueShape: CustomStringConvertible {
    var description: String {
        var words: [String] = []
        if let maxLength { words.append("x-max-length \(maxLength)") }
        if let maxOctets { words.append("x-max-length-bytes \(maxOctets)") }
        if overflow != .dropHead { words.append(overflow.rawValue) }
        if let deadLetterExchange {
            let name = deadLetterExchange.isEmpty ? "the default exchange" : deadLetterExchange
            words.append("dead letters to \(name)" + (deadLetterKey.map { " by '\($0)'" } ?? ""))
        }
        if let maxPriority { words.append("x-max-priority \(maxPriority)") }
        if let timeToLive { words.append("x-message-ttl \(timeToLive.rawValue)") }
        if isLeased { words.append("x-expires \(WalkStep.Span.lease)") }
        if isSingleActive { words.append("single active consumer") }
        if isAutoDelete { words.append("auto-delete") }
        if let deliveryLimit {
            words.append("quorum, x-delivery-limit \(deliveryLimit)")
        } else if isDurable {
            words.append("durable")
        }
        return words.map { ", \($0)" }.joined()
    }
}

extension WalkStep.Binding: CustomStringConvertible {
    var description: String {
        let end =
            switch destination {
            case .queue(let name): name
            case .exchange(let name): "exchange \(name)"
            }
        return "\(end) to \(source) by '\(key)'" + (arguments == 0 ? "" : " with \(WalkHeaders.bindings[arguments])")
    }
}

extension WalkStep.Publication: CustomStringConvertible {
    var description: String {
        "'\(text)'" + (filling > 0 ? " and \(filling) octets" : "")
            + " to \(exchange.isEmpty ? "the default exchange" : exchange) by '\(key)'"
            + (copies.isEmpty ? "" : ", CC \(copies.map { "'\($0)'" }.joined(separator: ", "))")
            + (headers == 0 ? "" : ", headers \(WalkHeaders.messages[headers])")
            + (priority.map { ", priority \($0)" } ?? "")
            + (expiration.map { ", expiration \($0.rawValue)" } ?? "") + (isPersistent ? ", persistent" : "")
            + (isMandatory ? ", mandatory" : "")
    }
}
