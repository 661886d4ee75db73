import Dispatch
import Testing

/// Runs the tests of a suite on a thread of its own, for those that wait in system calls or compute for long: on the pool
/// that all tests share, which has no more threads than there are processors, they would keep the others from going on.
///
/// A serial queue, not a global one: on Linux the pool's threads are those of the global queues.
public struct OwnThread: SuiteTrait, TestTrait, TestScoping {
    private let executor = Executor()

    /// All traits are made before the first test begins, whatever is filtered: the moment to begin what is for all tests.
    init() { RunnerWatch.begin() }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(executor) { try await body() }
    }

    private final class Executor: TaskExecutor {
        private let queue = DispatchQueue(label: "tests that wait")

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }
}

extension Trait where Self == OwnThread {
    /// See ``OwnThread``.
    public static var ownThread: Self { Self() }
}
