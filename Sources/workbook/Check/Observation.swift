import AMQPWire

/// Something seen on the wire between a program and the broker.
struct Observation: Sendable {
    enum Direction: Sendable { case fromProgram, fromBroker }

    enum What: Sendable {
        case method(Method)
        /// The properties of a message, and its whole body.
        case message(BasicProperties, body: [UInt8])
        case connected
        case disconnected
        /// What the broker would not read; the program speaks no AMQP 0-9-1.
        case garbage(String)
    }

    /// Milliseconds since the watch began.
    var time: Int64
    /// The connections in the order in which they were made, from 1.
    var connection: Int
    var channel: UInt16
    var direction: Direction
    var what: What
}

/// One direction of one connection: octets go in, observations come out.
struct WireWatch {
    private var reader = FrameReader(frameMax: 0)
    private var isAtHeader: Bool
    private var isLost = false
    private var contents: [UInt16: (header: ContentHeader, body: [UInt8])] = [:]

    /// - Parameter beginsWithHeader: what a client sends begins with the protocol header, `AMQP0091`
    init(beginsWithHeader: Bool) { isAtHeader = beginsWithHeader }

    mutating func read(_ octets: RawSpan) -> [(channel: UInt16, what: Observation.What)] {
        guard !isLost else { return [] }
        reader.append(octets)
        var seen: [(UInt16, Observation.What)] = []
        if isAtHeader {
            guard reader.take(8) != nil else { return [] }
            isAtHeader = false
        }
        do throws(WireError) {
            while let frame = try reader.next() {
                if let what = try read(frame) { seen.append((frame.channel, what)) }
            }
        } catch {
            isLost = true
            seen.append((0, .garbage("\(error)")))
        }
        return seen
    }

    private mutating func read(_ frame: Frame) throws(WireError) -> Observation.What? {
        switch frame.kind {
        case .method: return .method(try Method(frame.payload))
        case .heartbeat: return nil
        case .header:
            contents[frame.channel] = (try ContentHeader(frame.payload), [])
        case .body:
            contents[frame.channel]?.body += frame.payload
        }
        guard let content = contents[frame.channel], content.body.count >= content.header.bodySize else { return nil }
        contents[frame.channel] = nil
        return .message(content.header.properties, body: content.body)
    }
}
