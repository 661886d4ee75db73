import DataStructures

/// Where the time comes from. Nothing in this package reads a clock on its own: programs pass ``SystemTime``, tests
/// ``ManualTime``.
public protocol TimeSource: Sendable {
    /// Milliseconds since the Unix epoch, never going backwards: the wall clock at the start plus the monotonic time
    /// elapsed since. A change of the system's clock is not followed.
    var now: Int64 { get }

    /// Runs `work` once, as soon as `now` is at least `time`, never from inside this call. A time in the past means soon.
    /// Dropping the handle does not cancel.
    @discardableResult func wake(at time: Int64, _ work: @escaping @Sendable () -> Void) -> TimerHandle
}

/// One pending ``TimeSource/wake(at:_:)``.
public final class TimerHandle: Sendable {
    private let onCancel: @Sendable () -> Void

    /// For those who write a time source of their own.
    public init(cancel: @escaping @Sendable () -> Void) {
        onCancel = cancel
    }

    /// The work will not be run, unless it has already begun. May be called from any thread, and again.
    public func cancel() { onCancel() }
}

/// Pending work in order of time; work for the same time in order of asking.
struct TimerQueue: Sendable {
    private struct Entry: HeapElement {
        let time: Int64
        let id: UInt64
        func comes(before other: Entry) -> Bool { (time, id) < (other.time, other.id) }
    }

    private var heap = Heap<Entry>()
    /// Cancelled work leaves this table at once, with all it holds on to; its heap entry goes when it comes up.
    private var works: [UInt64: @Sendable () -> Void] = [:]
    private var lastID: UInt64 = 0

    var count: Int { works.count }

    mutating func add(at time: Int64, _ work: @escaping @Sendable () -> Void) -> UInt64 {
        lastID += 1
        works[lastID] = work
        heap.insert(Entry(time: time, id: lastID))
        return lastID
    }

    mutating func cancel(_ id: UInt64) {
        guard works.removeValue(forKey: id) != nil else { return }
        // Heartbeats cancel and ask anew for hours: without this the heap would keep every one of them until due.
        if heap.count > 64, heap.count > 2 * works.count { heap.keep { works[$0.id] != nil } }
    }

    /// When the next work is due.
    mutating func next() -> Int64? {
        dropCancelled()
        return heap.first?.time
    }

    /// Takes out the next work if it is due.
    mutating func pop(dueAt now: Int64) -> (time: Int64, work: @Sendable () -> Void)? {
        dropCancelled()
        guard let first = heap.first, first.time <= now, let work = works.removeValue(forKey: first.id) else {
            return nil
        }
        _ = heap.popFirst()
        return (first.time, work)
    }

    private mutating func dropCancelled() {
        while let first = heap.first, works[first.id] == nil { _ = heap.popFirst() }
    }
}
