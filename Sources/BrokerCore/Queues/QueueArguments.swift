import AMQPWire

/// The `x-` arguments of a queue that mean something here, checked and ready for use
/// (RabbitMQ: "Queues", optional arguments).
struct QueueArguments: Equatable {
    /// What happens to a publish that would make the queue too long.
    enum Overflow: String {
        case dropHead = "drop-head"
        case rejectPublish = "reject-publish"
        case rejectPublishDeadLetter = "reject-publish-dlx"
    }

    enum DeadLetterStrategy: String {
        case atMostOnce = "at-most-once"
        case atLeastOnce = "at-least-once"
    }

    var kind = QueueKind.classic
    /// Milliseconds.
    var messageTimeToLive: Int64?
    /// Milliseconds without use after which the queue goes.
    var expires: Int64?
    var maximumLength: Int64?
    /// Octets of bodies.
    var maximumOctets: Int64?
    var overflow = Overflow.dropHead
    /// There is an `x-overflow`: the overflow is not the default.
    var saysOverflow = false
    var deadLetterExchange: ShortString?
    var deadLetterRoutingKey: ShortString?
    /// Dead letters are to be kept until they have arrived.
    var deadLetterStrategy: DeadLetterStrategy?
    var maximumPriority: UInt8 = 0
    var singleActiveConsumer = false
    /// Milliseconds after which a stream's messages may go.
    var maximumAge: Int64?
    /// Octets of a stream's segment, by which it gives up messages.
    var segmentOctets = Self.segmentOctets
    /// Milliseconds that a delivery may be out.
    var consumerTimeout: Int64?
    /// As it was said: what it means is the dialect's.
    var deliveryLimit: FieldValue?

    /// Ten years: the longest time RabbitMQ takes.
    static let longestTime: Int64 = 315_360_000_000

    /// Reads and checks the arguments of a queue that is to be made. Throws 406 for one that can't be. Those that change
    /// nothing are not looked at without a dialect: that is for a queue that has been made before, under any.
    init(_ arguments: FieldTable, label: String, in dialect: Dialect?) throws(BrokerError) {
        let check = Check(arguments: arguments, label: label)
        kind = try check.kind(in: dialect)
        if let dialect {
            if kind == .classic { try check.masterLocator(in: dialect) }
            try kind.check(arguments, label: label, in: dialect)
        }
        deliveryLimit = arguments["x-delivery-limit"]
        // Of a classic queue of 4.0.5 anything is taken; what is no number is never over.
        consumerTimeout = arguments["x-consumer-timeout"].map { $0.integer ?? .max }
        deadLetterStrategy = arguments["x-dead-letter-strategy"]?.text.flatMap(DeadLetterStrategy.init)
        messageTimeToLive = try check.integer("x-message-ttl", in: 0...Self.longestTime)
        expires = try check.integer("x-expires", in: 1...Self.longestTime)
        maximumLength = try check.integer("x-max-length", in: 0...Int64.max)
        maximumOctets = try check.integer("x-max-length-bytes", in: 0...Int64.max)
        if let priority = try check.integer("x-max-priority", in: 0...255) {
            if priority == 0, quirk(.highestPriorityZeroFails) { throw BrokerError(.internalError, "badarith") }
            maximumPriority = UInt8(clamping: priority)
        }
        if let length = maximumLength, length > Int32.max, quirk(.lengthsHave32Bits) {
            maximumLength = length & 0xffff_ffff
        }
        if let octets = maximumOctets, octets > Int32.max, quirk(.octetsHave32Bits) {
            maximumOctets = octets & 0xffff_ffff
        }
        if maximumPriority > 127, quirk(.prioritiesStopAt127) { maximumPriority = 127 }
        if let text = try check.text("x-overflow") {
            guard let overflow = Overflow(rawValue: text) else { throw check.invalid("x-overflow", "invalid_overflow") }
            self.overflow = overflow
            saysOverflow = true
        }
        if let value = arguments["x-dead-letter-exchange"] {
            guard let text = value.text, let name = try? ShortString(text) else {
                throw BrokerError(
                    .preconditionFailed,
                    "invalid type '\(value.erlangTypeName)' for arg 'x-dead-letter-exchange' in \(label)")
            }
            deadLetterExchange = name.count > 127 && quirk(.longDeadLetterExchangesAreNone) ? nil : name
        }
        if let key = try check.text("x-dead-letter-routing-key") {
            guard deadLetterExchange != nil else {
                throw check.invalid("x-dead-letter-routing-key", "routing_key_but_no_dlx_defined")
            }
            deadLetterRoutingKey = ShortString(truncating: key)
            if key.isEmpty, quirk(.emptyDeadLetterKeyIsNone) { deadLetterRoutingKey = nil }
        }
        if let value = arguments["x-single-active-consumer"] {
            guard let bool = value.bool else {
                throw check.invalid("x-single-active-consumer", "{unacceptable_type,\(value.erlangTypeName)}")
            }
            singleActiveConsumer = bool
        }
        if kind == .stream { try readStreams(check, in: dialect) }
        guard let dialect else { return }
        switch kind {
        case .classic: try check.unusedOfClassicQueue(in: dialect)
        case .quorum: try check.unusedOfQuorumQueue(in: dialect)
        case .stream: break
        }
    }

    /// The checks, with RabbitMQ's words for what is wrong.
    struct Check {
        var arguments: FieldTable
        var label: String

        func invalid(_ name: String, _ reason: String) -> BrokerError {
            .invalidArgument(name, for: label, reason)
        }

        func integer(_ name: ShortString, in range: ClosedRange<Int64>) throws(BrokerError) -> Int64? {
            guard let value = arguments[name] else { return nil }
            guard let integer = value.integer ?? value.mistaken else {
                throw invalid(name.text, "\"expected integer, got \(value.erlangTypeName)\"")
            }
            if integer < 0 { throw invalid(name.text, "{value_negative,\(integer)}") }
            if integer < range.lowerBound { throw invalid(name.text, "{value_zero,0}") }
            if range.upperBound == 255, integer > 255, quirk(.anyHighestPriorityIsTaken) { return 255 }
            if integer > range.upperBound {
                let longest = QueueArguments.longestTime
                if range.upperBound == longest, quirk(.tooLongTimesAreCut) { return longest }
                throw invalid(
                    name.text,
                    range.upperBound == 255 ? "{max_value_exceeded,\(integer)}" : "{value_too_large,\(integer)}")
            }
            return integer
        }

        func text(_ name: ShortString) throws(BrokerError) -> String? {
            guard let value = arguments[name] else { return nil }
            guard let text = value.text else {
                if quirk(.otherTypesAreNoText) { return nil }
                throw invalid(name.text, "{unacceptable_type,\(value.erlangTypeName)}")
            }
            return text
        }

        func masterLocator(in dialect: Dialect) throws(BrokerError) {
            if dialect.refusesMasterLocator, arguments["x-queue-master-locator"] != nil {
                throw BrokerError(
                    .internalError,
                    "Feature `queue_master_locator` is deprecated.\nBy default, this feature is not permitted anymore.")
            }
        }

        /// Arguments that change nothing here and must make sense all the same.
        func unusedOfClassicQueue(in dialect: Dialect) throws(BrokerError) {
            if dialect.checksQueueMode, let mode = try text("x-queue-mode"), mode != "default", mode != "lazy" {
                throw invalid("x-queue-mode", "\"unsupported queue mode '\(mode)'\"")
            }
            let versions = dialect.oldestQueueVersion...2
            if let version = try integer("x-queue-version", in: 0...Int64.max), !versions.contains(version),
                !quirk(.anyQueueVersionIsTaken)
            {
                throw invalid("x-queue-version", "\"unsupported queue version '\(version)'\"")
            }
        }
    }
}

extension FieldValue {
    /// For quirks: an integer, made of what is none.
    fileprivate var mistaken: Int64? {
        switch self {
        case .double(let number) where quirk(.fractionsAreCut): Int64(exactly: number.rounded(.towardZero))
        case .bool(let isTrue) where quirk(.trueIsOne): isTrue ? 1 : 0
        case .longString where quirk(.digitsAreNumbers): text.flatMap { Int64($0) }
        default: nil
        }
    }
}

extension QueueArguments {
    /// Whether a publish counts as taken: also when nothing is left of it at once.
    func takes(_ message: QueuedMessage, at now: @autoclosure () -> Int64) -> Bool {
        if message.expiresAt != .max, message.expiresAt <= now(), quirk(.expiredAtOnceIsRefused) { return false }
        return maximumLength != 0 || !quirk(.droppedAtOnceIsRefused)
    }

    /// What the log is to say where dead letters are not kept although they should be (RabbitMQ warns of it too).
    var remarkOnLetters: String? {
        guard deadLetterStrategy == .atLeastOnce else { return nil }
        if deadLetterExchange == nil { return "dead-letter strategy at-least-once without a dead-letter exchange" }
        return overflow == .rejectPublish
            ? nil : "dead letters are sent at most once: at-least-once needs the overflow reject-publish"
    }

    /// When a message expires that comes in now, in milliseconds since the Unix epoch; `Int64.max`: never.
    func expiry(of message: Message, at now: @autoclosure () -> Int64) -> Int64 {
        if message.traits.isDeadLetter, messageTimeToLive != nil, quirk(.timeGoesOn) { return now() }
        return switch (messageTimeToLive, message.traits.expiration) {
        case (nil, nil): .max
        case (let one?, nil), (nil, let one?):
            now() + (one > Int32.max && quirk(.timesToLiveHave32Bits) ? one & 0xffff_ffff : one)
        case (let queues?, let own?):
            now()
                + (quirk(.ownTimeToLiveWins)
                    ? own : own == 0 && quirk(.ownTimeOfZeroIsNone) ? queues : min(queues, own))
        }
    }

    /// The message with its time to live begun anew.
    func renewed(_ message: QueuedMessage, at now: Int64) -> QueuedMessage {
        QueuedMessage(
            message: message.message, position: message.position,
            expiresAt: expiry(of: message.message, at: now), returnCount: message.returnCount)
    }
}
