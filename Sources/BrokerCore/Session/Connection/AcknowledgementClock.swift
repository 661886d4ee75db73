/// When a connection looks for deliveries that have been out for too long (RabbitMQ: "Consumer Acknowledgement Timeout").
struct AcknowledgementClock {
    /// Milliseconds that a delivery may be out where nothing else is said; 0: as long as it likes.
    let limit: Int64
    /// When there is something to look for, in milliseconds since the Unix epoch.
    private(set) var nextLook = Int64.max
    private var lastLook: Int64 = 0

    /// Between two looks, in milliseconds: each goes over all consumers that hold something.
    private static var pause: Int64 { 100 }

    init(limit: Int64) { self.limit = limit }

    /// Something is due then. Returns when to look; nil: there is a look by then anyway.
    mutating func expect(_ due: Int64) -> Int64? {
        let time = max(due, lastLook + Self.pause)
        guard time < nextLook else { return nil }
        nextLook = time
        return time
    }

    /// True: it is time.
    mutating func takeLook(at now: Int64) -> Bool {
        guard now >= nextLook else { return false }
        (nextLook, lastLook) = (.max, now)
        return true
    }
}
