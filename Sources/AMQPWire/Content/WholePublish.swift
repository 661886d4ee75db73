/// A `basic.publish` whose content stands whole behind it in a reader's buffer, in one frame of each kind (an empty body in
/// none): what most publishes are. Its parts are left where they are.
///
/// Read frame by frame, a small message costs three frames' bookkeeping, which is more than all the rest of its way.
public struct WholePublish: Sendable {
    let buffer: [UInt8]
    let next: Int
    public let channel: UInt16
    public let isMandatory: Bool
    let exchange: Range<Int>
    let routingKey: Range<Int>
    /// Flag words and property list.
    let properties: Range<Int>
    let body: Range<Int>

    public var propertiesCount: Int { properties.count }
    public var bodyCount: Int { body.count }
    /// Flag words and property list, as they came.
    public var propertyOctets: ArraySlice<UInt8> { buffer[properties] }

    public func goes(to exchange: ShortString, with routingKey: ShortString) -> Bool {
        holds(exchange.octets, at: self.exchange) && holds(routingKey.octets, at: self.routingKey)
    }

    /// Equal for publishes to the same exchange with the same key. Others' may be equal too, also on purpose (it is FNV-1a): who
    /// finds something by it has to compare.
    public var destinationHash: UInt64 { buffer.withUnsafeBytes { Self.hash($0[exchange], $0[routingKey]) } }

    /// What a publish to this exchange with this key has.
    public static func destinationHash(exchange: ShortString, routingKey: ShortString) -> UInt64 {
        exchange.octets.withUnsafeBytes { exchange in
            routingKey.octets.withUnsafeBytes { hash(exchange[...], $0[...]) }
        }
    }

    private static func hash(_ exchange: Slice<UnsafeRawBufferPointer>, _ routingKey: Slice<UnsafeRawBufferPointer>)
        -> UInt64
    {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ octet: UInt8) { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01b3 }
        for octet in exchange { add(octet) }
        add(UInt8(truncatingIfNeeded: exchange.count))
        for octet in routingKey { add(octet) }
        return hash
    }

    private func holds(_ octets: [UInt8], at place: Range<Int>) -> Bool {
        guard octets.count == place.count else { return false }
        return buffer.withUnsafeBytes { ours in
            octets.withUnsafeBytes { theirs in
                var next = 0
                while next < theirs.count, ours[place.lowerBound + next] == theirs[next] { next += 1 }
                return next == theirs.count
            }
        }
    }

    /// A copy of flag words, property list and body, one behind the other.
    public func content() -> [UInt8] {
        var copy = [UInt8](repeating: 0, count: properties.count + body.count)
        buffer.withUnsafeBytes { octets in
            copy.withUnsafeMutableBytes { room in
                room.copyMemory(from: UnsafeRawBufferPointer(rebasing: octets[properties]))
                UnsafeMutableRawBufferPointer(rebasing: room[properties.count...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: octets[body]))
            }
        }
        return copy
    }

    /// nil: what begins at `start` is something else, or has not come whole, or is not as it should be: then it is to be
    /// read frame by frame.
    init?(in buffer: [UInt8], at start: Int, mostInFrame: Int) {
        guard
            let found = buffer.withUnsafeBytes({ octets in
                Cursor(octets: octets, mostInFrame: mostInFrame).publish(at: start)
            })
        else { return nil }
        self.buffer = buffer
        (next, channel, isMandatory) = (found.next, found.channel, found.isMandatory)
        (exchange, routingKey, properties, body) = (found.exchange, found.routingKey, found.properties, found.body)
    }

    private struct Found {
        var next: Int
        var channel: UInt16
        var isMandatory: Bool
        var exchange, routingKey, properties, body: Range<Int>
    }

    /// Goes over octets that have come, and not further.
    private struct Cursor {
        let octets: UnsafeRawBufferPointer
        /// Of payload.
        let mostInFrame: Int

        func uint16(_ at: Int) -> UInt16 { UInt16(octets[at]) << 8 | UInt16(octets[at + 1]) }

        func uint32(_ at: Int) -> Int {
            Int(octets[at]) << 24 | Int(octets[at + 1]) << 16 | Int(octets[at + 2]) << 8 | Int(octets[at + 3])
        }

        /// The payload of the frame at `at`.
        func payload(of kind: Frame.Kind, at: Int) -> Range<Int>? {
            guard octets.count - at >= Frame.overhead, octets[at] == kind.rawValue else { return nil }
            let size = uint32(at + 3)
            guard size <= mostInFrame, octets.count - at - Frame.overhead >= size,
                octets[at + 7 + size] == Frame.end
            else { return nil }
            return at + 7..<at + 7 + size
        }

        /// A short string that ends before `end`, its count left out.
        func shortString(at: Int, end: Int) -> Range<Int>? {
            guard at < end, end - at - 1 >= Int(octets[at]) else { return nil }
            return at + 1..<at + 1 + Int(octets[at])
        }

        func publish(at start: Int) -> Found? {
            guard let method = payload(of: .method, at: start), method.count >= 9,
                uint32(method.lowerBound) == 60 << 16 | 40,
                let exchange = shortString(at: method.lowerBound + 6, end: method.upperBound),
                let routingKey = shortString(at: exchange.upperBound, end: method.upperBound),
                routingKey.upperBound + 1 == method.upperBound
            else { return nil }
            // The second bit is `immediate`, which is refused.
            let bits = octets[routingKey.upperBound]
            guard bits & 2 == 0 else { return nil }
            let channel = uint16(start + 1)
            guard let header = payload(of: .header, at: method.upperBound + 1), header.count >= 14,
                uint16(method.upperBound + 2) == channel,
                uint32(header.lowerBound) == 60 << 16, uint32(header.lowerBound + 4) == 0
            else { return nil }
            let size = uint32(header.lowerBound + 8)
            var found = Found(
                next: header.upperBound + 1, channel: channel, isMandatory: bits & 1 != 0, exchange: exchange,
                routingKey: routingKey, properties: header.lowerBound + 12..<header.upperBound, body: 0..<0)
            if size == 0 { return found }
            guard let body = payload(of: .body, at: found.next), body.count == size,
                uint16(found.next + 1) == channel
            else { return nil }
            (found.body, found.next) = (body, body.upperBound + 1)
            return found
        }
    }
}
