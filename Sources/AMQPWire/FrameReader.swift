/// Cuts a stream of octets, however sliced, into frames.
///
/// Append what arrived, then call ``next()`` until it gives nil. A frame's payload is a part of the reader's buffer;
/// let go of it before the next append, which otherwise copies the buffer.
public struct FrameReader: Sendable {
    private var buffer: [UInt8] = []
    private var start = 0

    /// The largest frame taken, in octets, its 8 octets of overhead included; 0: no limit of the connection's own.
    public var frameMax: UInt32
    /// Octets over ``frameMax`` that are let pass. RabbitMQ allows 8, for clients that count only the payload.
    public var tolerance: UInt32
    /// The largest content header taken, in octets as ``frameMax``, where that is less; 0: the same.
    public var headerMax: UInt32 = 0

    public init(frameMax: UInt32 = Frame.minimumMax, tolerance: UInt32 = 0) {
        self.frameMax = frameMax
        self.tolerance = tolerance
    }

    /// Octets that have arrived and are not yet part of a frame handed out.
    public var buffered: Int { buffer.count - start }

    /// Octets of memory that it takes up.
    public var capacity: Int { buffer.capacity }

    public mutating func append(_ octets: some Collection<UInt8>) {
        compact()
        buffer.append(contentsOf: octets)
    }

    public mutating func append(_ octets: RawSpan) {
        compact()
        octets.withUnsafeBytes { buffer.append(contentsOf: $0) }
    }

    /// Takes over the memory of `spare` when it has none of its own, for whoever runs many readers one after the other.
    public mutating func borrow(_ spare: inout [UInt8]) {
        if buffer.capacity == 0 { swap(&buffer, &spare) }
    }

    /// Gives the memory back when nothing is buffered: to `spare` if that has less, and is to have no more than `most`
    /// octets.
    public mutating func giveBack(_ spare: inout [UInt8], most: Int) {
        guard buffered == 0 else { return }
        if buffer.capacity > spare.capacity, buffer.capacity <= most {
            buffer.removeAll(keepingCapacity: true)
            swap(&buffer, &spare)
        }
        buffer = []
        start = 0
    }

    /// Gives the memory back that what is buffered doesn't need, for whoever lets that wait.
    public mutating func shrink() {
        guard buffer.capacity > 2 * max(buffered, 512) else { return }
        buffer = Array(buffer[start...])
        start = 0
    }

    /// Drops what was handed out.
    private mutating func compact() {
        guard start > 0 else { return }
        // What is left moves to the front only when it is the smaller part, so that an octet moves once on average,
        // however small the appends and however late the calls of `next()`.
        guard start >= buffer.count - start else { return }
        buffer.removeSubrange(..<start)
        start = 0
    }

    /// The first octets, when at least `count` have arrived: for the protocol header, which is not a frame.
    public mutating func take(_ count: Int) -> [UInt8]? {
        guard buffered >= count else { return nil }
        defer { start += count }
        return Array(buffer[start..<start + count])
    }

    /// What has arrived, without taking it.
    public var peek: ArraySlice<UInt8> { buffer[start...] }

    /// The publish that comes next, if it has come whole. It is not taken.
    public func wholePublish() -> WholePublish? {
        let most = frameMax == 0 ? Int.max : Int(frameMax) + Int(tolerance) - Frame.overhead
        return WholePublish(in: buffer, at: start, mostInFrame: most)
    }

    /// Takes the publish that ``wholePublish()`` has just found.
    public mutating func take(_ publish: WholePublish) { start = publish.next }

    /// The next whole frame, or nil until more octets arrive.
    ///
    /// Throws ``WireError`` with 501 for an unknown kind, for a frame over ``frameMax`` (as soon as its size is known),
    /// for a heartbeat with a payload and for one that does not end in 0xCE; nothing after that can be trusted, so every later
    /// call throws again.
    public mutating func next() throws(WireError) -> Frame? {
        let available = buffered
        guard available > 0 else { return nil }
        let kindOctet = buffer[start]
        guard let kind = Frame.Kind(rawValue: kindOctet) else {
            throw WireError(.frameError, "no frame is of kind \(kindOctet)", at: 0)
        }
        guard available >= 7 else { return nil }
        let channel = UInt16(buffer[start + 1]) << 8 | UInt16(buffer[start + 2])
        let size =
            Int(buffer[start + 3]) << 24 | Int(buffer[start + 4]) << 16 | Int(buffer[start + 5]) << 8
            | Int(buffer[start + 6])
        let most = kind == .header ? max(frameMax, headerMax) : frameMax
        let limit = frameMax == 0 ? Int.max : Int(most) + Int(tolerance)
        if size + Frame.overhead > limit {
            throw WireError(
                .frameError, "a frame of \(size + Frame.overhead) octets is over the limit of \(most)", at: 3)
        }
        if kind == .heartbeat && size > 0 { throw WireError(.frameError, "a heartbeat carries \(size) octets", at: 3) }
        guard available >= size + Frame.overhead else { return nil }
        let payloadStart = start + 7
        let payloadEnd = payloadStart + size
        guard buffer[payloadEnd] == Frame.end else {
            throw WireError(.frameError, "a frame ends in \(buffer[payloadEnd]) instead of 206", at: 7 + size)
        }
        start = payloadEnd + 1
        return Frame(kind, channel: channel, payload: buffer[payloadStart..<payloadEnd])
    }
}
