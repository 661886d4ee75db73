import AMQPWire

/// The facts that a ``WireLog`` holds.
extension WireLog {
    /// When and where something was seen. Places of one log can be compared: times may be equal, indices never are.
    struct Place: Sendable, Equatable {
        var index: Int
        /// Milliseconds since the watch began.
        var time: Int64
        /// Which of the started programs it was, from 1: a program may have several connections.
        var run: Int
        var connection: Int
        var channel: UInt16
        /// One opening of a channel: its number may be used again, and delivery tags then begin anew.
        var session: Int
    }

    struct DeclaredQueue: Sendable {
        var place: Place
        /// The broker's, if the program left it to the broker.
        var name: String
        var method: QueueDeclare
    }

    struct DeclaredExchange: Sendable {
        var place: Place
        var method: ExchangeDeclare
        var name: String { method.exchange.text }
    }

    struct Binding: Sendable {
        var place: Place
        var queue: String
        var method: QueueBind
        /// The broker has said bind-ok.
        var isGranted = false
        var exchange: String { method.exchange.text }
        var key: String { method.routingKey.text }
    }

    /// basic.consume, or the first basic.get of a queue on a channel.
    struct Consumption: Sendable {
        var place: Place
        var queue: String
        var method: BasicConsume
        /// The broker has said consume-ok, or answered basic.get.
        var isGranted = false
        /// It asks for one message at a time, with basic.get.
        var isGet = false
        /// When it asked again last, and the longest time between two questions, in milliseconds.
        private(set) var lastAsked: Int64?
        private(set) var longestPause: Int64 = 0
        var verb: String { isGet ? "basic.get" : "basic.consume" }

        init(place: Place, queue: String, method: BasicConsume, isGranted: Bool = false, isGet: Bool = false) {
            (self.place, self.queue, self.method) = (place, queue, method)
            (self.isGranted, self.isGet) = (isGranted, isGet)
        }

        mutating func asks(at time: Int64) {
            longestPause = max(longestPause, time - (lastAsked ?? place.time))
            lastAsked = time
        }
    }

    struct Published: Sendable {
        var place: Place
        var method: BasicPublish
        var properties: BasicProperties
        var body: String
        var exchange: String { method.exchange.text }
        var key: String { method.routingKey.text }
    }

    struct Settlement: Sendable {
        enum Kind: Sendable { case ack, dropped, requeued }
        var place: Place
        var kind: Kind

        var verb: String {
            switch kind {
            case .ack: "basic.ack"
            case .dropped: "a refusal without requeue"
            case .requeued: "a refusal with requeue"
            }
        }
    }

    /// A message that was handed to the program, by basic.deliver or basic.get-ok.
    struct Handed: Sendable {
        var place: Place
        var tag: UInt64
        var redelivered: Bool
        var exchange: String
        var key: String
        var properties: BasicProperties
        var body: String
        /// The queue that it came from, as far as is known.
        var queue: String
        var isNoAck: Bool
        var settlements: [Settlement] = []
        var acks: [Settlement] { settlements.filter { $0.kind == .ack } }
        var isSettled: Bool { isNoAck || !settlements.isEmpty }
    }

    /// The broker closed a channel, or the connection: a rule was broken.
    struct Refusal: Sendable {
        var place: Place
        var code: UInt16
        var text: String
    }

    /// A program as a process.
    struct Life: Sendable {
        var run: Int
        /// How it ended by itself; nil while it runs, and when it was killed.
        var status: Int32?
        /// The check has killed it.
        var isKilled = false
        /// The last lines that it printed.
        var lines: [String] = []
    }
}

extension WireLog.Place {
    /// On the same opening of the same channel.
    func isBeside(_ other: Self) -> Bool { session == other.session }

    static func < (first: Self, second: Self) -> Bool { first.index < second.index }
}
