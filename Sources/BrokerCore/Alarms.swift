import AMQPWire

/// What holds publishers back (RabbitMQ: "Memory and Disk Alarms", "Flow Control").
struct Alarms: Equatable {
    /// Messages take up more memory than they may.
    private(set) var memory = false
    /// The disk of the store has not enough room.
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
    mutating func check(memory octets: Int, highWater: Int) {
        if octets > highWater { memory = true } else if octets <= highWater - highWater / 10 { memory = false }
    }

    /// Looks at what waits to be written.
    mutating func check(backlog octets: Int, highWater: Int) {
        if octets > highWater { backlog = true } else if octets <= highWater / 4 { backlog = false }
    }
}

/// Whether a connection is held back. A connection that only consumes never is.
struct Throttle {
    /// It has published since the last look.
    var hasPublished = false
    /// Nothing is read from it.
    private(set) var isHeldBack = false
    /// It was told that it is blocked, and not yet that it isn't any more.
    private(set) var wasTold = false

    enum Change { case blocked, unblocked }

    /// Looks at the alarms, and whether the connection has published. Returns what its client is to be told.
    mutating func check(_ alarms: Alarms) -> Change? {
        if hasPublished {
            hasPublished = false
            if alarms.holdsBack { isHeldBack = true }
        }
        if !alarms.holdsBack { isHeldBack = false }
        if isHeldBack, alarms.isRaised, !wasTold {
            wasTold = true
            return .blocked
        }
        // Another alarm that is raised meanwhile says nothing new, and the end of one among two neither.
        if wasTold, !alarms.isRaised {
            wasTold = false
            return .unblocked
        }
        return nil
    }
}

extension BrokerConnection {
    /// Holds the client back or lets it go on, as the alarms and its publishing have it.
    func checkThrottle() {
        let wasHeldBack = throttle.isHeldBack
        let change = throttle.check(core.alarms)
        if session.can("connection.blocked") {
            switch change {
            case .blocked: send(ConnectionBlocked(reason: core.alarms.reason))
            case .unblocked: send(ConnectionUnblocked())
            case nil: break
            }
        }
        guard throttle.isHeldBack != wasHeldBack else { return }
        if throttle.isHeldBack { core.heldBack.append(id) }
        setReading(!throttle.isHeldBack)
    }
}

extension BrokerCore {
    /// What a message takes up beside its octets, about.
    static let messageOverhead = 200

    /// Octets that messages take up in memory.
    var memoryInUse: Int {
        load.octets - (journal?.absentOctets ?? 0) + load.messageCount * Self.messageOverhead + storeBacklog
    }

    /// The disk of the store has not enough room left, or has again. Publishers are held back in between; everything
    /// else goes on as far as it can.
    public func diskIsLow(_ isLow: Bool, now: Int64) {
        advance(to: now)
        guard alarms.disk != isLow else { return }
        var alarms = alarms
        alarms.disk = isLow
        changeAlarms(to: alarms)
    }

    /// Looks whether memory or backlog have gone over or under their marks.
    func checkAlarms() {
        var alarms = alarms
        alarms.check(memory: memoryInUse, highWater: configuration.memoryHighWater ?? .max)
        alarms.check(backlog: storeBacklog, highWater: configuration.store.backlogOctets)
        if alarms != self.alarms { changeAlarms(to: alarms) }
    }

    private func changeAlarms(to new: Alarms) {
        let old = alarms
        alarms = new
        if new.isRaised != old.isRaised {
            log(
                .warning,
                new.isRaised ? "publishers are blocked: \(new.reason)" : "publishers are not blocked any more")
        }
        let held = heldBack
        heldBack = []
        for id in held {
            guard let connection = connection(id) else { continue }
            connection.checkThrottle()
            if connection.throttle.isHeldBack { heldBack.append(id) }
        }
    }

    /// Hands over the connections of which, from now on, nothing is to be read, or everything again.
    public func takeReadingChanges(_ change: (ConnectionID, Bool) -> Void) {
        while let (id, isReading) = readingChanges.popFirst() { change(id, isReading) }
    }
}
