// Generated from Methods/methods.txt by Scripts/generate-methods. What is changed here is lost.

// The methods of class queue (50), with the specification's field names.

/// Creates a queue, or checks that one exists: as declared here, or (passive) at all. With an empty name the broker
/// makes one up.
public struct QueueDeclare: MethodFields {
    public static let id = MethodID(50, 10)
    public var queue: ShortString
    public var passive: Bool
    public var durable: Bool
    public var exclusive: Bool
    public var autoDelete: Bool
    public var noWait: Bool
    public var arguments: FieldTable

    public init(
        queue: ShortString = "", passive: Bool = false, durable: Bool = false, exclusive: Bool = false,
        autoDelete: Bool = false, noWait: Bool = false, arguments: FieldTable = [:]
    ) {
        self.queue = queue
        self.passive = passive
        self.durable = durable
        self.exclusive = exclusive
        self.autoDelete = autoDelete
        self.noWait = noWait
        self.arguments = arguments
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.uint16()
        queue = try reader.shortString()
        let bits = try reader.bits()
        passive = bits[0]
        durable = bits[1]
        exclusive = bits[2]
        autoDelete = bits[3]
        noWait = bits[4]
        arguments = try reader.table()
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(0)
        writer.shortString(queue)
        writer.bits(passive, durable, exclusive, autoDelete, noWait)
        writer.table(arguments)
    }
}

/// The queue exists; how many messages are ready in it, and how many consumers it has.
public struct QueueDeclareOk: MethodFields {
    public static let id = MethodID(50, 11)
    public var queue: ShortString
    public var messageCount: UInt32
    public var consumerCount: UInt32

    public init(queue: ShortString, messageCount: UInt32, consumerCount: UInt32) {
        self.queue = queue
        self.messageCount = messageCount
        self.consumerCount = consumerCount
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        queue = try reader.shortString()
        messageCount = try reader.uint32()
        consumerCount = try reader.uint32()
    }

    public func write(to writer: inout ByteWriter) {
        writer.shortString(queue)
        writer.uint32(messageCount)
        writer.uint32(consumerCount)
    }
}

/// Binds a queue to an exchange. An empty queue name means the channel's last declared queue.
public struct QueueBind: MethodFields {
    public static let id = MethodID(50, 20)
    public var queue: ShortString
    public var exchange: ShortString
    public var routingKey: ShortString
    public var noWait: Bool
    public var arguments: FieldTable

    public init(
        queue: ShortString = "", exchange: ShortString, routingKey: ShortString = "", noWait: Bool = false,
        arguments: FieldTable = [:]
    ) {
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
        self.noWait = noWait
        self.arguments = arguments
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.uint16()
        queue = try reader.shortString()
        exchange = try reader.shortString()
        routingKey = try reader.shortString()
        noWait = try reader.bits()[0]
        arguments = try reader.table()
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(0)
        writer.shortString(queue)
        writer.shortString(exchange)
        writer.shortString(routingKey)
        writer.bits(noWait)
        writer.table(arguments)
    }
}

/// The binding exists.
public struct QueueBindOk: MethodFields {
    public static let id = MethodID(50, 21)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}

/// Removes a binding.
public struct QueueUnbind: MethodFields {
    public static let id = MethodID(50, 50)
    public var queue: ShortString
    public var exchange: ShortString
    public var routingKey: ShortString
    public var arguments: FieldTable

    public init(
        queue: ShortString = "", exchange: ShortString, routingKey: ShortString = "", arguments: FieldTable = [:]
    ) {
        self.queue = queue
        self.exchange = exchange
        self.routingKey = routingKey
        self.arguments = arguments
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.uint16()
        queue = try reader.shortString()
        exchange = try reader.shortString()
        routingKey = try reader.shortString()
        arguments = try reader.table()
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(0)
        writer.shortString(queue)
        writer.shortString(exchange)
        writer.shortString(routingKey)
        writer.table(arguments)
    }
}

/// The binding is gone.
public struct QueueUnbindOk: MethodFields {
    public static let id = MethodID(50, 51)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}

/// Drops every message that is ready in the queue.
public struct QueuePurge: MethodFields {
    public static let id = MethodID(50, 30)
    public var queue: ShortString
    public var noWait: Bool

    public init(queue: ShortString = "", noWait: Bool = false) {
        self.queue = queue
        self.noWait = noWait
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.uint16()
        queue = try reader.shortString()
        noWait = try reader.bits()[0]
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(0)
        writer.shortString(queue)
        writer.bits(noWait)
    }
}

/// How many were dropped.
public struct QueuePurgeOk: MethodFields {
    public static let id = MethodID(50, 31)
    public var messageCount: UInt32

    public init(messageCount: UInt32) {
        self.messageCount = messageCount
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        messageCount = try reader.uint32()
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint32(messageCount)
    }
}

/// Deletes a queue, its bindings and its messages.
public struct QueueDelete: MethodFields {
    public static let id = MethodID(50, 40)
    public var queue: ShortString
    public var ifUnused: Bool
    public var ifEmpty: Bool
    public var noWait: Bool

    public init(queue: ShortString = "", ifUnused: Bool = false, ifEmpty: Bool = false, noWait: Bool = false) {
        self.queue = queue
        self.ifUnused = ifUnused
        self.ifEmpty = ifEmpty
        self.noWait = noWait
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.uint16()
        queue = try reader.shortString()
        let bits = try reader.bits()
        ifUnused = bits[0]
        ifEmpty = bits[1]
        noWait = bits[2]
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(0)
        writer.shortString(queue)
        writer.bits(ifUnused, ifEmpty, noWait)
    }
}

/// The queue is gone; how many messages were ready in it.
public struct QueueDeleteOk: MethodFields {
    public static let id = MethodID(50, 41)
    public var messageCount: UInt32

    public init(messageCount: UInt32) {
        self.messageCount = messageCount
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        messageCount = try reader.uint32()
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint32(messageCount)
    }
}
