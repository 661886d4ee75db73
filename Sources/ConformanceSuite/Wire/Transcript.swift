import AMQPWire
import Synchronization

/// What passed one connection, both ways: kept as octets, decoded only when somebody wants to read it.
final class Transcript: Sendable {
    enum Side: String, Sendable {
        case client = "->"
        case broker = "<-"
    }

    private enum Entry: Sendable {
        case octets([UInt8])
        case remark(String)
    }

    private struct Passage: Sendable {
        var time: ContinuousClock.Instant
        var side: Side
        var entry: Entry
    }

    private struct State: Sendable {
        var passages: [Passage] = []
        var kept = 0
        var dropped = 0
    }

    /// Beyond this a transcript helps nobody, and ten thousand messages would be kept for one failing line.
    private static let most = 1 << 20

    let name: String
    private let state = Mutex(State())

    init(name: String) { self.name = name }

    func append(_ octets: [UInt8], from side: Side) {
        let now = ContinuousClock.now
        state.withLock { state in
            guard state.kept + octets.count <= Self.most else { return state.dropped += octets.count }
            state.kept += octets.count
            state.passages.append(Passage(time: now, side: side, entry: .octets(octets)))
        }
    }

    func append(_ remark: String, from side: Side) {
        let now = ContinuousClock.now
        state.withLock { $0.passages.append(Passage(time: now, side: side, entry: .remark(remark))) }
    }

    /// The methods that passed, with the side that sent them.
    var methods: [(Side, Method)] {
        decoded.compactMap { item in
            guard case .piece(.frame(let frame)) = item.part, frame.kind == .method,
                let method = try? Method(frame.payload)
            else { return nil }
            return (item.side, method)
        }
    }

    /// The transcripts of a case in one, in order of time.
    static func lines(of taps: [Tap]) -> [String] {
        let items = taps.flatMap { tap in tap.transcript.decoded.map { (tap.transcript.name, $0) } }
        guard let first = items.map(\.1.time).min() else { return [] }
        // Sorting is stable, so what was sent at once stays in order.
        var lines = items.sorted { $0.1.time < $1.1.time }.map { name, item in
            let milliseconds = Int(first.duration(to: item.time) / .milliseconds(1))
            return "\(milliseconds) ms \(name) \(item.side.rawValue) \(item.part.description)"
        }
        for tap in taps {
            let dropped = tap.transcript.state.withLock { $0.dropped }
            if dropped > 0 { lines.append("\(tap.transcript.name): \(dropped) more octets were not kept") }
        }
        return lines
    }

    private struct Item {
        var time: ContinuousClock.Instant
        var side: Side
        var part: Part
    }

    private var decoded: [Item] {
        let passages = state.withLock { $0.passages }
        var readers: [Side: WireReader] = [.client: WireReader(), .broker: WireReader()]
        return passages.flatMap { passage in
            let parts: [Part] =
                switch passage.entry {
                case .octets(let octets): (readers[passage.side]?.read(octets) ?? []).map(Part.piece)
                case .remark(let text): [.remark(text)]
                }
            return parts.map { Item(time: passage.time, side: passage.side, part: $0) }
        }
    }
}

/// A line of a transcript.
private enum Part: CustomStringConvertible {
    case piece(WirePiece)
    case remark(String)

    var description: String {
        switch self {
        case .piece(.header(let octets)): "protocol header \(hexadecimal(octets))"
        case .piece(.frame(let frame)): describe(frame)
        case .piece(.octets(let octets)): "\(octets.count) octets that are not a frame: \(hexadecimal(octets))"
        case .remark(let text): text
        }
    }
}

/// One frame in a line, as the wire logs of broker and client have it; of what does not parse, the octets as well.
func describe(_ frame: Frame) -> String {
    let isSound =
        switch frame.kind {
        case .method: (try? Method(frame.payload)) != nil
        case .header: (try? ContentHeader(frame.payload)) != nil
        case .body, .heartbeat: true
        }
    return "ch \(frame)" + (isSound ? "" : " \(hexadecimal(frame.payload))")
}

func hexadecimal(_ octets: some Collection<UInt8>) -> String {
    let shown = octets.prefix(32).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
    return octets.count > 32 ? shown + " …" : shown
}
