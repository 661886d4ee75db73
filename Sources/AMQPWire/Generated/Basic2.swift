// Generated from Methods/methods.txt by Scripts/generate-methods. What is changed here is lost.

// The methods of class basic (60), with the specification's field names.

/// Here is one, and how many are left; its content follows.
public struct BasicGetOk: MethodFields {
    public static let id = MethodID(60, 71)
    public var deliveryTag: UInt64
    public var redelivered: Bool
    public var exchange: ShortString
    public var routingKey: ShortString
    public var messageCount: UInt32

    public init(
        deliveryTag: UInt64, redelivered: Bool = false, exchange: ShortString, routingKey: ShortString,
        messageCount: UInt32
    ) {
        self.deliveryTag = deliveryTag
        self.redelivered = redelivered
        self.exchange = exchange
        self.routingKey = routingKey
        self.messageCount = messageCount
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        deliveryTag = try reader.uint64()
        redelivered = try reader.bits()[0]
        exchange = try reader.shortString()
        routingKey = try reader.shortString()
        messageCount = try reader.uint32()
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint64(deliveryTag)
        writer.bits(redelivered)
        writer.shortString(exchange)
        writer.shortString(routingKey)
        writer.uint32(messageCount)
    }
}

/// There is none.
public struct BasicGetEmpty: MethodFields {
    public static let id = MethodID(60, 72)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.shortString()
    }

    public func write(to writer: inout ByteWriter) {
        writer.shortString("")
    }
}

/// Acknowledges deliveries; from the broker (confirms) publishes. With `multiple` all up to the tag, with tag 0 as
/// well all there are.
public struct BasicAck: MethodFields {
    public static let id = MethodID(60, 80)
    public var deliveryTag: UInt64
    public var multiple: Bool

    public init(deliveryTag: UInt64, multiple: Bool = false) {
        self.deliveryTag = deliveryTag
        self.multiple = multiple
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        deliveryTag = try reader.uint64()
        multiple = try reader.bits()[0]
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint64(deliveryTag)
        writer.bits(multiple)
    }
}

/// Refuses one delivery.
public struct BasicReject: MethodFields {
    public static let id = MethodID(60, 90)
    public var deliveryTag: UInt64
    public var requeue: Bool

    public init(deliveryTag: UInt64, requeue: Bool = true) {
        self.deliveryTag = deliveryTag
        self.requeue = requeue
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        deliveryTag = try reader.uint64()
        requeue = try reader.bits()[0]
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint64(deliveryTag)
        writer.bits(requeue)
    }
}

/// As recover, without an answer; deprecated.
public struct BasicRecoverAsync: MethodFields {
    public static let id = MethodID(60, 100)
    public var requeue: Bool

    public init(requeue: Bool = true) {
        self.requeue = requeue
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        requeue = try reader.bits()[0]
    }

    public func write(to writer: inout ByteWriter) {
        writer.bits(requeue)
    }
}

/// Asks for everything unacknowledged on the channel to be delivered again.
public struct BasicRecover: MethodFields {
    public static let id = MethodID(60, 110)
    public var requeue: Bool

    public init(requeue: Bool = true) {
        self.requeue = requeue
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        requeue = try reader.bits()[0]
    }

    public func write(to writer: inout ByteWriter) {
        writer.bits(requeue)
    }
}

/// What was unacknowledged is back in its queues.
public struct BasicRecoverOk: MethodFields {
    public static let id = MethodID(60, 111)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}

/// RabbitMQ extension: refuses deliveries; from the broker (confirms) it says that publishes were not taken (page
/// "Negative Acknowledgements").
public struct BasicNack: MethodFields {
    public static let id = MethodID(60, 120)
    public var deliveryTag: UInt64
    public var multiple: Bool
    public var requeue: Bool

    public init(deliveryTag: UInt64, multiple: Bool = false, requeue: Bool = true) {
        self.deliveryTag = deliveryTag
        self.multiple = multiple
        self.requeue = requeue
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        deliveryTag = try reader.uint64()
        let bits = try reader.bits()
        multiple = bits[0]
        requeue = bits[1]
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint64(deliveryTag)
        writer.bits(multiple, requeue)
    }
}
