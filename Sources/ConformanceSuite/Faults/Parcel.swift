import AMQPWire

/// A method as it passes between a client and the broker, with its content if it carries some.
struct Parcel: Sendable {
    var channel: UInt16
    var method: Method
    var content: Content?
    private var isWhole = false
    /// The octets it came as; nil for one that a fault has made. What a fault leaves alone passes octet by octet.
    private var original: (octets: [UInt8], channel: UInt16, method: Method, content: Content?)?

    init(_ method: Method, channel: UInt16, content: Content? = nil) {
        (self.method, self.channel, self.content) = (method, channel, content)
    }

    var octets: [UInt8] {
        if !isWhole, let original, original.channel == channel, original.method == method,
            original.content == content
        {
            return original.octets
        }
        var writer = FrameWriter()
        guard let content else {
            writer.method(method, channel: channel)
            return writer.octets
        }
        writer.method(method, channel: channel)
        writer.frame(.header, channel: channel) {
            ContentHeader(bodySize: UInt64(content.body.count), properties: content.properties).write(to: &$0)
        }
        var rest = content.body[...]
        while !rest.isEmpty {
            // The smallest that may be agreed on, so that it fits whatever was.
            let piece = isWhole ? rest : rest.prefix(Int(Frame.minimumMax) - Int(Frame.overhead))
            writer.frame(.body, channel: channel) { $0.raw(piece) }
            rest = rest.dropFirst(piece.count)
        }
        return writer.octets
    }

    /// The parcel at the head of some frames, and how many of them it is made of; nil when it is not whole.
    init?(_ frames: ArraySlice<Cut.Piece>) {
        guard let first = frames.first, let head = first.frame, head.kind == .method,
            let method = try? Method(head.payload)
        else { return nil }
        self.init(method, channel: head.channel)
        var octets = first.octets
        if method.id.hasContent {
            var rest = frames.dropFirst()
            guard let second = rest.popFirst(), let header = second.frame, header.kind == .header,
                header.channel == channel, let decoded = try? ContentHeader(header.payload)
            else { return nil }
            octets += second.octets
            var content = Content(properties: decoded.properties)
            while content.body.count < decoded.bodySize {
                guard let next = rest.popFirst(), let body = next.frame, body.kind == .body, body.channel == channel
                else { return nil }
                octets += next.octets
                content.body += body.payload
                content.pieces.append(body.payload.count)
            }
            guard content.body.count == decoded.bodySize else { return nil }
            self.content = content
        }
        original = (octets, channel, method, content)
    }

    /// How many frames it came as.
    var frames: Int { 1 + (content.map { 1 + $0.pieces.count } ?? 0) }
}

/// Cuts what passes in one direction into frames, and leaves alone whatever is none: cases send octets of every kind.
struct Cut: Sendable {
    struct Piece: Sendable {
        var octets: [UInt8]
        /// Nil for octets that are no whole frame.
        var frame: Frame?
    }

    private var isLost = false
    /// Octets that a frame begun earlier still lacks.
    private var owed = 0

    mutating func cut(_ octets: [UInt8]) -> [Piece] {
        var rest = octets[...]
        var pieces: [Piece] = []
        while !rest.isEmpty {
            let count = next(rest)
            let part = Array(rest.prefix(count.octets))
            rest = rest.dropFirst(count.octets)
            guard count.isFrame, let kind = Frame.Kind(rawValue: part[0]) else {
                pieces.append(Piece(octets: part))
                continue
            }
            let channel = UInt16(part[1]) << 8 | UInt16(part[2])
            pieces.append(Piece(octets: part, frame: Frame(kind, channel: channel, payload: part[7..<part.count - 1])))
        }
        return pieces
    }

    private mutating func next(_ rest: ArraySlice<UInt8>) -> (octets: Int, isFrame: Bool) {
        if isLost { return (rest.count, false) }
        if owed > 0 {
            let count = min(owed, rest.count)
            owed -= count
            return (count, false)
        }
        let start = rest.startIndex
        if rest.starts(with: Array("AMQP".utf8)), rest.count >= 8 { return (8, false) }
        guard rest.count >= 7, Frame.Kind(rawValue: rest[start]) != nil else {
            isLost = true
            return (rest.count, false)
        }
        let size = rest[(start + 3)..<(start + 7)].reduce(0) { $0 << 8 | Int($1) }
        guard rest.count >= size + 8 else {
            owed = size + 8 - rest.count
            return (rest.count, false)
        }
        if rest[start + size + 7] != Frame.end {
            isLost = true
            return (rest.count, false)
        }
        return (size + 8, true)
    }
}

extension Parcel {
    /// As what a hook returns.
    var alone: [Parcel] { [self] }

    /// The same with its body in one frame, however large.
    var inOneFrame: Parcel {
        var parcel = self
        parcel.isWhole = true
        return parcel
    }
}
