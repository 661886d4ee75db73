/// The 14 properties that travel with a message (class basic, AMQP 0-9-1, 1.8).
public struct BasicProperties: Sendable, Equatable {
    public var contentType: ShortString?
    public var contentEncoding: ShortString?
    public var headers: FieldTable?
    /// 1 transient, 2 persistent; see ``isPersistent``.
    public var deliveryMode: UInt8?
    /// 0 to 255; AMQP asks for 0 to 9.
    public var priority: UInt8?
    public var correlationID: ShortString?
    public var replyTo: ShortString?
    /// Milliseconds, as decimal text (RabbitMQ: "Per-Message TTL in Publishers").
    public var expiration: ShortString?
    public var messageID: ShortString?
    /// Seconds since the Unix epoch.
    public var timestamp: UInt64?
    public var type: ShortString?
    public var userID: ShortString?
    public var appID: ShortString?
    /// Reserved by 0-9-1 (it was cluster-id in 0-8); still carried.
    public var clusterID: ShortString?

    public init(
        contentType: ShortString? = nil, contentEncoding: ShortString? = nil, headers: FieldTable? = nil,
        deliveryMode: UInt8? = nil, priority: UInt8? = nil, correlationID: ShortString? = nil,
        replyTo: ShortString? = nil, expiration: ShortString? = nil, messageID: ShortString? = nil,
        timestamp: UInt64? = nil, type: ShortString? = nil, userID: ShortString? = nil, appID: ShortString? = nil,
        clusterID: ShortString? = nil
    ) {
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.headers = headers
        self.deliveryMode = deliveryMode
        self.priority = priority
        self.correlationID = correlationID
        self.replyTo = replyTo
        self.expiration = expiration
        self.messageID = messageID
        self.timestamp = timestamp
        self.type = type
        self.userID = userID
        self.appID = appID
        self.clusterID = clusterID
    }

    /// Delivery mode 2: kept on disk in a durable queue.
    public var isPersistent: Bool { deliveryMode == 2 }
}

extension BasicProperties {
    /// Reads the flag words and the properties they announce (4.2.6.1).
    init(from reader: inout ByteReader) throws(WireError) {
        let flags = try reader.uint16()
        // Bit 0 says that another flag word follows; class basic has 14 properties, so one word is all there is.
        // Bit 1 has no meaning, and RabbitMQ does not look at it.
        if flags & 1 != 0 { throw reader.error("the property flags announce properties that basic does not have") }
        contentType = flags & 0x8000 != 0 ? try reader.shortString() : nil
        contentEncoding = flags & 0x4000 != 0 ? try reader.shortString() : nil
        headers = flags & 0x2000 != 0 ? try reader.table() : nil
        deliveryMode = flags & 0x1000 != 0 ? try reader.uint8() : nil
        priority = flags & 0x0800 != 0 ? try reader.uint8() : nil
        correlationID = flags & 0x0400 != 0 ? try reader.shortString() : nil
        replyTo = flags & 0x0200 != 0 ? try reader.shortString() : nil
        expiration = flags & 0x0100 != 0 ? try reader.shortString() : nil
        messageID = flags & 0x0080 != 0 ? try reader.shortString() : nil
        timestamp = flags & 0x0040 != 0 ? try reader.uint64() : nil
        type = flags & 0x0020 != 0 ? try reader.shortString() : nil
        userID = flags & 0x0010 != 0 ? try reader.shortString() : nil
        appID = flags & 0x0008 != 0 ? try reader.shortString() : nil
        clusterID = flags & 0x0004 != 0 ? try reader.shortString() : nil
    }

    /// Reads properties that were kept as they stood on the wire, flag word first.
    public init(octets: ArraySlice<UInt8>) throws(WireError) {
        var reader = ByteReader(octets)
        try self.init(from: &reader)
        try reader.expectEnd(of: "the property list")
    }

    /// The flag word and the properties, as they stand in a content header.
    public func write(to writer: inout ByteWriter) {
        var flags: UInt16 = 0
        if contentType != nil { flags |= 0x8000 }
        if contentEncoding != nil { flags |= 0x4000 }
        if headers != nil { flags |= 0x2000 }
        if deliveryMode != nil { flags |= 0x1000 }
        if priority != nil { flags |= 0x0800 }
        if correlationID != nil { flags |= 0x0400 }
        if replyTo != nil { flags |= 0x0200 }
        if expiration != nil { flags |= 0x0100 }
        if messageID != nil { flags |= 0x0080 }
        if timestamp != nil { flags |= 0x0040 }
        if type != nil { flags |= 0x0020 }
        if userID != nil { flags |= 0x0010 }
        if appID != nil { flags |= 0x0008 }
        if clusterID != nil { flags |= 0x0004 }
        writer.uint16(flags)
        if let contentType { writer.shortString(contentType) }
        if let contentEncoding { writer.shortString(contentEncoding) }
        if let headers { writer.table(headers) }
        if let deliveryMode { writer.uint8(deliveryMode) }
        if let priority { writer.uint8(priority) }
        if let correlationID { writer.shortString(correlationID) }
        if let replyTo { writer.shortString(replyTo) }
        if let expiration { writer.shortString(expiration) }
        if let messageID { writer.shortString(messageID) }
        if let timestamp { writer.uint64(timestamp) }
        if let type { writer.shortString(type) }
        if let userID { writer.shortString(userID) }
        if let appID { writer.shortString(appID) }
        if let clusterID { writer.shortString(clusterID) }
    }
}
