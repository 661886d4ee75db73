import AMQPWire

/// Everything that comes of a step, and has to be carried out by whoever runs the core.
public struct BrokerEffects: Sendable {
    /// Octets for a connection's stream, in the order in which they are to leave.
    public struct Write: Sendable {
        public let connection: ConnectionID
        let output: FrameWriter
        /// True: write what there is, then end the stream.
        public let isLast: Bool
        /// True: drop the stream at once, its client has had all the time that there is.
        public let isGivenUp: Bool
        /// True: something waits for all of it to leave, so ``BrokerInput/unsent(_:of:)`` is to say when it has, at
        /// once too.
        public let awaitsDrain: Bool

        public var count: Int { output.count }

        /// Lends the octets.
        public func withOctets<Result>(_ body: (RawSpan) -> Result) -> Result { output.withOctets(body) }
    }

    public var writes: [Write] = []
    /// The connections of which, from now on, nothing is to be read, or everything again.
    public var readingChanges: [(connection: ConnectionID, isReading: Bool)] = []
    /// Passwords that are to be checked, the first to come first. Their connections wait, and nothing is read from them,
    /// until ``BrokerInput/loginChecked(_:isRight:)`` says what came of it.
    public var loginChecks: [LoginCheck] = []
    /// The connections whose handshake is over, and which are served before those of whom nobody knows yet who they are.
    public var opened: [ConnectionID] = []
    /// Of ``BrokerInput/change(_:)``, what was not done, by the change's place.
    public var refusals: [(place: Int, refusal: BrokerChange.Refusal)] = []
    /// What is to be written to the store next.
    public var batch: StoreBatch?
    /// What is to be written to the log, oldest first.
    public var log: [LogEvent] = []
    /// When the next step is due at the latest, in milliseconds since the Unix epoch; nil: nothing is due.
    public var nextDeadline: Int64?
    /// There was more to do than one step may take: another is to follow as soon as these effects are carried out.
    public var hasMoreToDo = false

    public init() {}
}
