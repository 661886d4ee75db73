import AMQPWire

/// Names a caller that waits for an answer. The state machines know callers by number only: what waits, and how it is
/// woken, is the engine's business.
struct WaiterID: Hashable, Sendable {
    let number: UInt64

    /// Where a caller stands while it waits, so that it can be taken from there without a search.
    enum Place: Sendable {
        /// A call of a channel, on the wire or queued.
        case call
        /// A call that is sent whatever becomes of its caller: nothing is taken back.
        case sentAnyway
        /// The confirm of a publish, or of all.
        case confirm
        /// The confirm of a publish, of which no call hears unless somebody asks.
        case laterConfirm
        /// The gate, until there is room to publish.
        case gate
        /// A call of the connection: a channel to open, a secret to update.
        case connection
        /// The closing handshake, or the very end.
        case end
    }
}

/// Names a consumer before, while and after it has a tag.
struct ConsumerID: Hashable, Sendable {
    let number: UInt64
}

/// Names one channel of one opening: numbers are used again, and a handle of the old channel must not reach the new.
struct ChannelID: Hashable, Sendable {
    let number: UInt16
    let opening: UInt64
}

/// What a state machine wants done: octets to send, callers to answer.
///
/// Methods go in, effects come out; nothing in a state machine acts. The octets are written straight to where they are
/// sent from, because a list of methods to encode later would cost each publish an allocation and gain nothing.
struct Effects: Sendable {
    var output = FrameWriter()
    var events: [Event] = []
    /// Somebody wants to know of ``Event/confirmed(_:isTaken:)``.
    var countsConfirms = false

    enum Event: Sendable {
        case answer(WaiterID, Result<Answer, AMQPError>)
        /// The broker knows the consumer now: deliveries may follow at once, even in the same read.
        case consumerStarted(ConsumerID, tag: ShortString)
        case deliver(ConsumerID, RawDelivery)
        /// No more deliveries. nil: it was cancelled here.
        case consumerEnded(ConsumerID, AMQPError?)
        case returned(ChannelID, ReturnedMessage)
        /// The broker has answered to so many publishes.
        case confirmed(Int, isTaken: Bool)
        /// What became of a publish that no call has waited for, or can ask about.
        case unheard(ChannelID, AMQPError)
        /// The channel is gone; whatever of it still waits is told.
        /// `isTold`: somebody who waited has heard why.
        case channelEnded(ChannelID, AMQPError, isTold: Bool)
        case blocked(String)
        case unblocked
        /// Publishes that waited may try again.
        case publishingResumed
        /// The connection takes no more calls; whatever waits is told. The stream may live until the close is answered.
        case ended(AMQPError)
        /// Send what is written, then close the stream.
        case hangUp
    }

    mutating func answer(_ waiter: WaiterID?, _ answer: Answer) {
        if let waiter { events.append(.answer(waiter, .success(answer))) }
    }

    mutating func fail(_ waiter: WaiterID?, _ error: AMQPError) {
        if let waiter { events.append(.answer(waiter, .failure(error))) }
    }
}

/// What a caller waited for.
enum Answer: Sendable {
    case done
    /// The broker's reply.
    case method(Method)
    case message(RawDelivery, messageCount: UInt32)
    case channel(ChannelID)
}

/// A delivery as it stood on the wire. The consumer makes a ``Delivery`` of it, which can be acknowledged.
struct RawDelivery: Sendable {
    var consumerTag: ShortString
    var deliveryTag: UInt64
    var redelivered: Bool
    var exchange: ShortString
    var routingKey: ShortString
    var message: Message

    /// What it takes of the buffer's limit: the fixed part keeps a flood of empty messages from counting as nothing.
    var cost: Int { message.body.count + 512 }

    /// A stream takes nothing back, and RabbitMQ 3.10 closes the connection over a reject (540). A queue's delivery looks
    /// like one of a stream only if somebody has copied its headers; then it goes back when its channel closes.
    var isOfStream: Bool { message.properties.headers?["x-stream-offset"] != nil }
}

/// The peer did what the protocol does not allow; the connection is closed with this code.
struct ProtocolViolation: Error, Equatable {
    var code: ReplyCode
    var reason: String
    var method: MethodID?

    init(_ code: ReplyCode, _ reason: String, method: MethodID? = nil) {
        self.code = code
        self.reason = reason
        self.method = method
    }

    static func unexpected(_ method: MethodID, _ why: String = "at this point") -> ProtocolViolation {
        ProtocolViolation(.commandInvalid, "\(method) is not expected \(why)", method: method)
    }
}
