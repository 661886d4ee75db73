// Generated from Methods/methods.txt by Scripts/generate-methods. What is changed here is lost.

// The methods of class confirm (85), with the specification's field names.

/// RabbitMQ extension: asks for every publish on the channel to be confirmed (page "Publisher Confirms").
public struct ConfirmSelect: MethodFields {
    public static let id = MethodID(85, 10)
    public var noWait: Bool

    public init(noWait: Bool = false) {
        self.noWait = noWait
    }

    public init(from reader: inout ByteReader) throws(WireError) {
        noWait = try reader.bits()[0]
    }

    public func write(to writer: inout ByteWriter) {
        writer.bits(noWait)
    }
}

/// Publishes are confirmed from here on, numbered from 1.
public struct ConfirmSelectOk: MethodFields {
    public static let id = MethodID(85, 11)

    public init() {}

    public init(from reader: inout ByteReader) throws(WireError) {}

    public func write(to writer: inout ByteWriter) {}
}
