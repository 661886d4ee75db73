import AMQPWire

/// The next step after an error: by what happened, and where the broker gave a reply code, by that, the method that failed
/// and what it said.
enum Advice {
    static func next(
        kind: AMQPError.Kind, code: ReplyCode? = nil, method: MethodID? = nil, text: String = ""
    ) -> String {
        switch kind {
        case .badURI:
            "Write amqp://user:password@host:port/vhost; a '/' inside a part is written %2f, an '@' %40."
        case .badArgument: ""
        case .notSupported: "Use amqp:// and a plain port, for instance through a TLS tunnel on this machine."
        case .tlsFailed: ""
        case .unreachable: "Check that a broker is running there and that host and port are right."
        case .timedOut: "Check the broker's load and log; a longer timeout can be set in ConnectionConfiguration."
        case .cancelled: ""
        case .loginRefused:
            "Check user and password in the URI; RabbitMQ lets 'guest' in only from its own machine."
        case .closedByBroker: closed(code, method, text)
        case .closedByClient: "Open a new one to go on."
        case .connectionLost: "Look at the broker's log for the reason, then connect again."
        case .protocolViolation: "Check that the peer is an AMQP 0-9-1 broker; if it is, report it to its authors."
        case .nacked: "The broker did not keep the message: publish it again, or store it elsewhere."
        case .returned: "Bind a queue for this routing key, or publish without 'mandatory'."
        case .consumerCancelled: "Declare the queue again, and consume from it again."
        case .unknownOutcome: "Publish it again where twice is better than never, as with resend: .atLeastOnce."
        case .noFreeChannel: "Close channels that are no longer needed, or open a second connection."
        case .blocked: "Publish again when the broker has memory and disk space again (ConnectionEvent.unblocked)."
        }
    }

    private static func closed(_ code: ReplyCode?, _ method: MethodID?, _ text: String) -> String {
        switch code {
        case .accessRefused: accessRefused(text)
        case .notFound where method == BasicPublish.id:
            "Declare the exchange first, in the same virtual host; to publish to a queue, leave the exchange out: the "
                + "routing key is the queue's name."
        case .notFound: "Declare it first, in the same virtual host, and check the spelling."
        case .resourceLocked: "An exclusive queue belongs to the connection that declared it: use another name."
        case .preconditionFailed: preconditionFailed(method, text)
        case .connectionForced: "An operator or a shutdown closed it: connect again when the broker is back."
        case .contentTooLarge: "Send a smaller message, or keep the data elsewhere and send where it is."
        case .noRoute, .noConsumers: "Bind a queue first, or publish without 'mandatory' and 'immediate'."
        case .invalidPath: "Check the virtual host in the URI."
        case .notAllowed: notAllowed(method)
        case .notImplemented: "The broker does not offer this; do without."
        case .resourceError: "The broker is at a limit: look at its log."
        case .internalError: internalError(text)
        default: "Look at the broker's log for the details."
        }
    }

    private static func accessRefused(_ text: String) -> String {
        // Another consumer was faster: nobody's rights are missing.
        text.hasSuffix("in exclusive use")
            ? "One consumer has this queue to itself: wait until it ends, or consume from another queue."
            : "Check the user's permissions; names beginning with 'amq.' are the broker's own."
    }

    private static func notAllowed(_ method: MethodID?) -> String {
        switch method?.classID {
        case MethodID.connection: "Check that the virtual host exists and that the user may use it."
        case MethodID.basic: "Choose another consumer tag, or none: then the broker makes one up."
        default: "Look at the broker's log for the details."
        }
    }

    private static func internalError(_ text: String) -> String {
        // "Feature `NAME` is deprecated": RabbitMQ refuses it unless its operator permits it. Its text is cut off before it
        // says how.
        let parts = text.split(separator: "`")
        guard parts.count > 2, parts[0].hasSuffix("Feature "), parts[2].hasPrefix(" is deprecated") else {
            return "Look at the broker's log for the details."
        }
        let instead = parts[1] == "transient_nonexcl_queues" ? "Declare it durable or exclusive" : "Do without it"
        return "\(instead), or set deprecated_features.permit.\(parts[1]) = true in rabbitmq.conf."
    }

    /// 406 has as many causes as there are methods with conditions.
    private static func preconditionFailed(_ method: MethodID?, _ text: String) -> String {
        switch method {
        case QueueDeclare.id?, ExchangeDeclare.id?:
            text.contains("inequivalent arg")
                ? "Declare it as the existing one was declared, or delete that one first."
                : "Correct the argument that is named here."
        case QueueDelete.id?, ExchangeDelete.id?:
            "Delete it once it is empty and nobody uses it, or without 'ifEmpty' and 'ifUnused'."
        case BasicAck.id?, BasicNack.id?, BasicReject.id?:
            "Acknowledge each delivery once, on the channel that it came from."
        case BasicPublish.id?: "Put right what it says about the message, and publish it again."
        case ConfirmSelect.id?, TxSelect.id?, TxCommit.id?, TxRollback.id?:
            "A channel has confirms or transactions, not both; select them before you use them."
        case nil: "Acknowledge each delivery in time: the broker ends a consumer that takes too long."
        default: "Correct the argument that is named here."
        }
    }
}

extension AMQPError {
    static func badURI(_ text: String) -> AMQPError { AMQPError(.badURI, scope: .client, text: text) }

    static func badArgument(_ text: String, nextStep: String = "") -> AMQPError {
        AMQPError(.badArgument, scope: .client, text: text, nextStep: nextStep)
    }

    static func cancelled(_ what: String) -> AMQPError {
        AMQPError(.cancelled, scope: .client, text: "The task was cancelled while it waited for \(what)")
    }

    static let leftClosure = AMQPError(
        .timedOut, scope: .client,
        text: "The closure was cancelled, has not ended within the client's grace, and is left to itself",
        nextStep: "Look at Task.isCancelled in work that takes long.")

    static func timedOut(_ what: String, milliseconds: Int) -> AMQPError {
        AMQPError(.timedOut, scope: .client, text: "No answer to \(what) within \(milliseconds) ms")
    }
}

extension ShortString {
    /// The text as a short string, or an error that says which argument is too long.
    init(_ text: String, as what: String) throws(AMQPError) {
        do {
            try self.init(text)
        } catch {
            throw .badArgument(
                "The \(what) has \(text.utf8.count) bytes, AMQP allows \(Self.maximumCount)",
                nextStep: "Choose a shorter one.")
        }
    }
}
