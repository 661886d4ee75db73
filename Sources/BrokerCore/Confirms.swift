/// The publishes of a channel that are to be confirmed, numbered from 1 (RabbitMQ: "Publisher Confirms").
struct Confirms {
    private var lastNumber: UInt64 = 0
    /// Resolved and not yet told, in order; runs of the same answer are told together.
    private var runs: [(last: UInt64, count: UInt64, accepted: Bool)] = []

    var isEmpty: Bool { runs.isEmpty }

    /// Numbers a publish.
    mutating func begin() -> UInt64 {
        lastNumber += 1
        return lastNumber
    }

    /// All queues have taken the publish, or one has refused it.
    mutating func resolve(_ number: UInt64, accepted: Bool) {
        if let run = runs.last, run.accepted == accepted, run.last + 1 == number {
            runs[runs.count - 1] = (number, run.count + 1, accepted)
        } else {
            runs.append((number, 1, accepted))
        }
    }

    /// What there is to tell, in order. `multiple` answers everything up to the number, as nothing before is open.
    mutating func take() -> [(number: UInt64, multiple: Bool, accepted: Bool)] {
        defer { runs.removeAll(keepingCapacity: true) }
        return runs.map { ($0.last, $0.count > 1, $0.accepted) }
    }
}
