/// Writes frames: the only place that does. Collects them in ``octets`` for one write to the stream.
public struct FrameWriter: Sendable {
    private var writer = ByteWriter()

    public init() {}

    /// What has been written.
    public var octets: [UInt8] { writer.octets }
    public var count: Int { writer.count }
    public var isEmpty: Bool { writer.octets.isEmpty }

    /// Lends what has been written.
    public func withOctets<Result>(_ body: (RawSpan) -> Result) -> Result { body(writer.octets.span.bytes) }

    /// Octets that fit without more memory.
    public var capacity: Int { writer.octets.capacity }

    /// Hands over what has been written and starts anew.
    public mutating func take() -> [UInt8] {
        let taken = writer.octets
        writer = ByteWriter()
        return taken
    }

    /// Forgets what has been written, keeping the memory for the next batch.
    public mutating func removeAll() { writer.octets.removeAll(keepingCapacity: true) }

    public mutating func protocolHeader() { writer.raw(ProtocolHeader.amqp091) }

    public mutating func heartbeat() { frame(.heartbeat, channel: 0) { _ in } }

    /// A method without content.
    public mutating func method(_ method: some MethodFields, channel: UInt16) {
        frame(.method, channel: channel) { writer in
            writer.uint16(method.id.classID)
            writer.uint16(method.id.methodID)
            method.write(to: &writer)
        }
    }

    public mutating func method(_ method: Method, channel: UInt16) { self.method(method.fields, channel: channel) }

    /// A method with its content: the header, then the body in as many frames as `frameMax` asks for. An empty body
    /// has no body frame (4.2.6.1).
    public mutating func content(
        _ method: some MethodFields, _ properties: BasicProperties, body: [UInt8], channel: UInt16, frameMax: UInt32
    ) {
        self.method(method, channel: channel)
        frame(.header, channel: channel) { writer in
            ContentHeader.write(bodySize: UInt64(body.count), properties, to: &writer)
        }
        self.body(body[...], channel: channel, frameMax: frameMax)
    }

    /// A method with content whose properties are octets already, flag words first.
    public mutating func content(
        _ method: some MethodFields, propertyOctets: ArraySlice<UInt8>, body: ArraySlice<UInt8>, channel: UInt16,
        frameMax: UInt32
    ) {
        self.method(method, channel: channel)
        header(propertyOctets: propertyOctets, bodySize: body.count, channel: channel)
        self.body(body, channel: channel, frameMax: frameMax)
    }

    /// A delivery with its content, in one go: most of what a broker writes is this, and most of it is small. Written field
    /// by field, each octet costs a look at the room that is left.
    public mutating func delivery(
        _ deliver: BasicDeliver, propertyOctets: ArraySlice<UInt8>, body: ArraySlice<UInt8>, channel: UInt16,
        frameMax: UInt32
    ) {
        let names = deliver.consumerTag.count + deliver.exchange.count + deliver.routingKey.count
        let count = names + propertyOctets.count + body.count + DeliveryOctets.ofTheRest
        guard count <= DeliveryOctets.most, frameMax == 0 || body.count + Frame.overhead <= frameMax else {
            return content(
                deliver, propertyOctets: propertyOctets, body: body, channel: channel, frameMax: frameMax)
        }
        withUnsafeTemporaryAllocation(byteCount: DeliveryOctets.most, alignment: 1) { room in
            var octets = DeliveryOctets(room: room, channel: channel)
            octets.begin(.method, count: names + 4 + 3 + 8 + 1)
            octets.integer(BasicDeliver.id.classID)
            octets.integer(BasicDeliver.id.methodID)
            octets.shortString(deliver.consumerTag)
            octets.integer(deliver.deliveryTag)
            octets.integer(deliver.redelivered ? 1 as UInt8 : 0)
            octets.shortString(deliver.exchange)
            octets.shortString(deliver.routingKey)
            octets.integer(Frame.end)
            octets.begin(.header, count: 12 + propertyOctets.count)
            octets.integer(MethodID.basic)
            octets.integer(0 as UInt16)
            octets.integer(UInt64(body.count))
            octets.raw(propertyOctets)
            octets.integer(Frame.end)
            if !body.isEmpty {
                octets.begin(.body, count: body.count)
                octets.raw(body)
                octets.integer(Frame.end)
            }
            writer.octets.append(contentsOf: octets.written)
        }
    }

    /// What stands in a header's frame before the properties, for who writes these bit by bit, and ``Frame/end`` behind them.
    public static func headerStart(propertiesCount: Int, bodySize: Int, channel: UInt16) -> [UInt8] {
        var writer = ByteWriter()
        writer.uint8(Frame.Kind.header.rawValue)
        writer.uint16(channel)
        writer.uint32(UInt32(2 + 2 + 8 + propertiesCount))
        writer.uint16(MethodID.basic)
        writer.uint16(0)
        writer.uint64(UInt64(bodySize))
        return writer.octets
    }

    /// The header of a content whose properties are octets already, flag words first.
    public mutating func header(propertyOctets: ArraySlice<UInt8>, bodySize: Int, channel: UInt16) {
        frame(.header, channel: channel) { writer in
            writer.uint16(MethodID.basic)
            writer.uint16(0)
            writer.uint64(UInt64(bodySize))
            writer.raw(propertyOctets)
        }
    }

    /// Cuts a body into frames of at most `frameMax` octets (0: no limit), their overhead included.
    public mutating func body(_ body: ArraySlice<UInt8>, channel: UInt16, frameMax: UInt32) {
        let chunk = frameMax == 0 ? Int(UInt32.max) : max(1, Int(frameMax) - Frame.overhead)
        // Mostly it fits, and then there is nothing to slice.
        if !body.isEmpty, body.count <= chunk { return frame(.body, channel: channel) { $0.raw(body) } }
        var rest = body
        while !rest.isEmpty {
            let part = rest.prefix(chunk)
            frame(.body, channel: channel) { $0.raw(part) }
            rest = rest.dropFirst(chunk)
        }
    }

    /// One frame, its payload written by `payload`.
    public mutating func frame(_ kind: Frame.Kind, channel: UInt16, payload: (inout ByteWriter) -> Void) {
        writer.uint8(kind.rawValue)
        writer.uint16(channel)
        writer.counted(payload)
        writer.uint8(Frame.end)
    }

    /// Octets as they are, for a peer that means to misbehave and for frames that were built before.
    public mutating func raw(_ octets: some Sequence<UInt8>) { writer.raw(octets) }
}
