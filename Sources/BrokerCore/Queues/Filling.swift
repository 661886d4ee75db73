import AMQPWire

/// A message on its way into its queues, some of them at a time: there may be tens of thousands.
struct Filling {
    let message: Message
    private var queues: ArraySlice<any Queue>
    private let isAnswered: Bool
    /// Those that have taken it, if they are noted.
    private(set) var taken: [ShortString]?
    /// All queues so far have taken it.
    private(set) var isAccepted = true

    init(_ message: Message, _ queues: [any Queue], isAnswered: Bool, notesTaken: Bool = false) {
        (self.message, self.isAnswered) = (message, isAnswered)
        taken = notesTaken ? [] : nil
        self.queues = queues[...]
    }

    var isOver: Bool { queues.isEmpty }

    /// Puts the message in some more queues, of so many units; not in those that have gone meanwhile. Returns of how many: of
    /// fewer only when there are no more.
    mutating func goOn(_ most: Int) -> Int {
        if !isAccepted, quirk(.lastSliceDecidesTheConfirm) { isAccepted = true }
        // Each may hand it out at once.
        let unit = message.unitsOfDelivery
        let some = queues.prefix(max(1, most / unit))
        queues = queues.dropFirst(some.count)
        if !queues.isEmpty, quirk(.fillingEndsWithItsSlice) { queues = [] }
        for queue in some where !queue.isDeleted {
            if !queue.publish(message, isAnswered: isAnswered) {
                isAccepted = false
            } else {
                taken?.append(queue.name)
            }
        }
        return max(some.count * unit, queues.isEmpty ? 0 : most)
    }
}
