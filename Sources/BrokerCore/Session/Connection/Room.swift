import AMQPWire

/// Room for octets that connections use in turn, so that one that has nothing to do holds none of it, and one that has
/// gets some that is in use anyway.
final class Room {
    /// Where octets go that have just come.
    var input: [UInt8] = []
    private var outputs: [FrameWriter] = []
    /// Those that have something to be written, or are to be closed.
    private var announced: [ConnectionID] = []

    /// A run of octets that has grown larger than this goes back to the system.
    static let most = 1 << 20
    /// How many connections' output is waiting at a time, as a rule.
    private static let mostOutputs = 16

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
