import AMQPWire

/// What went wrong, where, in the broker's own words if it has spoken, and what to do next.
public struct AMQPError: Error, Sendable, Equatable {
    /// What is no longer usable because of it.
    public enum Scope: Sendable, Equatable {
        /// Only this call failed; channel and connection live on.
        case client
        /// The channel is closed; the connection and its other channels live on.
        case channel
        /// The connection is closed, or never came to be.
        case connection
    }

    /// What happened, for code that decides by it.
    public indirect enum Kind: Sendable, Equatable {
        /// The URI is malformed; the text names the part.
        case badURI
        /// An argument that the protocol cannot carry: a name over 255 octets, a number out of range.
        case badArgument
        /// Something that is not there: in this client on purpose, or OpenSSL on this machine.
        case notSupported
        /// No connection to host and port.
        case unreachable
        /// No encrypted connection, for a reason that another attempt does not mend: a certificate that is not trusted, or is
        /// for another name, or is wanted from this client.
        case tlsFailed
        /// No answer in time.
        case timedOut
        /// The task that waited has been cancelled.
        case cancelled
        /// The broker does not take user and password.
        case loginRefused
        /// The broker closed the channel or the connection; `code` and `text` are its own.
        case closedByBroker
        /// The channel or the connection was closed on this side.
        case closedByClient
        /// The stream ended without a close.
        case connectionLost
        /// The peer sent what the protocol does not allow; `code` is the one this client closed with.
        case protocolViolation
        /// The broker did not take a published message (`basic.nack`).
        case nacked
        /// A mandatory message reached no queue.
        case returned(ReturnedMessage)
        /// The broker ended the consumer, usually because its queue is gone.
        case consumerCancelled
        /// The connection was lost before the broker had answered for a published message: it may have arrived, or not.
        /// ``AMQPError/publish`` is the message.
        case unknownOutcome
        /// All channel numbers that were agreed on are in use.
        case noFreeChannel
        /// The broker takes no publishes at present, and the configuration says not to wait.
        case blocked
    }

    /// What happened.
    public var kind: Kind
    /// What is no longer usable.
    public var scope: Scope
    /// The reply code, when broker or client sent one.
    public var code: ReplyCode?
    /// The broker's own text, or this client's where the broker has not spoken.
    public var text: String
    /// The method that gave rise to it, as far as known.
    public var method: MethodID?
    /// What to do about it: one sentence.
    public var nextStep: String
    /// The publish that it is about: of ``ConfirmedPublisher``, which tells of earlier ones, and of ``Publisher``.
    public var publish: Publish?
    /// Which connection it comes from.
    var origin = Origin()

    /// Which connection an error comes from, as far as known. Two errors that say the same are equal all the same.
    struct Origin: Sendable, Equatable {
        private var connection: UInt64?

        init() {}
        init(_ engine: ConnectionEngine) { connection = engine.number }

        func isOf(_ engine: ConnectionEngine) -> Bool { connection == engine.number }

        static func == (_: Origin, _: Origin) -> Bool { true }
    }

    /// A message, and where it was sent.
    public struct Publish: Sendable, Equatable {
        /// What was published.
        public var message: Message
        /// Where to; empty: the default exchange.
        public var exchange: String
        /// With which routing key.
        public var routingKey: String
        /// Whether it was to come back if it reached no queue.
        public var mandatory = false
    }

    /// An error made up, for a test or a program's own use; a `nextStep` of nil is chosen by the rest.
    public init(
        _ kind: Kind, scope: Scope, code: ReplyCode? = nil, text: String, method: MethodID? = nil,
        nextStep: String? = nil
    ) {
        self.kind = kind
        self.scope = scope
        self.code = code
        self.text = text
        self.method = method == MethodID.none ? nil : method
        self.nextStep = nextStep ?? Advice.next(kind: kind, code: code, method: self.method, text: text)
    }

    func about(_ publish: Publish) -> AMQPError {
        var error = self
        error.publish = publish
        if kind == .nacked {
            error.text += " that was sent to exchange '\(publish.exchange)' with routing key '\(publish.routingKey)'"
        }
        return error
    }
}

extension AMQPError: CustomStringConvertible {
    /// One sentence on what happened, one on what to do.
    public var description: String {
        nextStep.isEmpty ? Self.sentence(what) : "\(Self.sentence(what)) \(nextStep)"
    }

    private var what: String {
        let cause = method.map { " [\($0)]" } ?? ""
        let number = code.map { " (\($0.rawValue))" } ?? ""
        switch kind {
        case .loginRefused: return "The broker refused the login\(number): \(text)"
        case .closedByBroker:
            return "The broker closed the \(scope == .channel ? "channel" : "connection")\(number): \(text)\(cause)"
        case .protocolViolation:
            return "The peer broke the protocol, so the connection was closed\(number): \(text)\(cause)"
        default: return text
        }
    }

    private static func sentence(_ text: String) -> String {
        text.last.map { ".!?".contains($0) } == true ? text : text + "."
    }
}
