import AMQPWire

/// Which way something passes.
public enum Direction: Sendable, Hashable {
    case toBroker
    case toClient
}

/// What becomes of one frame, or of octets that are none.
public enum Verdict: Sendable, Equatable {
    case pass
    case drop
    /// It waits for ``Interceptor/release()``; what comes later overtakes it.
    case hold
    /// It passes once, and then so many times more.
    case `repeat`(Int)
    /// Other octets pass instead.
    case replace([UInt8])
    /// The connection breaks before it, at both ends, as when a cable is pulled out.
    case cut
}

/// What an ``Interceptor`` does: the verdicts on some pieces come to a list of these.
public enum Step: Sendable, Equatable {
    case send([UInt8], Direction)
    case hold([UInt8], Direction)
    case cut
}

/// Decides what becomes of everything that passes one connection.
///
/// Its methods are called from the threads of both streams, but for one connection one at a time: the interceptor's lock
/// is held meanwhile. So they have to return soon, and must not call their own interceptor; a hook that wants to
/// ``Interceptor/release()`` or ``Interceptor/cut()`` has that done by somebody else, or returns ``Verdict/cut``. Frames
/// are decided in the order in which they pass on.
public protocol Hook: Sendable {
    /// How much of a conversation it wants to see. Whatever is no frame passes as octets, and is decided too.
    var mode: WireReader.Mode { get }

    /// What becomes of one piece.
    func decide(_ piece: WirePiece, _ direction: Direction) -> Verdict

    /// What is to be done about pieces that came at once. By default, what ``decide(_:_:)`` says of each.
    func steps(for pieces: [WirePiece], _ direction: Direction) -> [Step]

    /// The stream has ended from one side, after all that it sent had been decided.
    func ended(_ direction: Direction, _ end: ConversationEnd)
}

/// How one side ended a conversation.
public enum ConversationEnd: Sendable, Equatable {
    /// A clean end of stream.
    case finished
    /// A reset, or `abort()`; the text is the operating system's, if there is one.
    case reset(String)
}

extension Hook {
    public var mode: WireReader.Mode { .whole }

    public func decide(_ piece: WirePiece, _ direction: Direction) -> Verdict { .pass }

    public func steps(for pieces: [WirePiece], _ direction: Direction) -> [Step] {
        pieces.flatMap { Step.steps(decide($0, direction), on: $0, direction) }
    }

    public func ended(_ direction: Direction, _ end: ConversationEnd) {}
}

extension Step {
    /// A verdict carried out on a piece.
    public static func steps(_ verdict: Verdict, on piece: WirePiece, _ direction: Direction) -> [Step] {
        switch verdict {
        case .pass: [.send(piece.octets, direction)]
        case .drop: []
        case .hold: [.hold(piece.octets, direction)]
        case .repeat(let more): Array(repeating: .send(piece.octets, direction), count: 1 + max(0, more))
        case .replace(let octets): [.send(octets, direction)]
        case .cut: [.cut]
        }
    }
}
