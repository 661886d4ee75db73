/// What can be wrong in a quorum queue: a line for each, with the decision that it sits at and what was written there
/// instead. In `Base`, because the dialect makes some of these decisions.
enum QuorumQuirk: String, Quirk {
    // MARK: What fits

    /// Fullness.refuses: the latest look alone counts
    case refusalEndsWithOneLess = "quorum.refusal-ends-with-one-less"
    /// Fullness.refuses: >= instead of >
    case refusesAtTheLimit = "quorum.refuses-at-the-limit"
    /// Fullness.refuses: only messages are counted
    case refusalKnowsNoOctets = "quorum.refusal-knows-no-octets"
    /// Fullness.refuses: room is made by what is taken out, not by a purge
    case purgeMakesNoRoom = "quorum.purge-makes-no-room"
    /// QuorumQueue.dropOverflow: both words for refusing are one
    case everyRefusalKeepsTheOld = "quorum.every-refusal-keeps-the-old"
    /// QuorumQueue.dropOverflow: if for while
    case overflowDropsOne = "quorum.overflow-drops-one"
    /// QueueArguments.isExceeded: all that is held, not what is ready
    case overflowCountsTheHeld = "quorum.overflow-counts-the-held"
    /// QuorumQueue.dropOverflow: the log is not told
    case overflowIsNotWritten = "quorum.overflow-is-not-written"
    /// QuorumQueue.requeue: only publishes are checked
    case whatComesBackOverflows = "quorum.what-comes-back-overflows"
    /// QuorumMessages.putBack: only the message is counted
    case returnedOctetsAreNotCounted = "quorum.returned-octets-are-not-counted"
    /// QuorumMessages.pop: only the message is counted out
    case takenOctetsStayCounted = "quorum.taken-octets-stay-counted"
    /// QuorumMessages.pop: the octets of the body are counted out, those of the properties are not
    case takenPropertiesStayCounted = "quorum.taken-properties-stay-counted"
    /// QueueArguments.hasRoomAgain: only messages are counted
    case roomAgainKnowsNoOctets = "quorum.room-again-knows-no-octets"
    /// QueueArguments.isAbove: a fifth is rounded down
    case roomAgainIsRoundedUp = "quorum.room-again-is-rounded-up"
    /// QueueArguments.isExceeded: >= instead of >
    case octetsThatFitAreTooMany = "quorum.octets-that-fit-are-too-many"

    /// QuorumQueue.publish: whoever publishes
    case lettersAreRefused = "quorum.letters-are-refused"

    /// QuorumQueue.letterStayed: once is enough
    case lettersArriveAnyhow = "quorum.letters-arrive-anyhow"
    /// QuorumQueue.keepsLetters: the strategy says it
    case strategyNeedsNoRefusal = "quorum.strategy-needs-no-refusal"
    /// QuorumQueue.held: what is ready
    case keptLettersTakeNoRoom = "quorum.kept-letters-take-no-room"
    /// QuorumQueue.letterStayed: no timer
    case keptLettersWaitForAPolicy = "quorum.kept-letters-wait-for-a-policy"
    /// VirtualHost.send: where it leads, not where it has not been
    case keptLettersGoToAllAgain = "quorum.kept-letters-go-to-all-again"
    /// VirtualHost.send: a letter is a letter
    case keptLettersAreNotRefused = "quorum.kept-letters-are-not-refused"
    /// QuorumQueue.restore: they are in the queue
    case keptLettersComeBack = "quorum.kept-letters-come-back"
    /// QuorumQueue.purge: what is ready
    case purgeLeavesKeptLetters = "quorum.purge-leaves-kept-letters"
    /// QuorumQueue.prepareForDeletion: its letters have to be out first
    case keptLettersKeepTheirQueue = "quorum.kept-letters-keep-their-queue"

    // MARK: How often a message comes back

    /// Dialect.deliveryLimit: 0 means none elsewhere
    case limitOfNoneIsNoLimit = "quorum.limit-of-none-is-no-limit"
    /// Dialect.deliveryLimit: a UInt8
    case limitIsAnOctet = "quorum.limit-is-an-octet"
    /// QuorumQueue.requeue: only what a client rejects is looked at
    case onlyRejectionsReachTheLimit = "quorum.only-rejections-reach-the-limit"
    /// QuorumQueue.requeue: return for continue
    case firstOverTheLimitEndsTheRow = "quorum.first-over-the-limit-ends-the-row"
    /// QuorumQueue.requeue: the log is not told
    case overTheLimitIsNotWritten = "quorum.over-the-limit-is-not-written"
    /// Dialect.isFailure: only a rejection is one
    case lostConsumersCountNothing = "quorum.lost-consumers-count-nothing"
    /// BrokerChannel.sendCounted: a UInt8
    case countIsAnOctet = "quorum.count-is-an-octet"
    /// BrokerChannel.sendCounted: all that comes back is a failure
    case acquisitionsAreFailures = "quorum.acquisitions-are-failures"
    /// BrokerChannel.sendCounted: the headers are the count
    case countReplacesHeaders = "quorum.count-replaces-headers"
    /// BrokerChannel.sendCounted: the properties as they were published
    case returnedShowBlindCopies = "quorum.returned-show-blind-copies"

    // MARK: The order

    /// Dialect.putsAtTheEnd: whatever the reason
    case abandonedGoToTheEnd = "quorum.abandoned-go-to-the-end"
    /// QuorumQueue.requeue: the next publish hands it out
    case whatComesBackWaits = "quorum.what-comes-back-waits"
    /// QuorumMessages.putBack: the last that came back is the first that goes
    case returnedComeBackwards = "quorum.returned-come-backwards"
    /// QuorumMessages.priority: what is not said is 0
    case noPriorityIsZero = "quorum.no-priority-is-zero"
    /// QuorumMessages.priority: a mask for 32 of them
    case prioritiesHaveFiveBits = "quorum.priorities-have-five-bits"
    /// QuorumMessages.priority: >= instead of >
    case fourIsHigh = "quorum.four-is-high"
    /// QuorumMessages.next: nothing counts the turns
    case normalOnesStarve = "quorum.normal-ones-starve"
    /// QuorumMessages.next: two to one, whoever is older
    case youngOnesTakeTurns = "quorum.young-ones-take-turns"
    /// QuorumMessages.pop: what came back is a turn as well
    case returnedTakeTurns = "quorum.returned-take-turns"

    // MARK: Time

    /// QuorumQueue.handFirst: what has expired is looked for once, not behind each
    case expiredBehindLiveIsDelivered = "quorum.expired-behind-live-is-delivered"
    /// QuorumMessages.putBack: as if it had no time
    case returnedDoNotExpire = "quorum.returned-do-not-expire"
    /// QuorumMessages.looksIntoEachLane: only what is next
    case lowPrioritiesOutliveTheirTime = "quorum.low-priorities-outlive-their-time"
    /// QuorumMessages.nextExpiry: that of what is next
    case lowPrioritiesSetNoTimer = "quorum.low-priorities-set-no-timer"
    /// QuorumQueue.get: a look is no use
    case getDoesNotRenewTheLease = "quorum.get-does-not-renew-the-lease"
    /// QuorumQueue.add: the lease runs on
    case consumersDoNotHoldTheLease = "quorum.consumers-do-not-hold-the-lease"
    /// QuorumQueue.remove: the lease has ended for good
    case leaseDoesNotBeginAgain = "quorum.lease-does-not-begin-again"
    /// QuorumQueue.setTimer: they wait for the next use
    case overTheLimitSetsNoTimer = "quorum.over-the-limit-sets-no-timer"

    // MARK: Consumers

    /// QuorumQueue.remove: those that are left wait for the next publish
    case nobodyTakesOverWhatIsReady = "quorum.nobody-takes-over-what-is-ready"
    /// QuorumQueue.settle: the next publish hands over
    case settledHandsOverNothing = "quorum.settled-hands-over-nothing"
    /// QueueConsumers.takeOver: the old one is forgotten
    case replacedConsumersAreForgotten = "quorum.replaced-consumers-are-forgotten"
    /// QueueConsumers.remove: nobody is waited for any more
    case replacementEndsWithItsCause = "quorum.replacement-ends-with-its-cause"
    /// QueueConsumers.join: as in a classic queue
    case successorsGoByPriority = "quorum.successors-go-by-priority"
    /// Consumer.init: all consumers of a channel share its window
    case laterLimitHolds = "quorum.later-limit-holds"

    // MARK: What is declared

    /// QueueArguments.Check.unusedOfQuorumQueue: any word
    case anyStrategyIsTaken = "quorum.any-strategy-is-taken"
    /// QueueArguments.Check.leaderLocator: any word
    case anyLocatorIsTaken = "quorum.any-locator-is-taken"
    /// QueueKind.compared: those that change nothing are not compared
    case unusedArgumentsMayDiffer = "quorum.unused-arguments-may-differ"
    /// QuorumMessages.popPurged: the slices take from the queue
    case purgeTakesWhatComesLater = "quorum.purge-takes-what-comes-later"
    /// QuorumQueue.purge: what came back stands elsewhere
    case purgeLeavesWhatCameBack = "quorum.purge-leaves-what-came-back"

    // MARK: What is written

    /// QuorumQueue.publish: what is handed over at once is written, whoever takes it
    case handedOverWithoutAckIsWritten = "quorum.handed-over-without-ack-is-written"
    /// QuorumQueue.handFirst: the log is not told
    case deliveriesWithoutAckAreNotWritten = "quorum.deliveries-without-ack-are-not-written"
    /// QuorumQueue.get: the log is not told
    case getsWithoutAckAreNotWritten = "quorum.gets-without-ack-are-not-written"
    /// QuorumQueue.hand: the log is not told
    case deliveriesAreNotNoted = "quorum.deliveries-are-not-noted"
    /// QuorumQueue.get: the log is not told
    case getsAreNotNoted = "quorum.gets-are-not-noted"
    /// QuorumQueue.settle: the log is not told
    case acknowledgementsAreNotWritten = "quorum.acknowledgements-are-not-written"
    /// QuorumQueue.settle: the log is told of acknowledgements
    case rejectionsAreNotWritten = "quorum.rejections-are-not-written"
    /// QuorumQueue.expire: the log is not told
    case expiryIsNotWritten = "quorum.expiry-is-not-written"
    /// QuorumQueue.purge: the log is not told
    case purgeIsNotWritten = "quorum.purge-is-not-written"
    /// QuorumQueue.requeue: the log is not told
    case returnsAreNotWritten = "quorum.returns-are-not-written"
    /// QuorumQueue.requeue: the log is told of the first of several
    case oneOfTheReturnedIsWritten = "quorum.one-of-the-returned-is-written"
    /// DeliveryStates.takeChanges: what was told once is never told again
    case changesAreToldOnce = "quorum.changes-are-told-once"
    /// StoredDelivery.write: an octet
    case storedCountsAreOctets = "quorum.stored-counts-are-octets"
    /// DeliveryStates.hasChanges: counts go along with something else
    case countsAloneAreNotWritten = "quorum.counts-alone-are-not-written"

    // MARK: What is read back

    /// QuorumQueue.restore: time goes on with the next use
    case restoredDoNotExpire = "quorum.restored-do-not-expire"
    /// QuorumQueue.restore: that nobody rejected it
    case heldAtARestartHaveNotFailed = "quorum.held-at-a-restart-have-not-failed"
    /// QuorumQueue.restore: their places are older
    case heldAtARestartComeFirst = "quorum.held-at-a-restart-come-first"
    /// QuorumQueue.restore: sorted as everything else
    case returnedAreSortedByPlace = "quorum.returned-are-sorted-by-place"
    /// QuorumQueue.restore: what came back stands at the front
    case endOfTheQueueIsForgotten = "quorum.end-of-the-queue-is-forgotten"
    /// QuorumQueue.restore: the log knows it
    case restoredStatesAreForgotten = "quorum.restored-states-are-forgotten"
    /// DeliveryStates.restore: the next turn is 1
    case turnsStartAnew = "quorum.turns-start-anew"
    /// Message.Traits.init: not asked for until there were quorum queues
    case restoredHaveNoPriority = "quorum.restored-have-no-priority"
    /// Consumer.init: the most that a consumer without a limit holds is the most of all
    case limitsEndAtTheMost = "quorum.limits-end-at-the-most"
    /// sendCounted: what goes out in parts goes out as it came
    case largeOnesTellNoCounts = "quorum.large-ones-tell-no-counts"
    /// QuorumQueue.renewLease: a use is a use
    case usesBeginALease = "quorum.uses-begin-a-lease"
    /// QuorumQueue.follow: what was begun goes on
    case clearedLeaseRunsOn = "quorum.cleared-lease-runs-on"
}

/// With a name of its own: what can be wrong in a classic queue too is called the same.
@inline(__always) func quirk(quorum quirk: QuorumQuirk) -> Bool { isWrong(by: quirk) }
