/// What a queue hands out at once, and what it does later: hundreds of clients may have room for a megabyte each.
enum Dispatch {
    /// So much is handed out at once, counted by ``Message/unitsOfDelivery``.
    static let slice = 1000
}

extension Message {
    /// What it counts to hand a message out: its octets are copied.
    var unitsOfDelivery: Int { 1 + contentCount >> 11 }

    /// The same where its headers are read, and written with one more.
    var unitsOfDeliveryAnew: Int { unitsOfDelivery + (traits.hasHeaders ? propertiesCount >> 4 : 0) }
}

extension QueueConsumers {
    /// Counts what was handed out, and those that were met on the way. True: it was so much that the rest waits.
    mutating func isCut(_ units: Int, by host: any QueueHost) -> Bool {
        let all = units + metCount / WorkLimits.placesOfUnit
        if all > 1 { host.spend(all) }
        defer { begin() }
        return units >= Dispatch.slice || isCut
    }
}
