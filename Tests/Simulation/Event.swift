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
    /// Its body is made of this number alone: see ``body``.
    var number: Int
    var exchange: String
    var key: String
    var expiration: Int64?
    /// What `x-death` says, the latest first.
    var deaths: [Death] = []

    struct Death: Hashable {
        var queue: String
        var reason: String
        var count: Int
    }

    var description: String {
        "\(number) from '\(exchange)' \(key)" + (expiration.map { ", expires in \($0)" } ?? "")
            + deaths.map { ", \($0.reason) \($0.count) times in \($0.queue)" }.joined()
    }

    /// The number, and what fills it up to a length that the number decides.
    static func body(_ number: Int) -> [UInt8] {
        Array("\(number) ".utf8) + Array(repeating: 46, count: number % 7 == 0 ? number % 500 : 0)
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
