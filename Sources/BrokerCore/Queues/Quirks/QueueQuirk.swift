/// What can be wrong in a queue: a line for each, with the decision that it sits at and what was written there instead.
enum QueueQuirk: String, Quirk {
    // MARK: What fits

    /// ClassicQueue.counts: a UInt8
    case countsAreOctets = "queue.counts-are-octets"
    /// ClassicQueue.publish: as a quorum queue does
    case lettersAreNeverRefused = "queue.letters-are-never-refused"
    /// QueueArguments.refuses: >=
    case refusesTheLastThatFits = "queue.refuses-the-last-that-fits"
    /// QueueArguments.refuses: all that is held, not what is ready
    case refusalCountsUnacknowledged = "queue.refusal-counts-unacknowledged"
    /// QueueArguments.refuses: 0 means none elsewhere
    case refusalLimitOfNoneIsNoLimit = "queue.refusal-limit-of-none-is-no-limit"
    /// QueueArguments.refuses: else if
    case refusalKnowsOneLimit = "queue.refusal-knows-one-limit"
    /// ClassicQueue.publish: both words for refusing are one
    case everyRefusalIsDeadLettered = "queue.every-refusal-is-dead-lettered"
    /// QueueArguments.areExceeded: >=
    case dropsTheLastThatFits = "queue.drops-the-last-that-fits"
    /// QueueArguments.areExceeded: >=
    case dropsOctetsThatFit = "queue.drops-octets-that-fit"
    /// QueueArguments.areExceeded: all that is held, not what is ready
    case overflowCountsUnacknowledged = "queue.overflow-counts-unacknowledged"
    /// QueueArguments.areExceeded: 0 means none elsewhere
    case limitOfNoneIsNoLimit = "queue.limit-of-none-is-no-limit"
    /// QueueArguments.areExceeded: else if
    case overflowKnowsOneLimit = "queue.overflow-knows-one-limit"
    /// ClassicQueue.dropOverflow: if for while
    case overflowDropsOne = "queue.overflow-drops-one"
    /// ClassicQueue.publish: what is dropped is no use of the queue
    case overflowSetsNoTimer = "queue.overflow-sets-no-timer"
    /// ClassicQueue.dropOverflow: the log is not told
    case overflowIsNotWritten = "queue.overflow-is-not-written"
    /// ClassicQueue.requeue: only publishes are checked
    case whatComesBackOverflows = "queue.what-comes-back-overflows"
    /// PrioritizedMessages.countOut: only the messages are counted out
    case takenOctetsStayCounted = "queue.taken-octets-stay-counted"
    /// PrioritizedMessages.putBack: only the messages are counted
    case returnedOctetsAreNotCounted = "queue.returned-octets-are-not-counted"
    /// QueueArguments.init: x-max-length, a UInt32
    case lengthsHave32Bits = "queue.lengths-have-32-bits"
    /// QueueArguments.init: x-max-length-bytes, a UInt32
    case octetsHave32Bits = "queue.octets-have-32-bits"
    /// QueueArguments.refuses: >= instead of >
    case exactFitInOctetsIsRefused = "queue.exact-fit-in-octets-is-refused"
    /// ClassicQueue.dropOverflow: the newest is never dropped
    case loneOneFits = "queue.lone-one-fits"
    /// PrioritizedMessages.append: the octets are counted by publish
    case restoredOctetsAreNotCounted = "queue.restored-octets-are-not-counted"

    // MARK: The order

    /// QueuedMessage.returned: only the first of several is marked
    case oneOfTheReturnedIsRedelivered = "queue.one-of-the-returned-is-redelivered"
    /// QueuedMessage.comes: the last that came back is the first that goes
    case returnedComeBackwards = "queue.returned-come-backwards"
    /// PrioritizedMessages.putBack: a level has only an end
    case returnedGoBehindTheirPriority = "queue.returned-go-behind-their-priority"
    /// PrioritizedMessages.level: what is not allowed is 0
    case tooHighPrioritiesAreNone = "queue.too-high-priorities-are-none"
    /// PrioritizedMessages.level: a mask for 32 levels
    case prioritiesHaveFiveBits = "queue.priorities-have-five-bits"
    /// QueueArguments.init: x-max-priority, a signed octet
    case prioritiesStopAt127 = "queue.priorities-stop-at-127"
    /// QueuedMessage.noteReturn: a UInt8
    case returnsAreOctets = "queue.returns-are-octets"
    /// PrioritizedMessages.putBack: where nothing is there is nothing to look for
    case returnedToAnEmptyLevelGoBehind = "queue.returned-to-an-empty-level-go-behind"
    /// ClassicQueue.publish: a message is as it is
    case handedOnIsMarked = "queue.handed-on-is-marked"
    /// QueuedMessage.returned: whatever the reason
    case everyReturnIsAFailure = "queue.every-return-is-a-failure"

    // MARK: Purging and the end

    /// ClassicQueue.purge: what was put back stands elsewhere
    case purgeLeavesWhatCameBack = "queue.purge-leaves-what-came-back"
    /// ClassicQueue.purge: a UInt8
    case purgeCountIsAnOctet = "queue.purge-count-is-an-octet"
    /// ClassicQueue.purge: all that is held, not what is ready
    case purgeCountsUnacknowledged = "queue.purge-counts-unacknowledged"
    /// ClassicQueue.dropReady: new, and without what the old one was made with
    case purgeForgetsPriorities = "queue.purge-forgets-priorities"
    /// ClassicQueue.dropReady: dropped, as when there are too many
    case purgeDeadLetters = "queue.purge-dead-letters"
    /// QueueHost.dismiss: the list changes under the loop
    case firstConsumerIsTold = "queue.first-consumer-is-told"
    /// Queue.hasDeadLetters: what is rejected dies, wherever it was
    case deletedQueuesDeadLetter = "queue.deleted-queues-dead-letter"
    /// ClassicQueue.remove: nothing is thrown away
    case autoDeleteKeepsMessages = "queue.auto-delete-keeps-messages"
    /// ClassicQueue.remove: somebody still has something of it
    case autoDeleteWaitsForAcknowledgements = "queue.auto-delete-waits-for-acknowledgements"
    /// ClassicQueue.remove: it goes with its connection anyway
    case exclusiveIsNotAutoDeleted = "queue.exclusive-is-not-auto-deleted"

    // MARK: Messages out

    /// ClassicQueue.handFirst: the log is told of acknowledgements
    case deliveriesWithoutAckAreNotWritten = "queue.deliveries-without-ack-are-not-written"
    /// ClassicQueue.hand: the log is not told
    case deliveriesAreNotNoted = "queue.deliveries-are-not-noted"
    /// ClassicQueue.get: the log is told of acknowledgements
    case getsWithoutAckAreNotWritten = "queue.gets-without-ack-are-not-written"
    /// ClassicQueue.get: the log is told of consumers' deliveries
    case getsAreNotNoted = "queue.gets-are-not-noted"
    /// ClassicQueue.settle: the log is told of acknowledgements
    case rejectionsAreNotWritten = "queue.rejections-are-not-written"
    /// ClassicQueue.handFirst: looked at before the loop, not in it
    case expiredBehindLiveIsDelivered = "queue.expired-behind-live-is-delivered"
    /// ClassicQueue.remove: others are served when something comes
    case nobodyTakesOverWhatIsReady = "queue.nobody-takes-over-what-is-ready"
    /// ClassicQueue.publish: what was never ready has no place
    case handedOutAtOnceIsNotWritten = "queue.handed-out-at-once-is-not-written"

    // MARK: Consumers

    /// QueueConsumers.admits: asks only who wants to be alone
    case othersComeToExclusive = "queue.others-come-to-exclusive"
    /// QueueConsumers.admits: asks only whether somebody is alone
    case exclusiveComesToOthers = "queue.exclusive-comes-to-others"
    /// QueueConsumers.admits: one is active anyway
    case singleActiveMayBeExclusive = "queue.single-active-may-be-exclusive"
    /// QueueConsumers.remove: not counted down (cloudamqp/lavinmq#1903)
    case exclusiveUseNeverEnds = "queue.exclusive-use-never-ends"
    /// QueueConsumers.add: active =
    case newestIsActive = "queue.newest-is-active"
    /// QueueConsumers.add: as from RabbitMQ 4.0 on
    case higherPriorityBecomesActive = "queue.higher-priority-becomes-active"
    /// QueueConsumers.remove: the next one that comes is served (rabbitmq/rabbitmq-server#5460)
    case nobodyFollowsTheActive = "queue.nobody-follows-the-active"
    /// QueueConsumers.join: those that wait stand in the order in which they came
    case waitingHaveNoPriority = "queue.waiting-have-no-priority"
    /// QueueConsumers.nextSingleActive: it does not leave the rotation, so it waits for nothing
    case activeIsNotResumed = "queue.active-is-not-resumed"
    /// QueueConsumers.next: the first level or none
    case lowerPrioritiesStarve = "queue.lower-priorities-starve"
    /// QueueConsumers.closeUp: keeps those that can be served now
    case closingUpLosesTheBusy = "queue.closing-up-loses-the-busy"
    /// QueueConsumers.nextActive: asks for room as everywhere else
    case fullConsumersDoNotTakeOver = "queue.full-consumers-do-not-take-over"
    /// QueueConsumers.remove: compares tags
    case activeIsToldByItsTag = "queue.active-is-told-by-its-tag"

    // MARK: Time

    /// ClassicQueue.publish: what expires at once is not handed out
    case noTimeToLiveMissesConsumers = "queue.no-time-to-live-misses-consumers"
    /// QueueArguments.expiry: a UInt32
    case timesToLiveHave32Bits = "queue.times-to-live-have-32-bits"
    /// QueueArguments.expiry: not the shorter of the two
    case ownTimeToLiveWins = "queue.own-time-to-live-wins"
    /// QueuedMessage.returned: put back is put in
    case returnRenewsTheTimeToLive = "queue.return-renews-the-time-to-live"
    /// ClassicQueue.expire: the log is told of acknowledgements
    case expiryIsNotWritten = "queue.expiry-is-not-written"
    /// ClassicQueue.handleTimer: the time that was set stays
    case timerIsSetOnce = "queue.timer-is-set-once"
    /// QueueClock.set: one timer, for what was asked first
    case leaseHidesTimesToLive = "queue.lease-hides-times-to-live"
    /// ClassicQueue.publish: a publish is a use
    case publishRenewsTheLease = "queue.publish-renews-the-lease"
    /// ClassicQueue.get: only a consumer is a use
    case getDoesNotRenewTheLease = "queue.get-does-not-renew-the-lease"
    /// ClassicQueue.add: it runs on
    case consumersDoNotHoldTheLease = "queue.consumers-do-not-hold-the-lease"
    /// ClassicQueue.remove: held once, held for good
    case leaseDoesNotBeginAgain = "queue.lease-does-not-begin-again"
    /// ClassicQueue.renewLease: a UInt32
    case leasesHave32Bits = "queue.leases-have-32-bits"
    /// ClassicQueue.restore: no timer for what is late already
    case expiredWhileDownStays = "queue.expired-while-down-stays"
    /// ClassicQueue.restore: a lease begins with the declaration
    case restoredQueuesHaveNoLease = "queue.restored-queues-have-no-lease"
    /// QueueArguments.expiry: 0 means none elsewhere
    case ownTimeOfZeroIsNone = "queue.own-time-of-zero-is-none"
    /// ClassicQueue.handleTimer: its consumers see to it
    case nothingExpiresBesideConsumers = "queue.nothing-expires-beside-consumers"
    /// ClassicQueue.renewLease: a use is a use
    case usesBeginALease = "queue.uses-begin-a-lease"

    // MARK: Dead letters

    /// DeadLetter.republished: written each time
    case firstDeathIsTheLatest = "queue.first-death-is-the-latest"
    /// DeadLetter.republished: the routing key, and no more
    case copiesDoNotFollowDeaths = "queue.copies-do-not-follow-deaths"
    /// DeadLetter.republished: only what was written here counts
    case foreignDeathsAreForgotten = "queue.foreign-deaths-are-forgotten"
    /// DeadLetter.republished: only what has expired has to lose it
    case othersKeepTheirExpiration = "queue.others-keep-their-expiration"
    /// DeadLetter.republished: the first key is replaced, not all
    case newKeyKeepsCopies = "queue.new-key-keeps-copies"
    /// DeadLetter.republished: the keys are replaced, the header stays
    case newKeyLeavesCarbonCopies = "queue.new-key-leaves-carbon-copies"
    /// DeadLetter.republished: made anew
    case deadLettersHaveNoPriority = "queue.dead-letters-have-no-priority"
    /// DeadLetter.republished: made anew
    case deadLettersAreTransient = "queue.dead-letters-are-transient"
    /// DeathHistory.add: the routing key, and no more
    case deathsTellNoCopies = "queue.deaths-tell-no-copies"
    /// DeathHistory.add: looks for the reason alone
    case deathsAreCountedByReason = "queue.deaths-are-counted-by-reason"
    /// DeathHistory.add: looks for the queue alone
    case deathsAreCountedByQueue = "queue.deaths-are-counted-by-queue"
    /// DeathHistory.add: counted up where it stands
    case deathsKeepTheirPlaces = "queue.deaths-keep-their-places"
    /// DeathHistory.add: an Int8
    case deathCountIsAnOctet = "queue.death-count-is-an-octet"
    /// DeathHistory.closesCycle: the first entry, not all since
    case latestDeathDecidesCycles = "queue.latest-death-decides-cycles"
    /// DeathHistory.closesCycle: all entries, not those since
    case anyRejectionOpensCycles = "queue.any-rejection-opens-cycles"
    /// DeathHistory.closesCycle: been here, goes nowhere
    case rejectionsDoNotOpenCycles = "queue.rejections-do-not-open-cycles"
    /// QueueArguments.init: a length read into a signed octet
    case longDeadLetterExchangesAreNone = "queue.long-dead-letter-exchanges-are-none"
    /// QueueArguments.init: empty is as good as not there
    case emptyDeadLetterKeyIsNone = "queue.empty-dead-letter-key-is-none"
    /// DeathHistory.turnRound: as in later releases
    case deathsStayInOrder = "queue.deaths-stay-in-order"
    /// DeathHistory.add: the whole entry is made anew
    case timeOfADeathIsTheLatest = "queue.time-of-a-death-is-the-latest"
    /// DeathHistory.add: a header that grows is cut
    case fourDeathsAreTold = "queue.four-deaths-are-told"
    /// DeathHistory.closesCycle: the last one tells
    case lastDeathDecidesAlone = "queue.last-death-decides-alone"
    /// DeadLetter.republished: made anew
    case lettersForgetFailures = "queue.letters-forget-failures"
    /// DeathHistory.add: where it comes from last
    case keysOfADeathAreTheLatest = "queue.keys-of-a-death-are-the-latest"

    // MARK: Slices

    /// QueueHost.dismiss: off by one
    case oneIsLostBetweenSlices = "queue.one-is-lost-between-slices"
    /// Filling.goOn: each slice has an answer of its own
    case lastSliceDecidesTheConfirm = "queue.last-slice-decides-the-confirm"
    /// Filling.goOn: the slices behind the first are forgotten
    case fillingEndsWithItsSlice = "queue.filling-ends-with-its-slice"
    /// Arrears.note: what is left goes with the next use
    case arrearsAreForgotten = "queue.arrears-are-forgotten"
    /// Arrears.noteEnd: the flag stays up
    case arrearsAreScheduledOnce = "queue.arrears-are-scheduled-once"
    /// ClassicQueue.catchUp: others are served when something comes
    case caughtUpHandsOutNothing = "queue.caught-up-hands-out-nothing"
    /// QueueHost.forget: the slices behind the first are forgotten
    case forgettingEndsWithItsSlice = "queue.forgetting-ends-with-its-slice"
    /// PrioritizedMessages.popPurged: the slices take from the queue
    case purgeTakesWhatComesLater = "queue.purge-takes-what-comes-later"
    /// ClassicQueue.dropReady: says that there is nothing more
    case purgeEndsWithItsFirstSlice = "queue.purge-ends-with-its-first-slice"
}

@inline(__always) func quirk(_ quirk: QueueQuirk) -> Bool { isWrong(by: quirk) }
