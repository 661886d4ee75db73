/// The octets that wait for the kernel, oldest first.
///
/// One array with a moving head, not a list of chunks: in the common case it is empty, and when it is not, one write
/// takes as much as the kernel has room for. The head is cut off when it is half of the array, so each octet moves once
/// on average.
struct SendQueue: Sendable {
    private var bytes: [UInt8] = []
    private var head = 0

    var count: Int { bytes.count - head }

    var isEmpty: Bool { head == bytes.count }

    mutating func append(_ more: UnsafeRawBufferPointer) {
        bytes.append(contentsOf: more)
    }

    func withOldest<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[head...])) }
    }

    /// Forgets the oldest `n` octets: they were sent.
    mutating func removeFirst(_ n: Int) {
        head += n
        if isEmpty {
            // A queue that once held a lot gives its memory back; a small one keeps it for the next time.
            bytes.removeAll(keepingCapacity: bytes.capacity <= 1 << 16)
            head = 0
        } else if head > 1 << 16, head > bytes.count / 2 {
            bytes.removeFirst(head)
            head = 0
        }
    }

    mutating func removeAll() {
        bytes = []
        head = 0
    }
}
