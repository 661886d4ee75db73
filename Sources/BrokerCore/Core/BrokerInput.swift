import AMQPWire

/// Everything that can happen to a broker from outside; see ``BrokerCore/step(_:now:moreFollows:)``.
public enum BrokerInput: ~Escapable, Sendable {
    /// Nothing but time has passed.
    case time
    /// A client has connected. `peer` is its address, for listings; `isLoopback` says whether it is on this machine.
    case connected(ConnectionID, peer: String, isLoopback: Bool)
    /// Octets have come from a client, in any slicing.
    case received(RawSpan, from: ConnectionID)
    /// A client's stream has ended, however it did.
    case disconnected(ConnectionID)
    /// How many octets of a connection's output have not left yet. Above the configured mark its consumers pause, large
    /// messages are sent in parts, and what waits goes on when this says that all has left: to be given, with 0, after
    /// every output that ``BrokerEffects/Write/awaitsDrain``.
    case unsent(Int, of: ConnectionID)
    /// A password was checked. Nothing happens for a connection that has gone meanwhile.
    case loginChecked(ConnectionID, isRight: Bool)
    /// The batch of the store that was handed out has been carried out. The next comes only then.
    case stored(batch: UInt64)
    /// The disk of the store has not enough space left, or has again. Publishers are held back in between; everything
    /// else goes on as far as it can.
    case diskIsLow(Bool)
    /// Messages may take up so many octets from now on (`rabbitmqctl set_vm_memory_high_watermark`); nil: as many as they do.
    /// It does not outlast the broker.
    case setMemoryHighWater(Int?)
    /// More users may log in, from now on; those of the same names are replaced. Connections that are open stay as they are.
    case add([BrokerConfiguration.User])
    /// What definitions say of users; see ``UserDefinitions``.
    case defineUsers(UserDefinitions)
    /// The firehose of a virtual host is switched on or off (`rabbitmqctl trace_on`, `trace_off`). It does not outlast
    /// the broker. Nothing happens for a virtual host that isn't there.
    case setTracing(Bool, virtualHost: String)
    /// What an operator changes, one thing after the other; ``BrokerEffects/refusals`` says what came of it. To be given
    /// without others in the same wake-up.
    case change([BrokerChange])
    /// Every connection is closed with 320, as an operator's stop does.
    case shutDown
}

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
