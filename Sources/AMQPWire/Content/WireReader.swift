/// A part of what passes a connection in one direction.
public enum WirePiece: Sendable, Equatable {
    /// A protocol header, 8 octets.
    case header([UInt8])
    /// A whole frame, its payload a copy.
    case frame(Frame)
    /// Octets that are no frame, or only some of one.
    case octets([UInt8])

    public var frame: Frame? { if case .frame(let frame) = self { frame } else { nil } }

    /// As on the wire.
    public var octets: [UInt8] {
        switch self {
        case .header(let octets), .octets(let octets): return octets
        case .frame(let frame):
            var writer = FrameWriter()
            writer.frame(frame.kind, channel: frame.channel) { $0.raw(frame.payload) }
            return writer.octets
        }
    }
}

/// Cuts one direction of a connection into pieces, and loses no octet, whatever passes. Takes frames of any size: to
/// judge is for others.
public struct WireReader: Sendable {
    /// When octets come out.
    public enum Mode: Sendable {
        /// As whole frames: what is begun is kept until it is whole.
        case whole
        /// At once: of a frame that does not come in one piece, the octets.
        case atOnce
        /// At once, as octets: nothing is read.
        case unread
    }

    private let mode: Mode
    private var reader = FrameReader(frameMax: 0)
    private var isBeginning = true
    /// Where the next frame begins can't be known any more.
    public private(set) var isLost = false
    /// Octets that a frame whose beginning has passed still lacks.
    private var owed = 0

    public init(_ mode: Mode = .whole) { self.mode = mode }

    public mutating func read(_ octets: [UInt8]) -> [WirePiece] {
        if mode == .unread || isLost { return [.octets(octets)] }
        var pieces: [WirePiece] = []
        var rest = octets[...]
        if owed > 0 {
            pieces.append(.octets(Array(rest.prefix(owed))))
            rest = rest.dropFirst(owed)
            owed -= pieces[0].octets.count
        }
        reader.append(rest)
        if isBeginning, reader.buffered >= ProtocolHeader.count {
            // A frame begins with 1 to 8, a protocol header with a letter; anything else is for the frame reader.
            if reader.peek.first.map({ $0 >= UInt8(ascii: "A") }) == true, let header = reader.take(8) {
                pieces.append(.header(header))
            }
            isBeginning = false
        }
        if isBeginning, mode == .whole { return pieces }
        do throws(WireError) {
            while let frame = try reader.next() {
                // A copy: the slice would keep the reader's whole buffer.
                pieces.append(.frame(Frame(frame.kind, channel: frame.channel, payload: Array(frame.payload)[...])))
            }
        } catch {
            isLost = true
        }
        if isLost || mode == .atOnce { pieces += takeBegun() }
        return pieces
    }

    /// What was kept of a frame that never became whole: for the end of the stream.
    public mutating func end() -> [WirePiece] {
        isLost = true
        return takeBegun()
    }

    private mutating func takeBegun() -> [WirePiece] {
        guard reader.buffered > 0 else { return [] }
        let begun = Array(reader.peek)
        reader = FrameReader(frameMax: 0)
        if begun.count < 7 {
            isLost = true
        } else if !isLost {
            owed = begun[3..<7].reduce(0) { $0 << 8 | Int($1) } + Frame.overhead - begun.count
        }
        return [.octets(begun)]
    }
}
