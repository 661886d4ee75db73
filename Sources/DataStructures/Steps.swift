/// Counts what the structures of a broker do: each time that an element of one is looked at, moved or put somewhere. So a
/// test can tell how the work of an operation grows, without a clock. Only debug builds count.
public enum Steps {
    #if DEBUG
        /// For one thread.
        private final class Counter: Sendable {
            nonisolated(unsafe) var count = 0
        }

        @TaskLocal private static var counter: Counter?

        public static func take(_ count: @autoclosure () -> Int = 1) { counter?.count += count() }

        /// The steps that are taken in `body`, on this thread.
        public static func counted(_ body: () throws -> Void) rethrows -> Int {
            let counter = Counter()
            try $counter.withValue(counter, operation: body)
            return counter.count
        }
    #else
        @inlinable @inline(__always)
        public static func take(_ count: @autoclosure () -> Int = 1) {}
    #endif
}
