import AMQPWire

/// The release of RabbitMQ that a broker behaves as. Every difference between releases is here, by name, as it was seen on
/// the versions below; those of quorum queues, streams and policies are in QuorumDialect.swift, StreamDialect.swift and
/// PolicyDialect.swift. No other place asks which release it is.
public enum Dialect: CaseIterable, Comparable, Sendable {
    case v3_10, v4_0, v4_3

    /// `4.0`, as people call the release.
    public var name: String { version.split(separator: ".").prefix(2).joined(separator: ".") }

    /// The release of this ``name``; nil: there is none.
    public init?(named name: String) {
        guard let dialect = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = dialect
    }

    /// The ``name``s of all, for people.
    public static var names: String { allCases.map(\.name).joined(separator: ", ") }

    /// The version that was looked at, which clients are told with the name RabbitMQ.
    public var version: String {
        switch self {
        case .v3_10: "3.10.8"
        case .v4_0: "4.0.5"
        case .v4_3: "4.3.6"
        }
    }

    // MARK: Connections

    /// What a client is sent if it speaks another protocol: from 4.0, the header of AMQP 1.0 with SASL.
    var refusingHeader: [UInt8] { self < .v4_0 ? ProtocolHeader.amqp091 : Array("AMQP".utf8) + [3, 1, 0, 0] }
    /// The least frame-max that a client may ask for, and what a frame may have before that is agreed on, in octets.
    var smallestFrameMax: UInt32 { self < .v4_3 ? Frame.minimumMax : 8192 }
    /// The largest body of a message unless the configuration has another, in octets.
    var maximumMessageSize: UInt64 { self < .v4_0 ? 128 << 20 : 16 << 20 }
    /// Who a client is that names the mechanism ANONYMOUS; nil: it is not offered.
    var anonymousUser: String? { self < .v4_0 ? nil : "guest" }
    /// A body that is longer than announced.
    var overrunCode: ReplyCode { self < .v4_3 ? .unexpectedFrame : .frameError }
    /// A client's `basic.cancel-ok` is too much for 4.3, which says neither what was wrong nor where.
    func isBrokenBy(_ method: MethodID) -> Bool { self >= .v4_3 && method == BasicCancelOk.id }

    // MARK: Declaring

    /// Types of exchanges that came after 3.10. One that was kept on disk is known by any release's name.
    func knows(exchangeType type: String) -> Bool {
        switch type {
        case "x-local-random": self >= .v4_0
        case "x-modulus-hash": self >= .v4_3
        default: true
        }
    }
    /// An exchange type that is not there: of the connection (503), from 4.0 of the channel (406).
    var unknownExchangeTypeCode: ReplyCode { self < .v4_0 ? .commandInvalid : .preconditionFailed }
    /// `x-queue-master-locator` is refused as a deprecated feature.
    var refusesMasterLocator: Bool { self >= .v4_3 }
    /// `x-queue-leader-locator` may be said of a classic queue.
    var takesLeaderLocator: Bool { self >= .v4_0 }
    /// `x-queue-mode` has to be one that there is.
    var checksQueueMode: Bool { self < .v4_3 }
    /// `x-consumer-timeout` may be said of a classic queue and of its consumers.
    var takesConsumerTimeout: Bool { self < .v4_3 }
    /// `x-queue-version` may be this at least, and 2 at most.
    var oldestQueueVersion: Int64 { self < .v4_3 ? 1 : 2 }
    /// A user with no right at all to a queue or an exchange may not ask whether it is there.
    var guardsPassiveDeclares: Bool { self >= .v4_3 }
    /// How many `#` the key of a topic binding may have.
    var mostHashes: Int { self < .v4_3 ? .max : 2 }

    /// A queue of definitions that does not say its type is of the virtual host's default type; before, it is classic.
    var givesImportsTheDefaultType: Bool { self >= .v4_0 }

    // MARK: Messages

    /// Any octet is taken as a delivery mode.
    var takesAnyDeliveryMode: Bool { self >= .v4_0 }
    /// Headers are handed on in the order of their names, and the first of those of one name alone.
    var sortsHeaders: Bool { self >= .v4_0 }
    /// Headers exchanges: an integer equals no floating point number, and a header that is a timestamp equals its
    /// milliseconds.
    var comparesHeadersByKind: Bool { self >= .v4_0 }
    /// What a client writes about deaths does not count, x-last-death-… is written beside x-first-death-…, and a
    /// CC header stays, without effect, where another key was set.
    var writesDeathsItself: Bool { self >= .v4_0 }
    /// The entries behind the latest are in the opposite order after each further death, which also decides what a cycle is.
    var turnsDeathsRound: Bool { self < .v4_0 }
    /// How often deliveries of a message have failed goes along with its dead letters: they are marked as redelivered where
    /// nobody has had them yet, and a quorum queue counts on.
    var lettersTellFailures: Bool { self >= .v4_3 }
    /// A mandatory reply to a requester that is there is no longer returned beside being delivered.
    var routesReplies: Bool { self >= .v4_3 }
    /// Nor is one to a requester that has gone.
    var routesLateReplies: Bool { self >= .v4_3 }
    /// A requester's address is a queue of a kind of its own, which can't be bound.
    var hasVolatileQueues: Bool { self >= .v4_3 }
    /// A reply to a requester takes a delivery tag. Before, it has the next one, and leaves it to what is delivered next.
    var countsReplies: Bool { self >= .v4_3 }

    // MARK: Consuming

    /// How long a delivery may be out is a matter of its quorum queue, which ends the consumer. Before, the channel is closed.
    var queuesTimeOut: Bool { self >= .v4_3 }
    /// `x-consumer-timeout` of a queue, and `consumer-timeout` of a policy, count.
    var queuesSayTimeouts: Bool { self >= .v4_0 }

    /// `basic.qos` with `global` limits the channel; without this it does as if that had not been said.
    var hasSharedWindow: Bool { self < .v4_3 }
}

extension FieldTable {
    /// In the order of the names, and of one name the first alone; nil when that is how they are.
    var tidied: FieldTable? {
        guard zip(fields, fields.dropFirst()).contains(where: { $0.name >= $1.name }) else { return nil }
        var kept: [Field] = []
        for field in sortedByName.fields where kept.last?.name != field.name { kept.append(field) }
        return FieldTable(kept)
    }
}
