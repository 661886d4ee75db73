// The methods of class basic (60) that settle deliveries: acknowledge, refuse, ask for again.

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
