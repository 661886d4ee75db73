import AMQPWire

/// What is asked for when a queue is made.
struct QueueOrder {
    var name: ShortString
    var declaration: QueueDeclaration
    /// The declaration's, checked.
    var arguments: QueueArguments
    var dialect: Dialect
    /// As reply texts name it.
    var label: String
    /// nil: nothing of it is kept on disk.
    var log: (any QueueLog)?
}

/// A type of queues, as `x-queue-type` says it.
enum QueueKind: String {
    case classic, quorum, stream

    /// Transient messages are kept as well, and what became of each that was handed out.
    var keepsAll: Bool { self != .classic }
    /// What is handed out stays where it is: a consumer's acknowledgement makes room for it, and that is all.
    var isReadWithoutTaking: Bool { self == .stream }
    /// What RabbitMQ's reply texts call it.
    var module: String { "rabbit_\(rawValue)_queue" }
}

extension FieldTable {
    /// The arguments of a queue that is to be of this type unless they say another. One that can't be of that type, for it is not
    /// to last, is classic (4.0.5 and 4.3.6).
    func naming(_ defaultType: String?, lasts: Bool) -> FieldTable {
        guard let defaultType, self["x-queue-type"] == nil else { return self }
        var named = self
        named["x-queue-type"] = .string(lasts ? defaultType : QueueKind.classic.rawValue)
        return named
    }
}
