import AMQPWire

extension Fault {
    /// What a broker may do to octets that it reads and writes again: the values stay, or nearly.
    static let octets: [Fault] = [
        .published("wire.narrow-integers-are-widened") { _, content in
            content.properties.headers?.change { $0.integer.flatMap { Int32(exactly: $0) }.map(FieldValue.int32) ?? $0 }
        },
        .published("wire.floats-become-doubles") { _, content in
            content.properties.headers?.change { if case .float(let value) = $0 { .double(Double(value)) } else { $0 } }
        },
        .published("wire.bytes-become-strings") { _, content in
            content.properties.headers?.change { if case .bytes(let value) = $0 { .longString(value) } else { $0 } }
        },
        .handedOver("wire.void-left-out") { content in
            guard let headers = content.properties.headers else { return }
            content.properties.headers = FieldTable(headers.fields.filter { $0.value != .void })
        },
        .handedOver("wire.timestamps-of-32-bits") { content in
            content.properties.timestamp = content.properties.timestamp.map { $0 & 0xFFFF_FFFF }
        },
        .handedOver("wire.app-id-and-user-id-swapped") { content in
            (content.properties.appID, content.properties.userID) =
                (content.properties.userID, content.properties.appID)
        },
        .handedOver("wire.absent-priority-is-zero") { content in
            content.properties.priority = content.properties.priority ?? 0
        },
        .request("wire.signs-are-not-seen") { (declare: inout QueueDeclare) in
            declare.arguments.change { value in
                switch value {
                case .int8(let number): .uint8(UInt8(bitPattern: number))
                case .int16(let number): .uint16(UInt16(bitPattern: number))
                case .int32(let number): .uint32(UInt32(bitPattern: number))
                default: value
                }
            }
        },
        .request("wire.all-integers-have-a-sign") { (declare: inout QueueDeclare) in
            declare.arguments.change { value in
                switch value {
                case .uint8(let number): .int8(Int8(bitPattern: number))
                case .uint16(let number): .int16(Int16(bitPattern: number))
                case .uint32(let number): .int32(Int32(bitPattern: number))
                default: value
                }
            }
        },
        .request("wire.bits-of-exchange-delete-swapped") { (delete: inout ExchangeDelete) in
            (delete.ifUnused, delete.noWait) = (delete.noWait, delete.ifUnused)
        },
        .request("wire.bits-of-queue-delete-swapped") { (delete: inout QueueDelete) in
            (delete.ifUnused, delete.ifEmpty) = (delete.ifEmpty, delete.ifUnused)
        },
        .request("wire.no-ack-and-no-local-swapped") { (consume: inout BasicConsume) in
            (consume.noAck, consume.noLocal) = (consume.noLocal, consume.noAck)
        },
        .reply("wire.codes-of-one-octet") { (close: inout ChannelClose) in
            close.replyCode = ReplyCode(rawValue: close.replyCode.rawValue & 0xFF)
        },
        .reply("wire.returns-have-no-code") { (returned: inout BasicReturn) in
            returned.replyCode = ReplyCode(rawValue: 0)
        },
        .reply("wire.cancel-wants-an-answer") { (cancel: inout BasicCancel) in cancel.noWait = false },
        .reply("wire.flow-ok-says-the-opposite") { (ok: inout ChannelFlowOk) in ok.active.toggle() },
    ]
}

extension FieldTable {
    fileprivate mutating func change(_ change: (FieldValue) -> FieldValue) {
        self = FieldTable(fields.map { .init($0.name, change($0.value)) })
    }
}
