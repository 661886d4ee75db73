/// What a queue is to drop and has not dropped yet, because it is more than may be dropped at once: a million messages
/// expire together, or a large one takes the place of a million small ones.
struct Arrears {
    /// There is more of it. Nothing is handed out before that has gone.
    private(set) var areLeft = false
    /// The host will have some of it dropped.
    private var areScheduled = false

    mutating func clear() { areLeft = false }

    /// There is more of it. True: `host` is to be asked to go on with it.
    mutating func note() -> Bool {
        areLeft = true
        defer { areScheduled = true }
        return !areScheduled && !quirk(.arrearsAreForgotten)
    }

    /// Drops messages as long as they are due: some at once, and `later` sees to the rest. True: there were some.
    mutating func drop(
        by host: any QueueHost, while isDue: (_ count: Int) -> Bool, later: () -> Void, _ next: () -> Bool
    ) -> Bool {
        // Where more waits already, some for each that comes, so that the queue gets no longer.
        let most = areLeft ? 4 : host.work.slice / 2
        var count = 0
        while isDue(count) {
            if count == most {
                if note() { later() }
                break
            }
            guard next() else { break }
            count += 1
        }
        if count > 1 { host.spend(count) }
        return count > 0
    }

    mutating func noteEnd() { areScheduled = quirk(.arrearsAreScheduledOnce) }
}

extension PrioritizedMessages {
    /// For a quirk: a purge takes what came behind it.
    mutating func popPurged() -> QueuedMessage? {
        isEmpty || !quirk(.purgeTakesWhatComesLater) ? nil : popFirst()
    }
}

extension QuorumMessages {
    /// For a quirk: the same.
    mutating func popPurged() -> QueuedMessage? {
        isEmpty || !quirk(quorum: .purgeTakesWhatComesLater) ? nil : popFirst()
    }
}

extension Queue {
    /// Has the host go on with what is to be dropped, after the others' turn. `whenOver` is called when nothing is left.
    func dropLater(by host: any QueueHost, whenOver: @escaping () -> Void) {
        var isFirst = true
        host.doInSlices { [self] in
            // It is called at once, by a queue that is in the middle of something.
            if isFirst {
                isFirst = false
                return true
            }
            if catchUp() { return true }
            whenOver()
            return false
        }
    }
}
