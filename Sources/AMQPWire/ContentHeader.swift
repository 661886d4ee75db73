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

    /// Reads the payload of a header frame.
    ///
    /// Throws ``WireError``: 501 when even the fixed part is cut short, and 505 for a weight that is not zero, both as
    /// RabbitMQ 3.10.8 does; 505 for a malformed property list (4.2.6), where RabbitMQ stumbles and says 541.
    public init(_ payload: ArraySlice<UInt8>) throws(WireError) {
        let list: ArraySlice<UInt8>
        (classID, bodySize, list) = try Self.fixedPart(of: payload)
        properties = try Self.properties(list)
    }

    /// What stands before the property list, and the list, flag words first, as it came.
    ///
    /// Throws ``WireError`` as ``init(_:)`` does, but leaves the list alone.
    public static func fixedPart(
        of payload: ArraySlice<UInt8>
    ) throws(WireError) -> (classID: UInt16, bodySize: UInt64, properties: ArraySlice<UInt8>) {
        var reader = ByteReader(payload)
        let classID = try reader.uint16()
        let weight = try reader.uint16()
        let bodySize = try reader.uint64()
        guard weight == 0 else {
            throw reader.error("a content header has weight \(weight) instead of 0", code: .unexpectedFrame)
        }
        return (classID, bodySize, reader.rest())
    }

    /// Reads a property list that ends its payload. Throws ``WireError`` with 505 when it is malformed.
    public static func properties(_ list: ArraySlice<UInt8>) throws(WireError) -> BasicProperties {
        var reader = ByteReader(list)
        do throws(WireError) {
            let properties = try BasicProperties(from: &reader)
            try reader.expectEnd(of: "the property list")
            return properties
        } catch {
            // Counted from the start of the frame's payload.
            throw WireError(.unexpectedFrame, error.reason, at: error.offset + 12)
        }
    }

    public func write(to writer: inout ByteWriter) {
        Self.write(classID: classID, bodySize: bodySize, properties, to: &writer)
    }

    /// Writes a header that is nowhere a value: for the hot path, where copying the properties into one would cost as
    /// much as writing them.
    static func write(
        classID: UInt16 = MethodID.basic, bodySize: UInt64, _ properties: BasicProperties, to writer: inout ByteWriter
    ) {
        writer.uint16(classID)
        writer.uint16(0)
        writer.uint64(bodySize)
        properties.write(to: &writer)
    }
}
