/// What a broker is told at its start.
public struct BrokerConfiguration: Sendable {
    /// A user who may log in.
    public struct User: Sendable {
        public var name: String
        /// Decides whether a password is this user's.
        public var accepts: @Sendable (_ password: [UInt8]) -> Bool
        /// True: only from this machine, as RabbitMQ has it for `guest` (page "Access Control", loopback users).
        public var loopbackOnly: Bool
        /// ``accepts`` takes long, as it should for a hashed password: the core has it called by whoever runs it; see
        /// ``BrokerEffects/loginChecks``.
        public var isCostlyToCheck: Bool
        /// Where ``accepts`` is costly: whether a password is known to be right already. Quick.
        public var recalls: @Sendable (_ password: [UInt8]) -> Bool = { _ in false }
        /// What the user may do, by virtual host; one that is not named here can't be opened. nil: everything,
        /// everywhere.
        public var permissions: [String: Permissions]?
        /// What the user may do through the listing API, by RabbitMQ's words; nil: see ``isAdministrator``.
        public var tags: Set<String>?
        /// The password as RabbitMQ's definitions have it, and the name of the algorithm; nil: it is not known so.
        public var exportedHash: (hash: String, algorithm: String)?

        public init(
            name: String, loopbackOnly: Bool = false, isCostlyToCheck: Bool = false,
            accepts: @escaping @Sendable (_ password: [UInt8]) -> Bool
        ) {
            self.name = name
            self.loopbackOnly = loopbackOnly
            self.isCostlyToCheck = isCostlyToCheck
            self.accepts = accepts
        }

        /// A user with this password. The comparison takes the same time wherever the first difference is.
        public static func user(_ name: String, password: String, loopbackOnly: Bool = false) -> User {
            let expected = Array(password.utf8)
            return User(name: name, loopbackOnly: loopbackOnly) { given in
                var difference = expected.count ^ given.count
                for (index, octet) in given.enumerated() {
                    difference |= Int(octet ^ (expected.isEmpty ? 0 : expected[index % expected.count]))
                }
                return difference == 0
            }
        }
    }

    public var users: [User] = [.user("guest", password: "guest", loopbackOnly: true)]
    /// The user that a client without a password is logged in as (SASL ANONYMOUS). nil: the dialect decides; from 4.0 on it is
    /// guest, if there is such a user, and before that nobody.
    public var anonymousUser: String?
    /// The release of RabbitMQ that it behaves as.
    public var dialect = Dialect.v3_10
    /// What clients are told that they speak to.
    public var product = AnnouncedProduct.own
    /// The names of the virtual hosts.
    public var virtualHosts: [String] = ["/"]
    /// Those of them that begin with tracing on (RabbitMQ: "Firehose Tracer").
    public var tracedVirtualHosts: Set<String> = []
    /// The type of queues that don't say theirs, `quorum` for example, in a virtual host without a default of its own. nil:
    /// classic, and no argument is added that says so.
    public var defaultQueueType: String?
    /// Offered in `connection.tune`: the most channels a connection may have open.
    public var channelMax: UInt16 = 2047
    /// Offered in `connection.tune`: the largest frame, in octets.
    public var frameMax: UInt32 = 131_072
    /// Offered in `connection.tune`: seconds.
    public var heartbeat: UInt16 = 60
    /// How long a client may take to open its connection, in milliseconds.
    public var handshakeTimeout: Int64 = 10_000
    /// How long the socket of a client that was refused is kept before it is closed, in milliseconds. RabbitMQ waits
    /// as long, to slow down who tries passwords.
    public var refusalDelay: Int64 = 3_000
    /// How long a client may take to answer `connection.close`, in milliseconds.
    public var closeTimeout: Int64 = 30_000
    /// The largest body of a message, in octets; nil: that of the dialect.
    public var maximumMessageSize: UInt64?
    /// How long a delivery may be unacknowledged before its channel is closed, in milliseconds (RabbitMQ: "Consumers",
    /// acknowledgement timeout).
    public var consumerTimeout: Int64 = 1_800_000
    /// Unsent octets of a connection's output above which its consumers are handed nothing more.
    public var outputHighWater = 1 << 20
    /// Unsent octets of a connection's output above which nothing more is read from its client.
    public var outputLimit = 16 << 20
    /// How much the messages of a transaction may take up that is not committed, in octets.
    public var transactionLimit = 64 << 20
    /// Octets of memory that messages may take up; above, publishers are held back (RabbitMQ: "Memory Alarms"). nil: no
    /// limit, unless whoever runs the core knows one.
    public var memoryHighWater: Int?
    /// How much is done for one client at a time.
    var work = WorkLimits()
    /// How the store on disk is kept, where there is one.
    public var store = StoreLimits()
    /// Where all chance in the core comes from: the names that it makes up, and the salt of the store's segments. Those
    /// must not be guessed, so only a simulation puts a seeded one here. No part makes a generator of its own.
    public var random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()

    #if DEBUG
        /// What is wrong with the broker on purpose; nil: nothing.
        @_spi(Quirks) public var quirks: QuirkWatch?
        /// True: no shortcut may be taken, because a quirk may lie in a step that it leaves out.
        var hasQuirks: Bool { quirks != nil }
    #else
        var hasQuirks: Bool { false }
    #endif

    /// The least of what is written to the log; nil: nothing, for nobody reads it.
    public var logLevel: LogEvent.Level?

    public init() {}
}

/// How the store on disk is kept.
public struct StoreLimits: Sendable {
    /// A segment of the log ends with the batch that takes it over this size, in octets.
    public var segmentOctets = 32 << 20
    /// How many octets of stored messages are also held in memory; of what comes on top only the place on disk is.
    public var residentOctets = 64 << 20
    /// A stream holds its newest messages in memory, up to twice so many. Of older ones that are on disk it knows where they
    /// are, so many at a time.
    public var streamBlockCount = 256
    /// How many octets may wait to be written before publishers are held back.
    public var backlogOctets = 8 << 20
    /// How many octets have to be free on the disk; below, publishers are blocked. RabbitMQ's default.
    public var diskFreeLimit = 50_000_000

    public init() {}
}

/// How much is done for one client before the next one's turn comes, counted in frames, places in queues, octets of what is
/// published again, and what else grows with what clients have made.
struct WorkLimits: Sendable {
    /// What one client's frames, or what they caused, may do in a turn: some milliseconds' worth.
    var turn: Int { didSet { slice = turn / 4 } }
    /// What a slice of long work counts. Stored: every publish is compared with it.
    private(set) var slice: Int
    /// So many dead letters may wait beside each other. When there are more, what one causes goes before the others.
    var letters = 4000
    /// The same of octets of their messages, where that is not more than a quarter of the memory.
    static let mostLetterOctets = 64 << 20

    init(turn: Int = 4000) { (self.turn, slice) = (turn, turn / 4) }

    /// So many looks at bindings take about as long as what counts one.
    static let placesOfUnit = 8
    /// What it counts to read so many octets of fields, more than once: a table of 128 KiB may have 60,000.
    static func unitsOfReading(_ octets: Int) -> Int { octets >> 5 }
    /// What it counts when a queue's time has come.
    static let unitsOfTimer = 4
    /// What it counts to delete a queue, beside its bindings and messages.
    static let unitsOfDeletion = 20
    /// What it counts to write to one more connection, beside what is written: that is a call of the system's.
    static let unitsOfWrite = 6
    /// What it counts to remove a binding.
    static let unitsOfRemoval = 4
}
