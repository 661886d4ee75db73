import AMQPWire

/// What is asked for when a queue is made.
struct QueueOrder {
    var name: ShortString
    var declaration: QueueDeclaration
    /// The declaration's, checked.
    var arguments: QueueArguments
    /// As reply texts name it.
    var label: String
    /// nil: nothing of it is kept on disk.
    var log: (any QueueLog)?
}

/// The queue types that there are (`x-queue-type`).
enum QueueKinds {
    static func make(_ order: QueueOrder, host: any QueueHost) -> any Queue {
        ClassicQueue(order, host: host)
    }
}
