import AMQPWire
import Testing

/// What a broker made of something.
enum Outcome: Sendable, Equatable {
    /// It was taken: the reply came, or, for what has no reply, a synchronous method behind it was answered.
    case ok
    case channelClose(ReplyCode)
    case connectionClose(ReplyCode)
    /// The stream was ended cleanly (FIN), without a word.
    case endOfStream
    /// The stream was broken off (TCP's RST), without a word.
    case reset
    /// A protocol header came back.
    case header
    /// Nothing at all until the deadline.
    case silence

    var isRefusal: Bool { self != .ok && self != .silence }
}

/// A set of outcomes, any of which is right.
struct Outcomes: Sendable, ExpressibleByArrayLiteral {
    var all: [Outcome]

    init(arrayLiteral elements: Outcome...) { all = elements }
    init(_ all: [Outcome]) { self.all = all }

    static let ok: Outcomes = [.ok]
    static let silence: Outcomes = [.silence]
    static let header: Outcomes = [.header]
    /// The socket is closed without a word. A reset counts too: it is what TCP makes of a close when octets were unread.
    static let hangUp: Outcomes = [.endOfStream, .reset]
    static func channelClose(_ codes: ReplyCode...) -> Outcomes { Outcomes(codes.map { .channelClose($0) }) }
    static func connectionClose(_ codes: ReplyCode...) -> Outcomes { Outcomes(codes.map { .connectionClose($0) }) }

    var allRefuse: Bool { all.allSatisfy(\.isRefusal) }
    var text: String { all.map { "\($0)" }.joined(separator: " or ") }
}

extension Outcome: CustomStringConvertible {
    var description: String {
        switch self {
        case .ok: "taken"
        case .channelClose(let code): "channel.close \(code)"
        case .connectionClose(let code): "connection.close \(code)"
        case .endOfStream: "a clean end of stream"
        case .reset: "a reset"
        case .header: "a protocol header"
        case .silence: "silence"
        }
    }
}

/// Compares an outcome with what the specification says and, where that differs, with what RabbitMQ does.
///
/// A refusal with another code, scope or manner than asked for is "non-strict", anything else unexpected a failure. Where
/// `rabbitmq` is given, the case's trait has to say in words how RabbitMQ differs, and for the same releases.
func expect(
    _ outcome: Outcome, _ spec: Outcomes, rabbitmq: Outcomes? = nil, from: Release? = nil, before: Release? = nil,
    at place: SourceLocation = #_sourceLocation
) {
    let holds = Releases(from: from, before: before).contains(CaseRun.current?.peer.release)
    let rabbitmq = holds ? rabbitmq : nil
    if spec.all.contains(outcome) {
        guard let rabbitmq, !rabbitmq.all.contains(outcome) else { return }
        return CaseRun.current?.noteDeparture(fromRabbitMQ: rabbitmq.text, "\(outcome)", at: place) ?? ()
    }
    if rabbitmq?.all.contains(outcome) == true {
        return note(.conformsAsRabbitMQ, "\(outcome), where the specification says \(spec.text)", at: place)
    }
    let wanted = rabbitmq.map { "\(spec.text) (RabbitMQ: \($0.text))" } ?? spec.text
    let isRightRefusal = outcome.isRefusal && spec.allRefuse
    note(isRightRefusal ? .nonStrict : .failed, expected: wanted, "\(outcome)", at: place)
}
