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

    func append(_ octets: UnsafeRawBufferPointer, from side: Side) {
        let now = ContinuousClock.now
        state.withLock { state in
            guard state.kept + octets.count <= Self.most else { return state.dropped += octets.count }
            state.kept += octets.count
            state.passages.append(Passage(time: now, side: side, entry: .octets(Array(octets))))
        }
    }

    func append(_ remark: String, from side: Side) {
        let now = ContinuousClock.now
        state.withLock { $0.passages.append(Passage(time: now, side: side, entry: .remark(remark))) }
    }

    /// The methods that passed, with the side that sent them.
    var methods: [(Side, Method)] {
        decoded.compactMap { item in
            guard case .frame(let frame) = item.part, frame.kind == .method,
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
        var readers: [Side: PartReader] = [.client: PartReader(), .broker: PartReader()]
        return passages.flatMap { passage in
            let parts: [Part] =
                switch passage.entry {
                case .octets(let octets): readers[passage.side]?.read(octets) ?? []
                case .remark(let text): [.remark(text)]
                }
            return parts.map { Item(time: passage.time, side: passage.side, part: $0) }
        }
    }
}

/// What a peer sends: a protocol header, frames, and octets that are neither.
enum Part: Sendable {
    case header([UInt8])
    case frame(Frame)
    case junk([UInt8])
    case remark(String)
}

/// Cuts one direction of a connection into parts. Takes frames of any size: judging is for the cases.
struct PartReader: Sendable {
    private var reader = FrameReader(frameMax: 0)
    private var isBeginning = true
    private var isLost = false

    mutating func read(_ octets: [UInt8]) -> [Part] {
        if isLost { return [.junk(octets)] }
        var parts: [Part] = []
        reader.append(octets)
        if isBeginning {
            guard reader.buffered >= ProtocolHeader.count else { return [] }
            // A frame begins with 1 to 8, a protocol header with a letter; anything else is for the frame reader.
            if reader.peek.first.map({ $0 >= UInt8(ascii: "A") }) == true, let header = reader.take(8) {
                parts.append(.header(header))
            }
            isBeginning = false
        }
        do throws(WireError) {
            while let frame = try reader.next() {
                // A copy: the slice would keep the reader's whole buffer.
                parts.append(.frame(Frame(frame.kind, channel: frame.channel, payload: Array(frame.payload)[...])))
            }
        } catch {
            // Where the next frame begins is anybody's guess now.
            isLost = true
            parts.append(.junk(Array(reader.peek)))
        }
        return parts
    }
}

extension Part: CustomStringConvertible {
    var description: String {
        switch self {
        case .header(let octets): "protocol header \(hexadecimal(octets))"
        case .frame(let frame): describe(frame)
        case .junk(let octets): "\(octets.count) octets that are no frame: \(hexadecimal(octets))"
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
