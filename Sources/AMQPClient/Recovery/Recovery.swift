import AMQPWire

/// What to do after a failure: the decisions of a ``Client``, without time, chance or streams of its own.
struct Recovery: Sendable {
    enum Decision: Sendable, Equatable {
        case connect(host: Int, afterMilliseconds: Int64)
        case giveUp(AMQPError)
    }

    /// When something failed.
    enum Moment: Sendable, Equatable {
        /// While connecting or logging in.
        case opening
        /// So many milliseconds after the login.
        case session(milliseconds: Int64)
    }

    private let hostCount: Int
    private let policy: RetryPolicy
    private var random: any RandomNumberGenerator & Sendable
    /// The host of the latest attempt.
    private var host = 0
    /// Hosts that were tried since the last wait.
    private var triedInRound = 1
    private var failedRounds = 0
    /// Since the last wait something failed that may pass.
    private var mayPass = false

    /// - Parameter hostCount: 1 at least.
    init(
        hostCount: Int, policy: RetryPolicy,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.hostCount = hostCount
        self.policy = policy
        self.random = random
    }

    /// A round goes over all hosts without a wait, beginning with the one after the one that failed; between rounds there
    /// is a wait. A session that lasted longer than the last wait begins the waits anew: one that is lost again and again
    /// at once must not be begun at full speed.
    ///
    /// What is wrong with one host leaves the others to try; it ends the run when a round has come to nothing else.
    mutating func failed(_ error: AMQPError, at moment: Moment) -> Decision {
        let isFatal = Self.isFatal(error, at: moment)
        if policy.rounds == 0 || isFatal && !Self.isOfTheHost(error, at: moment) { return .giveUp(error) }
        if !isFatal { mayPass = true }
        var isRoundOver = triedInRound >= hostCount
        var isAnew = false
        if case .session(let milliseconds) = moment, milliseconds >= policy.wait(after: failedRounds) {
            failedRounds = 0
            triedInRound = 1
            isAnew = true
            isRoundOver = false
            mayPass = false
        }
        host = (host + 1) % hostCount
        if isAnew { return .connect(host: host, afterMilliseconds: afterLoss()) }
        guard isRoundOver else {
            triedInRound += 1
            return .connect(host: host, afterMilliseconds: 0)
        }
        if !mayPass { return .giveUp(error) }
        (triedInRound, mayPass) = (1, false)
        failedRounds += 1
        if let rounds = policy.rounds, failedRounds >= rounds { return .giveUp(error) }
        return .connect(host: host, afterMilliseconds: shortened(policy.wait(after: failedRounds)))
    }

    /// A broker that ends loses all its clients at once: at the next host, or here again, they arrive one by one.
    private mutating func afterLoss() -> Int64 {
        Int64(random.next() % UInt64(policy.wait(after: 0) / 2 + 1))
    }

    private mutating func shortened(_ wait: Int64) -> Int64 {
        wait - Int64(random.next() % UInt64(wait / 2 + 1))
    }

    // MARK: What no second attempt mends

    /// Each host has a certificate of its own, and a URI that may name other files.
    private static func isOfTheHost(_ error: AMQPError, at moment: Moment) -> Bool {
        moment == .opening && [.tlsFailed, .notSupported, .badArgument].contains(error.kind)
    }

    static func isFatal(_ error: AMQPError, at moment: Moment) -> Bool {
        switch error.kind {
        case .connectionLost, .unreachable, .timedOut, .consumerCancelled, .unknownOutcome: false
        // What answers with something else than AMQP will do so again; in a session it was damage on the way.
        case .protocolViolation: moment == .opening
        case .closedByBroker: isFatal(error.code, error.text, moment)
        case .badURI, .badArgument, .notSupported, .tlsFailed, .cancelled, .loginRefused, .closedByClient, .nacked,
            .returned,
            .noFreeChannel, .blocked:
            true
        }
    }

    private static func isFatal(_ code: ReplyCode?, _ text: String, _ moment: Moment) -> Bool {
        switch code {
        // An operator, a lack of memory or files, a bug: all of that may pass. Exclusive queues stay locked until the
        // broker has noticed that their connection is gone.
        case .connectionForced, .resourceError, .resourceLocked: false
        // RabbitMQ 4.3 refuses deprecated features so, until its operator permits them.
        case .internalError: text.contains("` is deprecated")
        // The consumer that has the queue to itself may be our own that was lost.
        case .accessRefused: !text.hasSuffix("in exclusive use")
        // A queue that is not gone: its node is away, since lately or for longer, or its virtual host is starting again.
        case .notFound:
            !["is down or inaccessible", "due to timeout", "is stopped by supervisor"].contains { text.contains($0) }
        // A limit of connections, which the lost one may still count for.
        case .notAllowed: !text.contains("limit (")
        // A job that took longer than the broker waits for an acknowledgement (RabbitMQ: `consumer_timeout`). The next job
        // may be a short one.
        case .preconditionFailed: !text.contains("delivery acknowledgement on channel")
        // What the broker could not read: as with what this side can't read, in a session it was damage on the way.
        case .frameError, .syntaxError, .unexpectedFrame: moment == .opening
        default: true
        }
    }
}
