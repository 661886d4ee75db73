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

    /// The parcel at the head of some pieces; nil when it is not whole, or something comes between its frames.
    init?(_ pieces: ArraySlice<WirePiece>) {
        guard let channel = pieces.first?.frame?.channel else { return nil }
        var reader = MethodReader()
        var octets: [UInt8] = []
        for piece in pieces {
            guard let frame = piece.frame, frame.channel == channel else { return nil }
            octets += piece.octets
            switch reader.read(frame) {
            case nil: continue
            case .method(let method, let content, _):
                self.init(method, channel: channel, content: content)
                original = (octets, channel, method, content)
                return
            case .heartbeat, .stray: return nil
            }
        }
        return nil
    }

    /// How many frames it came as.
    var frames: Int { 1 + (content.map { 1 + $0.pieces.count } ?? 0) }
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
