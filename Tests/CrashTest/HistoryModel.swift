/// What publishers and consumers saw of messages while nodes came and went. Each message is published once only, so whatever
/// comes twice comes from the broker.
struct HistoryModel: Sendable {
    enum Fate: Sendable {
        /// Sent, and nobody knows whether it arrived.
        case published
        case confirmed
        /// The broker said that it did not take it.
        case refused
    }

    private(set) var fates: [Int: Fate] = [:]
    private(set) var delivered: Set<Int> = []
    private(set) var counts = Counts()
    /// What must not be, in words.
    private(set) var breaches: [String] = []
    private var confirmedAt: Double?

    struct Counts: Sendable {
        var confirmed = 0
        var refused = 0
        var deliveries = 0
        /// Deliveries of what had been delivered before, all marked as redelivered.
        var again = 0
        /// The longest time without a confirm, in seconds.
        var longestPause = 0.0
    }

    mutating func publish() -> Int {
        let id = fates.count
        fates[id] = .published
        return id
    }

    mutating func confirmed(_ id: Int, at time: Double) {
        fates[id] = .confirmed
        counts.confirmed += 1
        counts.longestPause = max(counts.longestPause, time - (confirmedAt ?? time))
        confirmedAt = time
    }

    mutating func refused(_ id: Int) {
        fates[id] = .refused
        counts.refused += 1
    }

    /// A message that comes once more is marked, whatever has become of the node that handed it out before.
    mutating func delivered(_ id: Int, redelivered: Bool) {
        counts.deliveries += 1
        if fates[id] == nil { breaches.append("\(id) was never published") }
        guard !delivered.insert(id).inserted else { return }
        counts.again += 1
        if !redelivered { breaches.append("\(id) came twice, and is not marked as redelivered") }
    }

    /// So many are in queues at the end, and handed to nobody.
    mutating func neverCame(_ count: Int) { breaches.append("\(count) are held by queues, and never came") }

    /// Confirmed, and nobody has seen them.
    var missing: [Int] { fates.filter { $0.value == .confirmed && !delivered.contains($0.key) }.keys.sorted() }

    /// Refused, and delivered all the same.
    var refusedAndDelivered: Int { fates.count { $0.value == .refused && delivered.contains($0.key) } }

    var summary: String {
        let open = fates.filter { $0.value == .published }.keys
        return "\(fates.count) published, \(counts.confirmed) confirmed, \(counts.refused) refused, "
            + "\(open.count) unknown (\(open.count { delivered.contains($0) }) of them arrived); \(counts.deliveries) deliveries, \(counts.again) "
            + "of them once more and marked; longest time without a confirm "
            + "\(Int((counts.longestPause * 1000).rounded())) ms"
    }
}
