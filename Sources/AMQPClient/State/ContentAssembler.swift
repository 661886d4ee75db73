import AMQPWire

/// Puts the content of one channel together: a method with content, its header, its body in any number of frames, an
/// empty one in none (AMQP 0-9-1, 4.2.6).
struct ContentAssembler: Sendable {
    /// The methods with content that a broker sends.
    enum Carrier: Sendable {
        case deliver(BasicDeliver)
        case getOk(BasicGetOk)
        case returned(BasicReturn)

        var method: MethodID {
            switch self {
            case .deliver: BasicDeliver.id
            case .getOk: BasicGetOk.id
            case .returned: BasicReturn.id
            }
        }
    }

    /// The largest body taken, in octets: the most that RabbitMQ can be configured to carry.
    static let maximumBody: UInt64 = 512 << 20

    private enum Phase: Sendable {
        case idle
        case header(Carrier)
        case body(Carrier, BasicProperties, size: Int)
    }

    private var phase: Phase = .idle
    private var body: [UInt8] = []

    /// A method has arrived: none may, while content is under way on its channel.
    func expectNoContent(before method: MethodID) throws(ProtocolViolation) {
        switch phase {
        case .idle: return
        case .header(let carrier), .body(let carrier, _, _):
            throw ProtocolViolation(
                .unexpectedFrame, "\(method) arrived before the content of \(carrier.method) was complete",
                method: method)
        }
    }

    mutating func begin(_ carrier: Carrier) { phase = .header(carrier) }

    /// Returns the message when the header was all there is.
    mutating func header(_ payload: ArraySlice<UInt8>) throws(ProtocolViolation) -> (Carrier, Message)? {
        guard case .header(let carrier) = phase else {
            throw ProtocolViolation(.unexpectedFrame, "a content header arrived that no method announced")
        }
        let header: ContentHeader
        do {
            header = try ContentHeader(payload)
        } catch {
            throw ProtocolViolation(error.code, "in a content header, \(error.reason)", method: carrier.method)
        }
        guard header.classID == MethodID.basic else {
            throw ProtocolViolation(
                .unexpectedFrame, "the content header is of class \(header.classID)", method: carrier.method)
        }
        guard header.bodySize <= Self.maximumBody else {
            throw ProtocolViolation(
                .contentTooLarge, "a body of \(header.bodySize) octets is over the limit of \(Self.maximumBody)",
                method: carrier.method)
        }
        if header.bodySize == 0 {
            phase = .idle
            return (carrier, Message(body: [], properties: header.properties))
        }
        phase = .body(carrier, header.properties, size: Int(header.bodySize))
        return nil
    }

    /// Returns the message when it is complete.
    mutating func body(_ payload: ArraySlice<UInt8>) throws(ProtocolViolation) -> (Carrier, Message)? {
        guard case .body(let carrier, let properties, let size) = phase else {
            throw ProtocolViolation(.unexpectedFrame, "a content body arrived that no header announced")
        }
        guard body.count + payload.count <= size else {
            throw ProtocolViolation(
                .frameError, "the body runs \(body.count + payload.count - size) octets over the announced \(size)",
                method: carrier.method)
        }
        if body.isEmpty, payload.count == size {
            phase = .idle
            return (carrier, Message(body: Array(payload), properties: properties))
        }
        // Grows as octets arrive. Reserving the announced size would let 20 octets claim half a gigabyte.
        body.append(contentsOf: payload)
        guard body.count == size else { return nil }
        defer {
            phase = .idle
            body = []
        }
        return (carrier, Message(body: body, properties: properties))
    }
}
