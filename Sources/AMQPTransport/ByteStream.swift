/// A two-way stream of octets between two peers: ``MemoryStream`` inside one process, ``TCPStream`` between two.
///
/// Every method may be called from any thread, also from inside the receiver's own methods, and returns without waiting
/// for the peer or for the receiver. A started stream lives until it ended; someone has to ``close()`` or ``abort()`` it,
/// or the peer has to.
public protocol ByteStream: AnyObject, Sendable {
    /// Text for logs, the side that connected first: `127.0.0.1:53122 -> 127.0.0.1:5672`, or `memory`.
    var name: String { get }

    /// True when the peer is on this machine: a loopback address, or memory.
    var isLoopback: Bool { get }

    /// What tells the peer's machine from others, for whoever bounds what one may ask for: its address without the port, of
    /// an IPv6 address the network.
    var source: String { get }

    /// Begins delivery to the receiver. Octets that arrived before are kept and delivered then. Call it once; a second
    /// call is ignored.
    func start(_ receiver: any ByteStreamReceiver)

    /// Sends octets after those of earlier calls. What the kernel takes now leaves at once, the rest is kept.
    ///
    /// Nothing bounds what is kept: the caller watches the returned number and stops producing.
    /// After `close()`, `abort()` or the stream's end the octets are dropped silently.
    /// - Returns: how many octets of this and earlier calls are still unsent.
    @discardableResult func send(_ bytes: RawSpan) -> Int

    /// How many octets are waiting to be taken: by the kernel (TCP), by the peer's receiver (memory).
    var unsent: Int { get }

    /// Lets the peer in: from now on it is served before those of whom nobody knows yet who they are. Of streams that are
    /// not newcomers, as most are not, nothing changes.
    func admit()

    /// Stops or resumes reading, which holds the peer back. While reading is off, the peer's end of stream stays
    /// unnoticed behind the octets that come before it; a reset is reported all the same.
    func setReading(_ on: Bool)

    /// Sends what is queued, then a clean end of stream (FIN). Nothing is received from here on; the receiver's last
    /// call is `streamEnded(.closedHere)`, made when everything queued has left.
    func close()

    /// Drops the stream at once: unsent octets are discarded, and the peer is told of a reset. The receiver's last call
    /// is `streamEnded(.closedHere)`.
    func abort()
}

extension ByteStream {
    public var source: String { name }
    public func admit() {}
}

/// Who a ``ByteStream`` delivers to. The calls come in order and one at a time, on a thread of the stream's choosing:
/// return soon, others may be waiting for that thread.
public protocol ByteStreamReceiver: AnyObject, Sendable {
    /// The next octets, at least one. The span is valid only during the call.
    func streamReceived(_ bytes: RawSpan)

    /// ``ByteStream/unsent`` is back to zero after having been above it.
    func streamDrained()

    /// The stream is over. Called exactly once, as the last call.
    func streamEnded(_ end: StreamEnd)
}

/// Why a stream is over.
public enum StreamEnd: Sendable, Equatable {
    /// The peer's clean end of stream; everything it sent was received.
    case finished
    /// The connection broke, or the peer aborted it. The text is the operating system's.
    case reset(String)
    /// `close()` or `abort()` was called on this side.
    case closedHere
}
