/// Whether a connection is held back. A connection that only consumes never is, unless it does so with very many consumers.
struct Throttle {
    /// It has published since the last look.
    var hasPublished = false
    /// It has made something else that stays in memory.
    var hasDeclared = false
    var isToBeChecked: Bool { hasPublished || hasDeclared }
    /// Nothing is read from it.
    private(set) var isHeldBack = false
    /// It was told that it is blocked, and not yet that it isn't any more.
    private(set) var wasTold = false
    /// For a quirk: how often it was told.
    private var tellings = 0

    enum Change { case blocked, unblocked }

    /// Looks at the alarms, and whether the connection has published. Returns what its client is to be told.
    mutating func check(_ alarms: Alarms) -> Change? {
        if hasPublished || alarms.isRaised && quirk(.alarmsHoldBackEverybody) {
            hasPublished = false
            if alarms.holdsBack { isHeldBack = true }
        }
        if hasDeclared {
            hasDeclared = false
            if alarms.isFull { isHeldBack = true }
        }
        if !alarms.holdsBack { isHeldBack = false }
        if isHeldBack, alarms.isRaised, !wasTold {
            wasTold = true
            tellings += 1
            return tellings > 1 && quirk(.secondAlarmIsNotTold) ? nil : .blocked
        }
        // Another alarm that is raised meanwhile says nothing new, and the end of one among two neither.
        if wasTold, !alarms.isRaised || !alarms.memory && quirk(.endOfMemorysAlarmIsTheEnd) {
            wasTold = false
            return .unblocked
        }
        return nil
    }
}
