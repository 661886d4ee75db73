import AMQPWire
import Testing

/// A method and the payload of its frame, as somebody else encoded it.
struct MethodVector: Sendable, CustomTestStringConvertible {
    let name: String
    let fields: any MethodFields
    let payload: [UInt8]

    init(_ name: String, _ fields: any MethodFields, _ payload: String...) {
        self.name = name
        self.fields = fields
        self.payload = octets(payload.joined())
    }

    static let all = connection + channel + access + exchange + queue + basic + confirm + tx

    var testDescription: String { "\(fields)" }
}
