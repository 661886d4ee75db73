/// What a queue is to drop and has not dropped yet, because it is more than may be dropped at once: a million messages
/// expire together, or a large one takes the place of a million small ones.
struct Arrears {
    /// There is more of it. Nothing is handed out before that has gone.
    private(set) var areLeft = false
    /// The host will have some of it dropped.
    private var areScheduled = false

    /// So many messages are dropped at once.
    static let slice = 500

    /// So many are now: where more waits already, some for each that comes, so that the queue gets no longer.
    var most: Int { areLeft ? 4 : Self.slice }

    mutating func clear() { areLeft = false }

    /// There is more of it. True: `host` is to be asked to go on with it.
    mutating func note() -> Bool {
        areLeft = true
        defer { areScheduled = true }
        return !areScheduled
    }

    mutating func isOver() { areScheduled = quirk(.arrearsAreDroppedOnce) }
}

extension Queue {
    /// Has the host go on with what is to be dropped, after the others' turn. `isOver` is called when nothing is left.
    func dropLater(by host: any QueueHost, isOver: @escaping () -> Void) {
        var isFirst = true
        host.later { [self] in
            // It is called at once, by a queue that is in the middle of something.
            if isFirst {
                isFirst = false
                return true
            }
            if catchUp() { return true }
            isOver()
            return false
        }
    }
}
