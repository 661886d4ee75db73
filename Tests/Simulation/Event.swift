import AMQPWire

/// Something that a client is sent, with all that is compared of it.
enum Event: Equatable {
    /// An `-ok`, with the counts it carries.
    case answer(MethodID, [Int])
    case delivery(consumer: String, tag: UInt64, redelivered: Bool, Content)
    case got(tag: UInt64, redelivered: Bool, left: Int, Content)
    case returned(Content)
    /// The queue of this consumer is gone.
    case cancelled(consumer: String)
    /// One number: whether several are confirmed in one method is the broker's choice.
    case confirm(UInt64, accepted: Bool)
    case closed(ReplyCode)
    /// Nothing that any client was to expect.
    case surprise(String)
}

/// A message as a client sees it.
struct Content: Hashable, CustomStringConvertible {
    /// Its body and its headers are made of this number alone: see ``body`` and ``headers``.
    var number: Int
    var exchange: String
    var key: String
    var expiration: Int64?
    var priority: Int?
    /// What `x-death` says, the latest first.
    var deaths: [Death] = []
    /// What `x-first-death-queue`, `-reason` and `-exchange` say.
    var first: [String] = []
    /// What `x-delivery-count` says, which a quorum queue writes as it hands the message out.
    var deliveryCount: Int?
    /// What `x-stream-offset` says, which a stream writes.
    var offset: Int?

    struct Death: Hashable {
        var queue: String
        var reason: String
        var count: Int
        var exchange: String
        var key: String
        var expiration: Int64?
        /// Seconds.
        var time: Int64
    }

    var description: String {
        "\(number) from '\(exchange)' \(key)" + (expiration.map { ", expires in \($0)" } ?? "")
            + (priority.map { ", priority \($0)" } ?? "")
            + deaths.map { death in
                ", \(death.reason) \(death.count) times in \(death.queue) from '\(death.exchange)' \(death.key)"
                    + (death.expiration.map { " expiring in \($0)" } ?? "") + " at \(death.time)"
            }.joined() + (first.isEmpty ? "" : ", first \(first.joined(separator: " "))")
            + (deliveryCount.map { ", count \($0)" } ?? "") + (offset.map { ", offset \($0)" } ?? "")
    }

    /// The number, and what fills it up to a length that the number decides.
    static func body(_ number: Int) -> [UInt8] {
        Array("\(number) ".utf8) + Array(repeating: 46, count: number % 7 == 0 ? number % 500 : 0)
    }

    var bodyCount: Int { Self.body(number).count }

    /// The same as its queue hands it out.
    func counted(_ count: Int?) -> Content {
        var content = self
        content.deliveryCount = count
        return content
    }

    /// Number 0, which only a look at what there is sends, has all that any binding asks for.
    static func headers(_ number: Int) -> [String: Int] {
        switch number % 5 {
        case 0: ["g": 1, "h": 1, "x-p": 1]
        case 1: ["h": 1]
        case 2: ["g": 1, "h": 2]
        case 3: ["g": 2, "x-p": 1]
        default: [:]
        }
    }
}

/// A channel of a client. Clients are numbered as they connect.
struct Path: Hashable, Comparable, CustomStringConvertible {
    var client: Int
    var channel: UInt16

    static func < (left: Path, right: Path) -> Bool {
        (left.client, left.channel) < (right.client, right.channel)
    }

    var description: String { "client \(client)/\(channel)" }
}
