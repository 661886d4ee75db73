import AMQPWire

/// How much of a connection's output may wait, in octets.
struct OutputLimits {
    /// Above, its consumers are handed nothing more.
    var highWater: Int
    /// Above, what it asks for waits too.
    var mostUnread: Int
}

/// Buffers that connections use in turn, so that one that has nothing to do holds none of them, and one that has gets some
/// that are in use anyway.
final class BufferPool {
    let load: Load
    let work: WorkLimits
    private let limits: OutputLimits
    /// What of a connection's output may wait, as things are.
    private(set) var highWater: Int
    private(set) var mostUnread: Int
    private var isTight = false
    /// Memory is full: consumers of streams, whose deliveries free none, may hold few.
    private(set) var isFull = false
    /// What each output may have of an eighth of the memory that all may take up: little, where they are very many.
    private var share = BufferPool.largestPart
    static let leastShare = 1 << 12
    /// So many octets are to be read of a connection at a time. What waits to be handled is in no account as long as it is the
    /// broker who lets it wait, so it is kept small: an eighth of that memory for all, or ``leastShare`` of each.
    private(set) var mostInRead = BufferPool.largestRead
    static let largestRead = 1 << 18
    /// Half of that memory.
    private var half = Int.max
    /// See ``part``.
    static let largestPart = 1 << 16
    /// Octets that were handed over in this step: they are in memory until the next.
    private var handedOver = 0

    /// Where octets go that have just come.
    var input: [UInt8] = []
    private var outputs: [FrameWriter] = []
    private var outputOctets = 0
    /// Those that have something to be written, or are to be closed.
    private var announced: [ConnectionID] = []

    /// A run of octets that has grown larger than this goes back to the system.
    static let most = 1 << 20
    /// How many connections' output is waiting at a time, as a rule; and what of it is kept at most, in octets.
    private static let (mostOutputs, mostOutputOctets) = (16, 4 << 20)

    init(_ load: Load, _ limits: OutputLimits, _ work: WorkLimits) {
        self.load = load
        self.work = work
        self.limits = limits
        (highWater, mostUnread) = (limits.highWater, limits.mostUnread)
    }

    /// Memory is low, or is not any more. While it is, a client that does not read is given little more.
    func adapt(isTight: Bool, isFull: Bool) {
        (self.isTight, self.isFull) = (isTight, isFull)
        highWater = isTight ? min(limits.highWater, share) : limits.highWater
        mostUnread = isTight ? min(limits.mostUnread, 4 * share) : limits.mostUnread
    }

    /// So many connections share so much memory; 0 or less is a way to say that it is low, and nothing of its size.
    func divide(_ memory: Int, among connections: Int) {
        let all = memory > 0 ? memory : .max
        half = all / 2
        let each = max(all / 8 / max(1, connections), Self.leastShare)
        share = min(each, Self.largestPart)
        mostInRead = min(each, Self.largestRead)
        adapt(isTight: isTight, isFull: isFull)
    }

    /// A body of more octets is shared, and copied in parts of that size. Beyond half of the memory they are small where
    /// there are many to copy them: a message of 60 kB for thousands who don't read takes up all of it otherwise, at once.
    var part: Int { load.total + handedOver > half ? share : Self.largestPart }

    func handOver(_ octets: Int) { handedOver += octets }

    /// What was handed over is written.
    func beginStep() { handedOver = 0 }

    func announce(_ connection: ConnectionID) { announced.append(connection) }

    func nextAnnounced() -> ConnectionID? { announced.popLast() }

    /// What it counts to write to those that were announced since there were so many, the first time 0.
    func unitsOfWrites(since count: inout Int) -> Int {
        defer { count = announced.count }
        return (announced.count - count) * WorkLimits.unitsOfWrite
    }

    func takeOutput() -> FrameWriter {
        guard let output = outputs.popLast() else { return FrameWriter() }
        outputOctets -= output.capacity
        return output
    }

    /// Takes back what was written.
    func giveBack(_ output: consuming FrameWriter) {
        // What a heartbeat took is not worth keeping.
        guard (256...Self.most).contains(output.capacity), outputs.count < Self.mostOutputs,
            outputOctets + output.capacity <= Self.mostOutputOctets
        else { return }
        output.removeAll()
        outputOctets += output.capacity
        outputs.append(output)
    }
}
