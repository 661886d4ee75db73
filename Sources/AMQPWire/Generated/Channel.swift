// Generated from Methods/methods.txt by Scripts/generate-methods. What is changed here is lost.

// The methods of class channel (20), with the specification's field names.

/// Opens a channel.
public struct ChannelOpen: MethodFields {
    public static let id = MethodID(20, 10)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.shortString()
    }

    public func write(to writer: inout ByteWriter) {
        writer.shortString("")
    }
}

/// The channel is open.
public struct ChannelOpenOk: MethodFields {
    public static let id = MethodID(20, 11)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.longString()
    }

    public func write(to writer: inout ByteWriter) {
        writer.longString([])
    }
}

/// Asks the peer to stop (false) or resume (true) sending content.
public struct ChannelFlow: MethodFields {
    public static let id = MethodID(20, 20)
    public var active: Bool

    public init(active: Bool) {
        self.active = active
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        active = try reader.bits()[0]
    }

    public func write(to writer: inout ByteWriter) {
        writer.bits(active)
    }
}

/// Says which of the two now holds.
public struct ChannelFlowOk: MethodFields {
    public static let id = MethodID(20, 21)
    public var active: Bool

    public init(active: Bool) {
        self.active = active
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        active = try reader.bits()[0]
    }

    public func write(to writer: inout ByteWriter) {
        writer.bits(active)
    }
}

/// Closes the channel; the reply code says why, the ids say which method gave the reason (0, 0: none did).
public struct ChannelClose: MethodFields {
    public static let id = MethodID(20, 40)
    public var replyCode: ReplyCode
    public var replyText: ShortString
    public var cause: MethodID

    public init(replyCode: ReplyCode, replyText: ShortString = "", cause: MethodID = MethodID(0, 0)) {
        self.replyCode = replyCode
        self.replyText = replyText
        self.cause = cause
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        replyCode = ReplyCode(rawValue: try reader.uint16())
        replyText = try reader.shortString()
        cause = MethodID(try reader.uint16(), try reader.uint16())
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(replyCode.rawValue)
        writer.shortString(replyText)
        writer.uint16(cause.classID)
        writer.uint16(cause.methodID)
    }
}

/// Confirms a close; the channel number may be used again.
public struct ChannelCloseOk: MethodFields {
    public static let id = MethodID(20, 41)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}
