import AMQPWire

/// How much of a connection's output may wait, in octets.
struct OutputLimits {
    /// Above, its consumers are handed nothing more.
    var highWater: Int
    /// Above, what it asks for waits too.
    var mostUnread: Int
}

/// Room for octets that connections use in turn, so that one that has nothing to do holds none of it, and one that has
/// gets some that is in use anyway.
final class Room {
    let load: Load
    let work: WorkLimits
    private let limits: OutputLimits
    /// What of a connection's output may wait, as things are.
    private(set) var highWater: Int
    private(set) var mostUnread: Int

    /// Where octets go that have just come.
    var input: [UInt8] = []
    private var outputs: [FrameWriter] = []
    /// Those that have something to be written, or are to be closed.
    private var announced: [ConnectionID] = []

    /// A run of octets that has grown larger than this goes back to the system.
    static let most = 1 << 20
    /// How many connections' output is waiting at a time, as a rule.
    private static let mostOutputs = 16

    init(_ load: Load, _ limits: OutputLimits, _ work: WorkLimits) {
        self.load = load
        self.work = work
        self.limits = limits
        (highWater, mostUnread) = (limits.highWater, limits.mostUnread)
    }

    /// Memory is low, or is not any more. While it is, a client that does not read is given little more.
    func isTight(_ isTight: Bool) {
        highWater = isTight ? min(limits.highWater, Self.tightHighWater) : limits.highWater
        mostUnread = isTight ? min(limits.mostUnread, Self.tightMostUnread) : limits.mostUnread
    }

    private static let tightHighWater = 1 << 16
    private static let tightMostUnread = 1 << 18

    func announce(_ connection: ConnectionID) { announced.append(connection) }

    func nextAnnounced() -> ConnectionID? { announced.popLast() }

    func takeOutput() -> FrameWriter { outputs.popLast() ?? FrameWriter() }

    /// Takes back what was written.
    func giveBack(_ output: consuming FrameWriter) {
        // What a heartbeat took is not worth keeping.
        guard (256...Self.most).contains(output.capacity), outputs.count < Self.mostOutputs else { return }
        output.removeAll()
        outputs.append(output)
    }
}
