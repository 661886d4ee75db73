/// A message on its way into its queues, some of them at a time: there may be tens of thousands.
struct Filling {
    let message: Message
    private var queues: ArraySlice<any Queue>
    /// All queues so far have taken it.
    private(set) var isAccepted = true

    init(_ message: Message, _ queues: [any Queue]) {
        self.message = message
        self.queues = queues[...]
    }

    var isOver: Bool { queues.isEmpty }

    /// Puts the message in some more queues, so many at most; not in those that have gone meanwhile. Returns how many there
    /// were.
    mutating func goOn(_ most: Int) -> Int {
        if !isAccepted, quirk(.lastSliceDecidesTheConfirm) { isAccepted = true }
        let some = queues.prefix(most)
        queues = queues.dropFirst(most)
        if !queues.isEmpty, quirk(.fillingEndsWithItsSlice) { queues = [] }
        for queue in some where !queue.isDeleted && !queue.publish(message) { isAccepted = false }
        return some.count
    }
}
