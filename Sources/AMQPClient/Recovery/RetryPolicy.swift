/// How long a ``Client`` waits before it tries again.
public struct RetryPolicy: Sendable, Equatable {
    /// The wait after the first round of hosts, more than zero.
    public var first: Duration
    /// No wait is longer.
    public var longest: Duration
    /// How many rounds may fail one after the other; nil: any number.
    public var rounds: Int?

    /// Waits that double: about `first` after all hosts have been tried once, then twice as long, up to `longest`. Each is
    /// shortened at random by up to a half, so that the clients of a broker that comes back do not all come at once.
    ///
    /// - Parameters:
    ///   - first: 1 ms at least.
    ///   - longest: not less than `first`.
    ///   - rounds: after so many failed rounds in a row ``Client/run(_:)`` throws the last error; nil: never.
    public static func exponential(
        from first: Duration = .milliseconds(200), upTo longest: Duration = .seconds(30), rounds: Int? = nil
    ) -> RetryPolicy {
        let first = max(first, .milliseconds(1))
        return RetryPolicy(first: first, longest: max(first, longest), rounds: rounds)
    }

    /// The first failure, and the first loss, is the end.
    public static let never = RetryPolicy(first: .milliseconds(1), longest: .milliseconds(1), rounds: 0)

    /// Milliseconds to wait after so many failed rounds, 1 at least, before chance shortens it.
    func wait(after rounds: Int) -> Int64 {
        let most = longest.milliseconds
        let wait = first.milliseconds.multipliedReportingOverflow(by: 1 << Int64(min(max(rounds - 1, 0), 40)))
        return wait.overflow ? most : min(wait.partialValue, most)
    }
}
