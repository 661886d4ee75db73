import AMQPWire

/// A refusal: what a channel or a connection is closed with.
struct BrokerError: Error, Equatable {
    var code: ReplyCode
    /// What is wrong, in RabbitMQ's words, so that a client which looks for them finds them.
    var text: String
    var scope: ReplyCode.Scope

    /// The scope is the code's own unless it is given.
    init(_ code: ReplyCode, _ text: String, scope: ReplyCode.Scope? = nil) {
        self.code = code
        self.text = text
        self.scope = scope ?? code.scope ?? .connection
    }

    /// The reply text as RabbitMQ writes it: the code's name, then what is wrong.
    var replyText: ShortString {
        let whole = "\(code.name ?? "ERROR") - \(text)"
        if whole.utf8.count > 255, quirk(.reasonsAreCutAtAnOctet) {
            return ShortString(slice: Array(whole.utf8)[..<255])
        }
        return ShortString(truncating: whole)
    }
}

extension BrokerError {
    static func noExchange(_ name: ShortString, in virtualHost: String) -> BrokerError {
        BrokerError(.notFound, "no exchange '\(name)' in vhost '\(virtualHost)'")
    }

    static func noQueue(_ name: ShortString, in virtualHost: String) -> BrokerError {
        BrokerError(.notFound, "no queue '\(name)' in vhost '\(virtualHost)'")
    }

    /// `label` is a queue's, as reply texts name it.
    static func locked(_ label: String) -> BrokerError {
        BrokerError(
            .resourceLocked,
            "cannot obtain exclusive access to locked \(label). It could be originally declared on another "
                + "connection or the exclusive property value does not match that of the original declaration.")
    }

    static let defaultExchange = BrokerError(.accessRefused, "operation not permitted on the default exchange")

    static func inequivalent(
        _ argument: String, for label: String, received: String, current: String
    ) -> BrokerError {
        BrokerError(
            .preconditionFailed,
            "inequivalent arg '\(argument)' for \(label): received \(received) but current is \(current)")
    }

    static func argumentOfAnotherQueueType(
        _ name: ShortString, for label: String, ofQueueType type: String
    ) -> BrokerError {
        BrokerError(.preconditionFailed, "invalid arg '\(name)' for \(label) of queue type \(type)")
    }

    static func invalidArgument(_ name: String, for label: String, _ reason: String) -> BrokerError {
        BrokerError(.preconditionFailed, "invalid arg '\(name)' for \(label): \(reason)")
    }
}
