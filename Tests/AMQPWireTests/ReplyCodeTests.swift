import AMQPWire
import Testing

struct ReplyCodeTests {
    /// From the specification's constants: value, name in RabbitMQ's spelling, and what an error of it closes.
    static let table: [(UInt16, String, ReplyCode.Scope?)] = [
        (200, "REPLY_SUCCESS", nil),
        (311, "CONTENT_TOO_LARGE", .channel),
        (312, "NO_ROUTE", .channel),
        (313, "NO_CONSUMERS", .channel),
        (320, "CONNECTION_FORCED", .connection),
        (402, "INVALID_PATH", .connection),
        (403, "ACCESS_REFUSED", .channel),
        (404, "NOT_FOUND", .channel),
        (405, "RESOURCE_LOCKED", .channel),
        (406, "PRECONDITION_FAILED", .channel),
        (501, "FRAME_ERROR", .connection),
        (502, "SYNTAX_ERROR", .connection),
        (503, "COMMAND_INVALID", .connection),
        (504, "CHANNEL_ERROR", .connection),
        (505, "UNEXPECTED_FRAME", .connection),
        (506, "RESOURCE_ERROR", .connection),
        (530, "NOT_ALLOWED", .connection),
        (540, "NOT_IMPLEMENTED", .connection),
        (541, "INTERNAL_ERROR", .connection),
    ]

    @Test(arguments: table)
    func `has the specification's name and scope`(_ value: UInt16, _ name: String, _ scope: ReplyCode.Scope?) {
        let code = ReplyCode(rawValue: value)
        #expect(code.name == name)
        #expect(code.scope == scope)
        #expect("\(code)" == "\(value) \(name)")
    }

    @Test func `every other number survives, without name and scope`() {
        #expect(ReplyCode.all.map(\.rawValue) == Self.table.map(\.0))
        for value in [0, 201, 310, 314, 400, 500, 507, 542, UInt16.max] {
            let code = ReplyCode(rawValue: value)
            #expect(code.name == nil)
            #expect(code.scope == nil)
            #expect("\(code)" == "\(value)")
        }
    }
}
