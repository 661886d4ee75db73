import AMQPWire

/// Where a consumer of a stream begins to read (`x-stream-offset`).
enum StreamStart {
    /// The oldest message, the newest, or the next to come.
    case first, last, next
    case offset(UInt64)
    /// The first message that came in at this time or later, in milliseconds since the Unix epoch.
    case time(Int64)
}

extension StreamStart {
    /// What a consumer's `x-stream-offset` says. Throws 406 for what says nothing.
    init(_ arguments: FieldTable, label: String, now: Int64) throws(BrokerError) {
        switch arguments["x-stream-offset"] {
        case nil: self = quirk(.silenceMeansFirst) ? .first : .next
        case .timestamp(let seconds)?:
            self = .time(
                Int64(clamping: seconds.multipliedReportingOverflow(by: 1000).overflow ? .max : seconds * 1000))
        case let value?:
            if let integer = value.integer {
                self = .offset(UInt64(max(0, integer)))
            } else if let start = value.text.flatMap({ Self.named($0, now: now) }) {
                self = start
            } else {
                throw .invalidArgument(
                    "x-stream-offset", for: label,
                    "{invalid_stream_offset_arg,{\(value.erlangTypeName),\(value.erlangText)}}")
            }
        }
    }

    private static func named(_ text: String, now: Int64) -> StreamStart? {
        switch text {
        case "first": .first
        case "last": .last
        case "next": .next
        default: QueueArguments.milliseconds(text).map { .time(max(0, now - $0)) }
        }
    }
}
