/// What a ``TCPStream`` keeps under its lock.
extension TCPStream {
    enum Phase: Sendable {
        case open
        /// Closed on this side: what is queued leaves, what arrives is discarded.
        case flushing
        /// Our end of stream is sent; the peer's is awaited. Closing the descriptor any earlier, with octets still
        /// arriving, would send a reset, and a reset can overtake what the peer has not read yet: our last words.
        case lingering
        /// The descriptor is closed.
        case gone
    }

    struct State: Sendable {
        var fd: Int32
        /// It waits to be let in.
        var isNewcomer: Bool
        var phase = Phase.open
        var receiver: (any ByteStreamReceiver)?
        var isStarted = false
        var isReading = true
        var queue = SendQueue()
        /// Octets written since the connection was made: whether a closing stream still makes progress.
        var written = 0
        /// A write failed with this; the octets received before are still to be read.
        var writeError: Int32?
        /// The peer's end of stream was read.
        var isPeerFinished = false
        var end: StreamEnd?
        var isEndReported = false
        var registration: UInt64?
        var interest: Readiness = []

        /// What the loop is to wait for.
        var wanted: Readiness {
            var wanted: Readiness = queue.isEmpty ? [] : .writable
            let reads = phase == .open ? isStarted && isReading : true
            if reads, !isPeerFinished { wanted.insert(.readable) }
            return wanted
        }
    }
}
