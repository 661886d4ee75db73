extension Duration {
    /// Whole milliseconds, rounded up: a wait is never shorter than it was asked for; but 30,000 years are as good as any
    /// longer time, and can be added to a date.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let most: Int64 = 1_000_000_000_000
        if seconds >= most || seconds <= -most { return seconds.signum() * most * 1000 }
        let rest = attoseconds / 1_000_000_000_000_000
        return seconds * 1000 + rest + (attoseconds % 1_000_000_000_000_000 > 0 ? 1 : 0)
    }
}
