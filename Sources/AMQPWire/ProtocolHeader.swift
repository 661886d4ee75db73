/// The eight octets that open a connection: `AMQP`, 0, major, minor, revision (AMQP 0-9-1, 4.2.2).
public struct ProtocolHeader: Sendable, Equatable {
    public static let count = 8
    /// AMQP 0-9-1.
    public static let amqp091: [UInt8] = Array("AMQP".utf8) + [0, 0, 9, 1]
}
