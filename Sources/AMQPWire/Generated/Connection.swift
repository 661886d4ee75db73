// Generated from Methods/methods.txt by Scripts/generate-methods. What is changed here is lost.

// The methods of class connection (10), with the specification's field names.

/// The broker's greeting: what it is, and which SASL mechanisms and locales it offers (both separated by spaces).
public struct ConnectionStart: MethodFields {
    public static let id = MethodID(10, 10)
    public var versionMajor: UInt8
    public var versionMinor: UInt8
    public var serverProperties: FieldTable
    public var mechanisms: [UInt8]
    public var locales: [UInt8]

    public init(
        versionMajor: UInt8 = 0, versionMinor: UInt8 = 9, serverProperties: FieldTable = [:], mechanisms: [UInt8],
        locales: [UInt8]
    ) {
        self.versionMajor = versionMajor
        self.versionMinor = versionMinor
        self.serverProperties = serverProperties
        self.mechanisms = mechanisms
        self.locales = locales
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        versionMajor = try reader.uint8()
        versionMinor = try reader.uint8()
        serverProperties = try reader.table()
        mechanisms = try reader.longString()
        locales = try reader.longString()
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint8(versionMajor)
        writer.uint8(versionMinor)
        writer.table(serverProperties)
        writer.longString(mechanisms)
        writer.longString(locales)
    }
}

/// The client's answer: what it is, and its login by the mechanism it chose.
public struct ConnectionStartOk: MethodFields {
    public static let id = MethodID(10, 11)
    public var clientProperties: FieldTable
    public var mechanism: ShortString
    public var response: [UInt8]
    public var locale: ShortString

    public init(
        clientProperties: FieldTable = [:], mechanism: ShortString, response: [UInt8], locale: ShortString = "en_US"
    ) {
        self.clientProperties = clientProperties
        self.mechanism = mechanism
        self.response = response
        self.locale = locale
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        clientProperties = try reader.table()
        mechanism = try reader.shortString()
        response = try reader.longString()
        locale = try reader.shortString()
    }

    public func write(to writer: inout ByteWriter) {
        writer.table(clientProperties)
        writer.shortString(mechanism)
        writer.longString(response)
        writer.shortString(locale)
    }
}

/// A further challenge of a mechanism that needs more than one exchange.
public struct ConnectionSecure: MethodFields {
    public static let id = MethodID(10, 20)
    public var challenge: [UInt8]

    public init(challenge: [UInt8]) {
        self.challenge = challenge
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        challenge = try reader.longString()
    }

    public func write(to writer: inout ByteWriter) {
        writer.longString(challenge)
    }
}

/// The answer to a challenge.
public struct ConnectionSecureOk: MethodFields {
    public static let id = MethodID(10, 21)
    public var response: [UInt8]

    public init(response: [UInt8]) {
        self.response = response
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        response = try reader.longString()
    }

    public func write(to writer: inout ByteWriter) {
        writer.longString(response)
    }
}

/// The broker's limits: channels, octets of a frame, seconds between heartbeats; 0 means no limit, no heartbeats.
public struct ConnectionTune: MethodFields {
    public static let id = MethodID(10, 30)
    public var channelMax: UInt16
    public var frameMax: UInt32
    public var heartbeat: UInt16

    public init(channelMax: UInt16, frameMax: UInt32, heartbeat: UInt16) {
        self.channelMax = channelMax
        self.frameMax = frameMax
        self.heartbeat = heartbeat
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        channelMax = try reader.uint16()
        frameMax = try reader.uint32()
        heartbeat = try reader.uint16()
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(channelMax)
        writer.uint32(frameMax)
        writer.uint16(heartbeat)
    }
}

/// The limits that hold from now on.
public struct ConnectionTuneOk: MethodFields {
    public static let id = MethodID(10, 31)
    public var channelMax: UInt16
    public var frameMax: UInt32
    public var heartbeat: UInt16

    public init(channelMax: UInt16, frameMax: UInt32, heartbeat: UInt16) {
        self.channelMax = channelMax
        self.frameMax = frameMax
        self.heartbeat = heartbeat
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        channelMax = try reader.uint16()
        frameMax = try reader.uint32()
        heartbeat = try reader.uint16()
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(channelMax)
        writer.uint32(frameMax)
        writer.uint16(heartbeat)
    }
}

/// Opens a virtual host.
public struct ConnectionOpen: MethodFields {
    public static let id = MethodID(10, 40)
    public var virtualHost: ShortString

    public init(virtualHost: ShortString = "/") {
        self.virtualHost = virtualHost
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        virtualHost = try reader.shortString()
        _ = try reader.shortString()
        _ = try reader.bits()
    }

    public func write(to writer: inout ByteWriter) {
        writer.shortString(virtualHost)
        writer.shortString("")
        writer.bits(false)
    }
}

/// The virtual host is open.
public struct ConnectionOpenOk: MethodFields {
    public static let id = MethodID(10, 41)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.shortString()
    }

    public func write(to writer: inout ByteWriter) {
        writer.shortString("")
    }
}

/// Closes the connection; the reply code says why, the ids say which method gave the reason (0, 0: none did).
public struct ConnectionClose: MethodFields {
    public static let id = MethodID(10, 50)
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

/// Confirms a close; nothing follows.
public struct ConnectionCloseOk: MethodFields {
    public static let id = MethodID(10, 51)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}

/// RabbitMQ extension: the broker takes no publishes for now (page "Blocked Connection Notifications").
public struct ConnectionBlocked: MethodFields {
    public static let id = MethodID(10, 60)
    public var reason: ShortString

    public init(reason: ShortString = "") {
        self.reason = reason
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        reason = try reader.shortString()
    }

    public func write(to writer: inout ByteWriter) {
        writer.shortString(reason)
    }
}

/// RabbitMQ extension: the broker takes publishes again.
public struct ConnectionUnblocked: MethodFields {
    public static let id = MethodID(10, 61)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}

/// RabbitMQ extension: a new secret for a login whose credentials expire.
public struct ConnectionUpdateSecret: MethodFields {
    public static let id = MethodID(10, 70)
    public var newSecret: [UInt8]
    public var reason: ShortString

    public init(newSecret: [UInt8], reason: ShortString = "") {
        self.newSecret = newSecret
        self.reason = reason
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        newSecret = try reader.longString()
        reason = try reader.shortString()
    }

    public func write(to writer: inout ByteWriter) {
        writer.longString(newSecret)
        writer.shortString(reason)
    }
}

/// The new secret is in force.
public struct ConnectionUpdateSecretOk: MethodFields {
    public static let id = MethodID(10, 71)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}
