import AMQPWire
import Interceptor

/// Something seen on the wire between a program and the broker.
struct Observation: Sendable {
    enum What: Sendable {
        /// With its content, once all of it has passed.
        case method(Method, Content?)
        case connected
        case disconnected
        /// What the broker would not read; the program speaks no AMQP 0-9-1.
        case garbage(String)
    }

    /// Milliseconds since the watch began.
    var time: Int64
    /// The programs in the order in which they were started, from 1.
    var run = 1
    /// The connections in the order in which they were made, from 1.
    var connection: Int
    var channel: UInt16
    var direction: Direction
    var what: What
    /// Of a method and its content.
    var frames: [Frame] = []

    var isFromBroker: Bool { direction == .toClient }
    var method: Method? { if case .method(let method, _) = what { method } else { nil } }
    var content: Content? { if case .method(_, let content) = what { content } else { nil } }
    var body: [UInt8] { content?.body ?? [] }
}

/// One direction of one connection: pieces go in, observations come out.
struct WireWatch {
    private let keepsFrames: Bool
    private var methods = MethodReader()
    private var frames: [UInt16: [Frame]] = [:]
    private var isLost = false

    /// - Parameter keepsFrames: what it reads comes with its frames
    init(keepsFrames: Bool) { self.keepsFrames = keepsFrames }

    mutating func read(_ piece: WirePiece) -> (channel: UInt16, what: Observation.What, frames: [Frame])? {
        guard !isLost else { return nil }
        switch piece {
        case .header: return nil
        case .octets(let octets):
            isLost = true
            let start = octets.prefix(16).map { String($0, radix: 16) }.joined(separator: " ")
            return (0, .garbage("\(octets.count) bytes that are not a frame (\(start))"), [])
        case .frame(let frame):
            if keepsFrames { frames[frame.channel, default: []].append(frame) }
            switch methods.read(frame) {
            case .method(let method, let content, let channel):
                return (channel, .method(method, content), frames.removeValue(forKey: channel) ?? [])
            case .heartbeat:
                if keepsFrames { frames[frame.channel]?.removeLast() }
                return nil
            case .stray(let frame):
                isLost = true
                return (0, .garbage("\(frame)"), [])
            case nil: return nil
            }
        }
    }
}
