import AMQPWire

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

/// A message that comes in.
struct IncomingMessage: ReadableContent {
    /// The largest body taken, in octets: the most that RabbitMQ can be configured to carry.
    static let maximumBody: UInt64 = 512 << 20

    var message: Message

    init(properties: ArraySlice<UInt8>, bodySize: Int) throws(WireError) {
        message = Message(body: [], properties: try ContentHeader.properties(properties))
    }

    mutating func append(_ body: ArraySlice<UInt8>) {
        // Mostly it comes in one frame. Otherwise it grows as octets arrive: reserving the announced size would let 20
        // octets claim half a gigabyte.
        if message.body.isEmpty { message.body = Array(body) } else { message.body += body }
    }
}

extension ProtocolViolation {
    /// A frame of content is not as it should be. A method in the middle of content is ``interrupting(_:_:)``.
    init(_ error: ContentError, in carrier: Carrier?) {
        let method = carrier?.method
        switch error {
        case .unannounced(.header), .interrupted(due: .body):
            self.init(.unexpectedFrame, "a content header arrived that no method announced")
        case .unannounced, .interrupted:
            self.init(.unexpectedFrame, "a content body arrived that no header announced")
        case .malformed(let error): self.init(error.code, "in a content header, \(error.reason)", method: method)
        case .wrongClass(let classID):
            self.init(.unexpectedFrame, "the content header is of class \(classID)", method: method)
        case .overrun(let announced, let received):
            self.init(
                .frameError, "the body runs \(received - announced) octets over the announced \(announced)",
                method: method)
        case .tooLarge(let size):
            self.init(
                .contentTooLarge,
                "a body of \(size) octets is over the limit of \(IncomingMessage.maximumBody)", method: method)
        }
    }

    static func interrupting(_ carrier: Carrier, _ method: MethodID) -> ProtocolViolation {
        ProtocolViolation(
            .unexpectedFrame, "\(method) arrived before the content of \(carrier.method) was complete", method: method)
    }
}
