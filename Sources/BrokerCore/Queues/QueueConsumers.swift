import DataStructures

/// The consumers of one queue, and whose turn it is.
struct QueueConsumers {
    /// All of them, in the order they started.
    private(set) var list = IdentityList<any DeliveryTarget>()
    private var exclusiveCount = 0
    /// RabbitMQ: "Single Active Consumer". Then only ``active`` has turns, and in the rotation are those that wait.
    private let isSingleActive: Bool
    private let succession: Succession
    private(set) var active: (any DeliveryTarget)?
    /// One of a higher priority has come: the active one is handed nothing more until it has settled all that it holds,
    /// also if the other leaves meanwhile.
    private(set) var isBeingTakenOver = false
    /// Those that may have room, by falling priority; within one priority they take turns. One that was removed stands
    /// there until its turn comes, or until too many do.
    private var rotation = ConsumerLevels()
    private var removedCount = 0
    /// How many without room were met since ``beginSlice()``.
    private(set) var metCount = 0
    /// There was more to hand out than is handed out at once: the next slice is to come.
    var isSliceDue = false

    /// So many are met in a row; the rest is for another time.
    private static let mostMet = 1000

    init(isSingleActive: Bool, _ succession: Succession = .byPriority) {
        self.isSingleActive = isSingleActive
        self.succession = succession
    }

    var isEmpty: Bool { list.isEmpty }
    var hasExclusive: Bool { exclusiveCount > 0 }

    /// Whether one more may come, who wants to be the only one or not.
    func admits(exclusive: Bool) -> Bool {
        if hasExclusive, !quirk(.othersComeToExclusive) { return false }
        guard exclusive else { return true }
        return (isEmpty || quirk(.exclusiveComesToOthers)) && (!isSingleActive || quirk(.singleActiveMayBeExclusive))
    }

    mutating func add(_ consumer: any DeliveryTarget) {
        list.add(consumer, ObjectIdentifier(consumer))
        if consumer.isExclusive { exclusiveCount += 1 }
        guard isSingleActive else { return resume(consumer) }
        consumer.isInRotation = true
        if active == nil || quirk(.newestIsActive) { return active = consumer }
        if consumer.priority > active?.priority ?? 0, quirk(.higherPriorityBecomesActive) { return active = consumer }
        if consumer.priority > active?.priority ?? 0, quirk(.higherPriorityHaltsTheQueue) { active = nil }
        if succession == .takingOver, let active, consumer.priority > active.priority { isBeingTakenOver = true }
        join(consumer)
    }

    /// Removes a consumer that is cancelled.
    mutating func remove(_ consumer: any DeliveryTarget) {
        let before = list.count
        list.remove(ObjectIdentifier(consumer))
        guard list.count < before else { return }
        if consumer.isExclusive, !quirk(.exclusiveUseNeverEnds) { exclusiveCount -= 1 }
        if active === consumer || active?.tag == consumer.tag && quirk(.activeIsToldByItsTag) {
            active = quirk(.nobodyFollowsTheActive) ? nil : nextActive()
            isBeingTakenOver = false
        }
        if isBeingTakenOver, quirk(quorum: .replacementEndsWithItsCause), !hasHigherWaiting() {
            isBeingTakenOver = false
        }
        guard consumer.isInRotation else { return }
        consumer.isInRotation = false
        removedCount += 1
        if removedCount > 16, removedCount > list.count { closeUp() }
    }

    private mutating func closeUp() {
        rotation.removeAll { $0.isCancelled || !$0.hasRoom && quirk(.closingUpLosesTheBusy) }
        removedCount = 0
    }

    /// Puts a consumer that has room again at the end of its priority's rotation.
    mutating func resume(_ consumer: any DeliveryTarget) {
        guard !consumer.isInRotation, !consumer.isCancelled else { return }
        consumer.isInRotation = true
        if !isSingleActive { join(consumer) }
    }

    private mutating func join(_ consumer: any DeliveryTarget) {
        var priority = consumer.priority
        if succession == .byAge, isSingleActive, !quirk(quorum: .successorsGoByPriority) { priority = 0 }
        if priority != 0, isSingleActive, quirk(.waitingHaveNoPriority) { priority = 0 }
        rotation.append(consumer, at: priority)
    }

    /// The queue is gone, and with it all of them; they are told little by little.
    mutating func dismiss(by host: any QueueHost) {
        if isSingleActive, quirk(.onlyTheActiveIsTold) { list = IdentityList(active) }
        var left = list.takeAll()
        self = QueueConsumers(isSingleActive: isSingleActive, succession)
        host.dismiss(&left)
    }

    /// What was met is counted.
    mutating func beginSlice() { metCount = 0 }

    /// So many had no room that the rest are for another time: that there was none says nothing of them.
    var isCut: Bool { metCount >= Self.mostMet }

    /// The consumer whose turn it is, of those with the highest priority that have room. It goes to the end of the
    /// rotation; those met on the way that have no room leave it.
    mutating func next() -> (any DeliveryTarget)? {
        if isSingleActive { return nextSingleActive() }
        repeat {
            while !isCut, let consumer = rotation.popFirst() {
                if consumer.hasRoom {
                    rotation.putBack(consumer)
                    return consumer
                }
                metCount += 1
                consumer.isInRotation = false
                consumer.awaitRoom()
            }
            if isCut { return nil }
        } while !quirk(.lowerPrioritiesStarve) && rotation.descend()
        removedCount = 0
        return nil
    }

    /// Of those that wait, the first with the highest priority, as in RabbitMQ. A higher one that comes later does not
    /// take over.
    private mutating func nextActive() -> (any DeliveryTarget)? {
        repeat {
            while let consumer = rotation.popFirst() {
                if !consumer.isCancelled, consumer.hasRoom || !quirk(.fullConsumersDoNotTakeOver) { return consumer }
            }
        } while rotation.descend()
        return nil
    }

    private mutating func hasHigherWaiting() -> Bool {
        rotation.highestPriority().map { $0 > active?.priority ?? .max } ?? false
    }

    private mutating func takeOver() {
        isBeingTakenOver = false
        guard hasHigherWaiting(), let old = active, let next = nextActive() else { return }
        active = next
        old.isInRotation = true
        if !quirk(quorum: .replacedConsumersAreForgotten) { join(old) }
    }

    private mutating func nextSingleActive() -> (any DeliveryTarget)? {
        if isBeingTakenOver {
            if active?.unacknowledged != 0 { return nil }
            takeOver()
        }
        guard let active else { return nil }
        active.isInRotation = active.hasRoom
        if active.isInRotation { return active }
        if !quirk(.activeIsNotResumed) { active.awaitRoom() }
        return nil
    }
}
