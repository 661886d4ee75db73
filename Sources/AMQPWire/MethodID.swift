/// A method's class and method id, which open the payload of its frame (AMQP 0-9-1, 4.2.4).
public struct MethodID: Hashable, Sendable {
    public var classID: UInt16
    public var methodID: UInt16

    public init(_ classID: UInt16, _ methodID: UInt16) {
        self.classID = classID
        self.methodID = methodID
    }

    /// Stands in a close that no method gave the reason for.
    public static let none = MethodID(0, 0)

    /// The specification's name, as `queue.declare-ok`; nil for an id that nobody defined.
    public var name: String? { Self.names[self] }
}

extension MethodID: CustomStringConvertible {
    public var description: String { name ?? "class \(classID), method \(methodID)" }
}

/// What every method's fields can do: be read from the payload of a method frame, behind the two ids, and written.
public protocol MethodFields: Sendable, Equatable {
    static var id: MethodID { get }
    init(from reader: inout ByteReader) throws(WireError)
    func write(to writer: inout ByteWriter)
}

extension MethodFields {
    public var id: MethodID { Self.id }
}
