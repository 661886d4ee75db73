import AMQPClient

extension TestBroker {
    /// Something that is to go wrong. See ``TestBroker/fail(_:)``.
    public struct Failure: Sendable, Equatable {
        /// What a client asks for, and is refused.
        public enum Call: Sendable, Equatable {
            case declareQueue, declareExchange, bind, consume, publish
        }

        /// When a connection is lost.
        public enum Moment: Sendable, Equatable {
            /// Before a publish has reached the broker.
            case publish
            /// After a publish has reached the broker, and before its confirm has reached the client.
            case confirm
            /// Before a delivery has reached the client.
            case delivery
            /// Before an acknowledgement has reached the broker: the delivery comes again.
            case acknowledgement
        }

        enum Kind: Sendable, Equatable {
            case nack(key: String?)
            case refuse(Call, name: String?, ReplyCode, String)
            case cut(Moment)
            case blocked(String)
            case noConfirms
        }

        var kind: Kind
        var times = 1

        /// The next publish is not taken: on a channel with confirms the client is told by `basic.nack`, on another it
        /// hears nothing.
        ///
        /// - Parameters:
        ///   - key: only a publish with this routing key; nil: any.
        ///   - times: how many of them, 1 or more.
        public static func nack(key: String? = nil, times: Int = 1) -> Failure {
            Failure(kind: .nack(key: key), times: times)
        }

        /// The next call is refused, which closes the channel or the connection, as the code has it.
        ///
        /// - Parameters:
        ///   - call: what is asked for.
        ///   - name: only a call about the queue (of `publish` and `declareExchange`: the exchange) of this name; nil: any.
        ///   - code: such as `.resourceLocked` (405), which closes the channel, or `.internalError` (541), which closes the
        ///     connection.
        ///   - text: what the broker says; nil: the code's name, as RabbitMQ writes it. At most 255 octets count.
        ///   - times: how many of them, 1 or more.
        public static func refuse(
            _ call: Call, of name: String? = nil, with code: ReplyCode, text: String? = nil, times: Int = 1
        ) -> Failure {
            let text = text ?? "\(code.name ?? "ERROR") - refused by the test"
            return Failure(kind: .refuse(call, name: name, code, text), times: times)
        }

        /// The connection is lost at the next such moment.
        ///
        /// - Parameters:
        ///   - moment: when.
        ///   - times: how often, 1 or more.
        public static func cut(before moment: Moment, times: Int = 1) -> Failure {
            Failure(kind: .cut(moment), times: times)
        }

        /// The broker says that it takes no publishes (`connection.blocked`), to all clients and to those that come, until
        /// ``TestBroker/mend()``.
        public static func blocked(_ reason: String = "low on memory") -> Failure { Failure(kind: .blocked(reason)) }

        /// The broker is slow: it does what it is asked for, and its confirms come only with ``TestBroker/mend()``. A refusal
        /// (``nack(key:times:)``) comes all the same.
        public static let noConfirms = Failure(kind: .noConfirms)
    }
}

/// The failures that are still to happen.
struct FailurePlan: Sendable {
    private var failures: [TestBroker.Failure] = []

    mutating func add(_ failure: TestBroker.Failure) { if failure.times > 0 { failures.append(failure) } }

    mutating func removeAll() { failures = [] }

    /// The first that fits, which counts as happened.
    mutating func take(_ fits: (TestBroker.Failure.Kind) -> Bool) -> TestBroker.Failure.Kind? {
        guard let place = failures.firstIndex(where: { fits($0.kind) }) else { return nil }
        let kind = failures[place].kind
        failures[place].times -= 1
        if failures[place].times == 0 { failures.remove(at: place) }
        return kind
    }

    mutating func takeCut(_ moment: TestBroker.Failure.Moment) -> Bool { take { $0 == .cut(moment) } != nil }

    mutating func takeNack(key: String) -> Bool {
        take { if case .nack(let wanted) = $0 { wanted == nil || wanted == key } else { false } } != nil
    }

    mutating func takeRefusal(
        _ call: TestBroker.Failure.Call, name: String
    ) -> (code: ReplyCode, text: String)? {
        let kind = take {
            guard case .refuse(call, name: let wanted, _, _) = $0 else { return false }
            return wanted == nil || wanted == name
        }
        guard case .refuse(_, name: _, let code, let text)? = kind else { return nil }
        return (code, text)
    }
}
