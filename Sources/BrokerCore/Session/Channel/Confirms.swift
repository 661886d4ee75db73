/// The publishes of a channel that are to be confirmed, numbered from 1 (RabbitMQ: "Publisher Confirms").
struct Confirms {
    private var lastNumber: UInt64 = 0
    /// Resolved and not yet told, in order; runs of the same answer are told together.
    private var runs: [Run] = []

    /// What it takes up beyond a few of them, in octets.
    var footprint: Int { max(0, runs.capacity - Self.fewRuns) * Load.ofConfirms }

    private static let fewRuns = 64

    private struct Run {
        var last: UInt64
        var count: UInt64
        var accepted: Bool
        /// The batch of the store that must be on disk first; 0: none.
        var batch: UInt64
    }

    /// True when there is something to tell, with the store on disk up to the batch `stored`.
    func isReady(stored: UInt64) -> Bool { runs.first.map { $0.batch <= stored } ?? false }

    /// True when something has to wait for the store. As answers go out in order, what follows waits too.
    func isWaiting(stored: UInt64) -> Bool { runs.last.map { $0.batch > stored } ?? false }

    /// Numbers a publish.
    mutating func begin() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    /// All queues have taken the publish, or one has refused it. `batch` is the one of the store that it is in.
    mutating func resolve(_ number: UInt64, accepted: Bool, batch: UInt64 = 0) {
        if let run = runs.last, run.accepted == accepted || quirk(.nackJoinsTheAcks), run.last + 1 == number,
            batch <= run.batch
        {
            runs[runs.count - 1].last = number
            runs[runs.count - 1].count += 1
        } else {
            runs.append(Run(last: number, count: 1, accepted: accepted, batch: max(batch, runs.last?.batch ?? 0)))
        }
    }

    /// What there is to tell, in order. One of several publishes answers everything up to the number, as nothing before is open.
    mutating func take(stored: UInt64) -> [(number: UInt64, count: Int, accepted: Bool)] {
        let count = runs.prefix { $0.batch <= stored }.count
        let told = runs[..<count].map { ($0.last, Int($0.count), $0.accepted) }
        if count == runs.count {
            runs.removeAll(keepingCapacity: runs.capacity <= Self.fewRuns)
        } else {
            runs.removeFirst(count)
        }
        return told
    }
}
