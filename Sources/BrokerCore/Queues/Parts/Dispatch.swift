/// What a queue hands out at once, and what it does later: hundreds of clients may have room for a megabyte each.
enum Dispatch {
    /// So much is handed out at once, counted by ``Message/unitsOfDelivery``.
    static let slice = 1000
}

/// A queue that takes out what it hands to its consumers, whose turn comes one after the other.
protocol Dispatching: Queue {
    var host: any QueueHost { get }
    var arrears: Arrears { get }
    var rotation: QueueConsumers { get }
    var hasReady: Bool { get }
    /// Lets the consumers' turns be changed.
    func change<Result>(_ body: (inout QueueConsumers) -> Result) -> Result
    /// Drops what has expired and would be next.
    func expire()
    /// Hands out the first message. Returns what that counts; nil: there is none.
    func handFirst(to consumer: any DeliveryTarget) -> Int?
}

extension Dispatching {
    /// Hands out messages as long as there are some and a consumer has room: some at once, the rest in slices.
    func dispatch(isCut: Bool = false) {
        if rotation.isSliceDue || !isCut && !dispatchSlice() { return }
        change { $0.isSliceDue = true }
        host.doInSlicesLater { [self] in !isDeleted && dispatchSlice() }
    }

    /// True: there may be more to hand out.
    private func dispatchSlice() -> Bool {
        change { $0.isSliceDue = false }
        if arrears.areLeft { return false }
        expire()
        var units = 0
        while !arrears.areLeft, hasReady, let consumer = change({ $0.next() }), let spent = handFirst(to: consumer) {
            units += spent
            if units >= Dispatch.slice { break }
        }
        let isDue = change { $0.endSlice(units, by: host) } && hasReady
        change { $0.isSliceDue = isDue }
        return isDue
    }
}

extension QueueConsumers {
    /// Counts what was handed out, and those that were met on the way. True: it was so much that the rest waits.
    mutating func endSlice(_ units: Int, by host: any QueueHost) -> Bool {
        let all = units + metCount / WorkLimits.placesOfUnit
        if all > 1 { host.spend(all) }
        defer { beginSlice() }
        return units >= Dispatch.slice || isCut
    }
}
