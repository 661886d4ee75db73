import DataStructures

/// The octets that wait for the kernel, oldest first.
///
/// They are in parts of 64 KiB, or of as much as came at once. One array of all would have room for up to twice as many, which
/// nobody counts, and hundreds of clients that don't read would make that a lot; and it would be moved whenever it grows.
struct SendQueue: Sendable {
    /// Those that are full.
    private var parts = Ring<[UInt8]>()
    private var last: [UInt8] = []
    /// So many octets of the oldest part were sent.
    private var head = 0
    private(set) var count = 0

    private static let partSize = 1 << 16

    var isEmpty: Bool { count == 0 }
    /// So many octets it has room for; for a test.
    var capacity: Int { parts.reduce(last.capacity) { $0 + $1.capacity } }

    mutating func append(_ more: UnsafeRawBufferPointer) {
        count += more.count
        let room = min(last.capacity - last.count, more.count)
        last.append(contentsOf: more[..<room])
        let rest = more[room...]
        if rest.isEmpty { return }
        if !last.isEmpty { parts.append(last) }
        last = []
        last.reserveCapacity(max(rest.count, min(Self.partSize, count)))
        last.append(contentsOf: rest)
    }

    /// Lends the oldest octets: all of a part.
    func withOldest<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        (parts.first ?? last).withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[head...])) }
    }

    /// Forgets the oldest `n` octets, of those that were lent: they were sent.
    mutating func removeFirst(_ n: Int) {
        head += n
        count -= n
        if isEmpty {
            // A queue that once held a lot gives its memory back; a small one keeps it for the next time.
            parts.removeAll()
            last.removeAll(keepingCapacity: last.capacity <= Self.partSize)
            head = 0
        } else if let first = parts.first, head == first.count {
            _ = parts.popFirst()
            head = 0
        }
    }

    mutating func removeAll() { self = SendQueue() }
}
