// Generated from Methods/methods.txt by Scripts/generate-methods. What is changed here is lost.

// The methods of class access (30), with the specification's field names.

/// Of AMQP 0-8, still sent by some clients: asks for an access ticket.
public struct AccessRequest: MethodFields {
    public static let id = MethodID(30, 10)
    public var realm: ShortString
    public var exclusive: Bool
    public var passive: Bool
    public var active: Bool
    public var write: Bool
    public var read: Bool

    public init(
        realm: ShortString = "", exclusive: Bool = false, passive: Bool = false, active: Bool = false,
        write: Bool = false, read: Bool = false
    ) {
        self.realm = realm
        self.exclusive = exclusive
        self.passive = passive
        self.active = active
        self.write = write
        self.read = read
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        realm = try reader.shortString()
        let bits = try reader.bits()
        exclusive = bits[0]
        passive = bits[1]
        active = bits[2]
        write = bits[3]
        read = bits[4]
    }

    public func write(to writer: inout ByteWriter) {
        writer.shortString(realm)
        writer.bits(exclusive, passive, active, write, read)
    }
}

/// A ticket, which nothing looks at any more.
public struct AccessRequestOk: MethodFields {
    public static let id = MethodID(30, 11)
    public var ticket: UInt16

    public init(ticket: UInt16 = 1) {
        self.ticket = ticket
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        ticket = try reader.uint16()
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(ticket)
    }
}
