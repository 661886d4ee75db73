import AMQPWire

/// A large content, of which everything before a certain octet has been handed over: its body, and its header if that is large
/// as well.
struct LargeContent {
    let message: Message
    private let octets: [UInt8]
    /// False: the octets are the output's own, read from disk for it.
    let isLent: Bool
    private let channel: UInt16
    private let frameMax: UInt32
    /// Of the frame of a header that is not written yet, what stands before the properties; empty: it is written.
    private let head: [UInt8]
    /// Octets of that frame, and how many of them have been handed over. It is one frame, however large it is: it can be cut
    /// anywhere, but nothing may come between.
    private let headerCount: Int
    private var headerNext = 0
    private var next: Int

    init(
        _ content: MessageContent, of message: Message, withHeader: Bool = false, channel: UInt16, frameMax: UInt32
    ) {
        self.message = message
        octets = content.octets
        isLent = message.isResident
        self.channel = channel
        self.frameMax = frameMax
        let count = content.propertiesCount
        head =
            withHeader
            ? FrameWriter.headerStart(propertiesCount: count, bodySize: content.body.count, channel: channel) : []
        headerCount = withHeader ? head.count + count + 1 : 0
        next = count
    }

    /// Octets that are left, those left out that only frames add to a body.
    var count: Int { headerCount - headerNext + octets.count - next }
    /// Octets that the output has for itself.
    var ownCount: Int { Load.ofLentBody + (isLent ? 0 : octets.count) }
    /// The next octet is in the middle of a frame.
    var isCutInAFrame: Bool { 0 < headerNext && headerNext < headerCount }

    /// Writes a part, behind what there is. Returns how many fewer are left.
    mutating func write(_ part: Int, to writer: inout FrameWriter) -> Int {
        let before = count
        if headerNext < headerCount {
            writeHeader(max(1, part - writer.count), to: &writer)
        } else {
            writeBody(part, to: &writer)
        }
        return before - count
    }

    private mutating func writeHeader(_ most: Int, to writer: inout FrameWriter) {
        let range = headerNext..<min(headerCount, headerNext + most)
        headerNext = range.upperBound
        writer.raw(head[range.clamped(to: 0..<head.count)])
        let properties = range.clamped(to: head.count..<headerCount - 1)
        writer.raw(octets[properties.lowerBound - head.count..<properties.upperBound - head.count])
        if headerNext == headerCount { writer.raw(CollectionOfOne(Frame.end)) }
    }

    /// Whole frames, as large as they may be, unless memory is short.
    private mutating func writeBody(_ part: Int, to writer: inout FrameWriter) {
        let largest = max(1, Int(frameMax) - Frame.overhead)
        let frame = part < BufferPool.largestPart ? min(part, largest) : largest
        let start = next
        next = min(octets.count, start + max(1, part / frame) * frame)
        let most = frameMax + (quirk(.partsExceedTheFrameMax) ? UInt32(Frame.overhead) : 0)
        writer.body(octets[start..<next], channel: channel, frameMax: most)
        if next == octets.count, (next - start) % frame == 0, quirk(.exactPartsEndEmpty) {
            writer.frame(.body, channel: channel) { _ in }
        }
    }
}
