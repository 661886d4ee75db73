import AMQPTransport
import AMQPWire
import Interceptor

/// A connection with everything that passes it written down. Probes and clients of the suite talk through one.
struct Tap: Sendable {
    let stream: Interceptor
    let transcript: Transcript

    init(_ stream: any ByteStream, name: String) {
        transcript = Transcript(name: name)
        self.stream = Interceptor(stream, transcript)
    }
}

extension Transcript: Hook {
    /// It reads later, and only when somebody asks.
    var mode: WireReader.Mode { .unread }

    func decide(_ piece: WirePiece, _ direction: Direction) -> Verdict {
        append(piece.octets, from: direction.side)
        return .pass
    }

    func ended(_ direction: Direction, _ end: ConversationEnd) {
        switch end {
        case .finished: append("end of stream", from: direction.side)
        case .reset(let text): append(text.isEmpty ? "reset" : "reset: \(text)", from: direction.side)
        }
    }
}

extension Direction {
    fileprivate var side: Transcript.Side { self == .toBroker ? .client : .broker }
}
