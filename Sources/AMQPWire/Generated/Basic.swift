// Generated from Methods/methods.txt by Scripts/generate-methods. What is changed here is lost.

// The methods of class basic (60), with the specification's field names.

/// Limits how many deliveries may be unacknowledged at a time; 0 means no limit. What `global` means is RabbitMQ's
/// own: the whole channel instead of each later consumer (page "Consumer Prefetch").
public struct BasicQos: MethodFields {
    public static let id = MethodID(60, 10)
    public var prefetchSize: UInt32
    public var prefetchCount: UInt16
    public var global: Bool

    public init(prefetchSize: UInt32 = 0, prefetchCount: UInt16, global: Bool = false) {
        self.prefetchSize = prefetchSize
        self.prefetchCount = prefetchCount
        self.global = global
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        prefetchSize = try reader.uint32()
        prefetchCount = try reader.uint16()
        global = try reader.bits()[0]
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint32(prefetchSize)
        writer.uint16(prefetchCount)
        writer.bits(global)
    }
}

/// The limit holds.
public struct BasicQosOk: MethodFields {
    public static let id = MethodID(60, 11)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}

/// Starts a consumer. With an empty tag the broker makes one up.
public struct BasicConsume: MethodFields {
    public static let id = MethodID(60, 20)
    public var queue: ShortString
    public var consumerTag: ShortString
    public var noLocal: Bool
    public var noAck: Bool
    public var exclusive: Bool
    public var noWait: Bool
    public var arguments: FieldTable

    public init(
        queue: ShortString = "", consumerTag: ShortString = "", noLocal: Bool = false, noAck: Bool = false,
        exclusive: Bool = false, noWait: Bool = false, arguments: FieldTable = [:]
    ) {
        self.queue = queue
        self.consumerTag = consumerTag
        self.noLocal = noLocal
        self.noAck = noAck
        self.exclusive = exclusive
        self.noWait = noWait
        self.arguments = arguments
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.uint16()
        queue = try reader.shortString()
        consumerTag = try reader.shortString()
        let bits = try reader.bits()
        noLocal = bits[0]
        noAck = bits[1]
        exclusive = bits[2]
        noWait = bits[3]
        arguments = try reader.table()
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(0)
        writer.shortString(queue)
        writer.shortString(consumerTag)
        writer.bits(noLocal, noAck, exclusive, noWait)
        writer.table(arguments)
    }
}

/// The consumer runs.
public struct BasicConsumeOk: MethodFields {
    public static let id = MethodID(60, 21)
    public var consumerTag: ShortString

    public init(consumerTag: ShortString) {
        self.consumerTag = consumerTag
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        consumerTag = try reader.shortString()
    }

    public func write(to writer: inout ByteWriter) {
        writer.shortString(consumerTag)
    }
}

/// Ends a consumer; from the broker (a RabbitMQ extension) it says that one has ended, because its queue is gone.
public struct BasicCancel: MethodFields {
    public static let id = MethodID(60, 30)
    public var consumerTag: ShortString
    public var noWait: Bool

    public init(consumerTag: ShortString, noWait: Bool = false) {
        self.consumerTag = consumerTag
        self.noWait = noWait
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        consumerTag = try reader.shortString()
        noWait = try reader.bits()[0]
    }

    public func write(to writer: inout ByteWriter) {
        writer.shortString(consumerTag)
        writer.bits(noWait)
    }
}

/// The consumer has ended.
public struct BasicCancelOk: MethodFields {
    public static let id = MethodID(60, 31)
    public var consumerTag: ShortString

    public init(consumerTag: ShortString) {
        self.consumerTag = consumerTag
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        consumerTag = try reader.shortString()
    }

    public func write(to writer: inout ByteWriter) {
        writer.shortString(consumerTag)
    }
}

/// Publishes the message whose content follows.
public struct BasicPublish: MethodFields {
    public static let id = MethodID(60, 40)
    public var exchange: ShortString
    public var routingKey: ShortString
    public var mandatory: Bool
    public var immediate: Bool

    public init(
        exchange: ShortString = "", routingKey: ShortString = "", mandatory: Bool = false, immediate: Bool = false
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.mandatory = mandatory
        self.immediate = immediate
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.uint16()
        exchange = try reader.shortString()
        routingKey = try reader.shortString()
        let bits = try reader.bits()
        mandatory = bits[0]
        immediate = bits[1]
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(0)
        writer.shortString(exchange)
        writer.shortString(routingKey)
        writer.bits(mandatory, immediate)
    }
}

/// Gives back a mandatory message that no queue took; its content follows.
public struct BasicReturn: MethodFields {
    public static let id = MethodID(60, 50)
    public var replyCode: ReplyCode
    public var replyText: ShortString
    public var exchange: ShortString
    public var routingKey: ShortString

    public init(replyCode: ReplyCode, replyText: ShortString = "", exchange: ShortString, routingKey: ShortString) {
        self.replyCode = replyCode
        self.replyText = replyText
        self.exchange = exchange
        self.routingKey = routingKey
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        replyCode = ReplyCode(rawValue: try reader.uint16())
        replyText = try reader.shortString()
        exchange = try reader.shortString()
        routingKey = try reader.shortString()
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(replyCode.rawValue)
        writer.shortString(replyText)
        writer.shortString(exchange)
        writer.shortString(routingKey)
    }
}

/// Hands a message to a consumer; its content follows.
public struct BasicDeliver: MethodFields {
    public static let id = MethodID(60, 60)
    public var consumerTag: ShortString
    public var deliveryTag: UInt64
    public var redelivered: Bool
    public var exchange: ShortString
    public var routingKey: ShortString

    public init(
        consumerTag: ShortString, deliveryTag: UInt64, redelivered: Bool = false, exchange: ShortString,
        routingKey: ShortString
    ) {
        self.consumerTag = consumerTag
        self.deliveryTag = deliveryTag
        self.redelivered = redelivered
        self.exchange = exchange
        self.routingKey = routingKey
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        consumerTag = try reader.shortString()
        deliveryTag = try reader.uint64()
        redelivered = try reader.bits()[0]
        exchange = try reader.shortString()
        routingKey = try reader.shortString()
    }

    public func write(to writer: inout ByteWriter) {
        writer.shortString(consumerTag)
        writer.uint64(deliveryTag)
        writer.bits(redelivered)
        writer.shortString(exchange)
        writer.shortString(routingKey)
    }
}

/// Asks for one message, there and then.
public struct BasicGet: MethodFields {
    public static let id = MethodID(60, 70)
    public var queue: ShortString
    public var noAck: Bool

    public init(queue: ShortString = "", noAck: Bool = false) {
        self.queue = queue
        self.noAck = noAck
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        _ = try reader.uint16()
        queue = try reader.shortString()
        noAck = try reader.bits()[0]
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(0)
        writer.shortString(queue)
        writer.bits(noAck)
    }
}
