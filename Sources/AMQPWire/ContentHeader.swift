/// A content header frame's payload (AMQP 0-9-1, 4.2.6.1): the class, the size of the body to come, the properties.
public struct ContentHeader: Sendable, Equatable {
    public var classID: UInt16
    /// Octets of the body, over all its frames.
    public var bodySize: UInt64
    public var properties: BasicProperties

    public init(classID: UInt16 = MethodID.basic, bodySize: UInt64, properties: BasicProperties) {
        self.classID = classID
        self.bodySize = bodySize
        self.properties = properties
    }

    public init(_ payload: ArraySlice<UInt8>) throws(WireError) {
        var reader = ByteReader(payload)
        classID = try reader.uint16()
        // The weight: never used, always zero. RabbitMQ does not look at it either.
        _ = try reader.uint16()
        bodySize = try reader.uint64()
        properties = try BasicProperties(from: &reader)
        try reader.expectEnd(of: "the property list")
    }

    public func write(to writer: inout ByteWriter) {
        writer.uint16(classID)
        writer.uint16(0)
        writer.uint64(bodySize)
        properties.write(to: &writer)
    }
}
