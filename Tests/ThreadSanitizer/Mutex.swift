import Glibc

/// What stands in for `Synchronization.Mutex` under the thread sanitizer, which knows pthreads' locks and not that one:
/// it would call everything that is done under it a race.
struct Mutex<Value: ~Copyable>: ~Copyable, Sendable {
    // Safe to share: the value is only touched with the lock held.
    private final class Box: @unchecked Sendable {
        let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        var value: Value

        init(_ value: consuming Value) {
            self.value = value
            pthread_mutex_init(lock, nil)
        }

        deinit {
            pthread_mutex_destroy(lock)
            lock.deallocate()
        }
    }

    private let box: Box

    init(_ value: consuming sending Value) { box = Box(value) }

    borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(box.lock)
        defer { pthread_mutex_unlock(box.lock) }
        return try body(&box.value)
    }
}
