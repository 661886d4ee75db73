import DataStructures

/// Deliveries by the time they were handed out, those that are settled among them until they stand in front.
struct DeliveriesByTime {
    private var ring = Ring<(tag: UInt64, time: Int64)>()

    /// `live` of them are out, about.
    mutating func append(_ tag: UInt64, at time: Int64, live: Int, isOut: (UInt64) -> Bool) {
        if ring.count > 64, ring.count > 2 * live {
            var left = Ring<(tag: UInt64, time: Int64)>()
            while let next = ring.popFirst() { if isOut(next.tag) { left.append(next) } }
            ring = left
        }
        ring.append((tag, time))
    }

    /// When the oldest was handed out; nil: all are settled.
    mutating func oldest(isOut: (UInt64) -> Bool) -> Int64? {
        while let first = ring.first, !isOut(first.tag) { _ = ring.popFirst() }
        return ring.first?.time
    }

    /// Takes out those that were handed out by then, so many at most.
    mutating func take(_ most: Int, through time: Int64) -> [UInt64] {
        var tags: [UInt64] = []
        while tags.count < most, let first = ring.first, first.time <= time {
            tags.append(first.tag)
            _ = ring.popFirst()
        }
        return tags
    }
}

/// What a channel has handed out that its queues want back after a time.
struct ChannelTimeouts<Holder: AnyObject> {
    var fetched = DeliveriesByTime()
    /// The queue of the latest that was fetched: it says how long.
    var fetchedFrom: (any Queue)?
    /// Consumers that hold something, cancelled ones too.
    var holders: [ObjectIdentifier: Holder] = [:]
}
