/// The numbers by which the log knows queues. A queue that is deleted and declared again has another.
final class QueueNumbers {
    private var next: UInt64 = 1
    private var present: Set<UInt64> = []

    func take() -> UInt64 {
        defer { next += 1 }
        return next
    }

    /// Numbers up to this one are taken.
    func skip(through number: UInt64) { if !quirk(.queueNumbersStartAnew) { next = max(next, number + 1) } }

    /// The queue is there.
    func add(_ number: UInt64) { present.insert(number) }
    func remove(_ number: UInt64) { present.remove(number) }
    func contains(_ number: UInt64) -> Bool { present.contains(number) }
}
