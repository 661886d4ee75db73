import AMQPWire

/// What holds publishers back (RabbitMQ: "Memory and Disk Alarms", "Flow Control").
struct Alarms: Equatable {
    /// Octets that messages may take up. Below 0 they always take up too much.
    var memoryHighWater = Int.max
    /// Messages take up more memory than they may.
    private(set) var memory = false
    /// So much more than they may that clients who declare things are held back too. Publishers have been for long by then,
    /// so whatever still grows comes from elsewhere.
    private(set) var isFull = false
    /// The disk of the store has not enough space.
    var disk = false
    /// The store is behind with writing. This passes by itself soon, so no client is told.
    private(set) var backlog = false

    /// True when publishers are told.
    var isRaised: Bool { memory || disk }
    /// True when nothing is read from publishers.
    var holdsBack: Bool { memory || disk || backlog }

    /// In RabbitMQ's words.
    var reason: ShortString {
        switch (memory, disk) {
        case (true, true): "low on memory & disk"
        case (false, true): "low on disk"
        default: "low on memory"
        }
    }

    /// Looks at the memory that messages take up. Between a tenth below the mark and the mark nothing changes, so that
    /// an alarm does not come and go with every message.
    mutating func check(memory octets: Int) {
        let highWater = memoryHighWater
        if octets > highWater { memory = true } else if octets <= highWater - highWater / 10 { memory = false }
        isFull = highWater > 0 && octets - highWater > max(highWater / 8, Self.leastExcess)
    }

    private static let leastExcess = 1 << 16

    /// Looks at what waits to be written.
    mutating func check(backlog octets: Int, highWater: Int) {
        if octets > highWater { backlog = true } else if octets <= highWater / 4 { backlog = false }
    }
}
