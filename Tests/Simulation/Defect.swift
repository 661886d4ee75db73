/// Ways for a broker to be wrong that a simulation has to notice; without them, one that is always green would look
/// right. They are planted between the broker and the rest: in its disk, and in what it hears and says.
package enum Defect: String, CaseIterable, Sendable {
    // Its disk.
    case confirmsBeforeTheSync, doesNotSync, losesTheLastBatch, neverTellsTheStoreIsDone
    // What it hears.
    case losesAcks, ackMultipleLeavesOneBehind, requeuesAtTheTail, discardsWhatIsToBeRequeued, prefetchOneTooMany
    case losesABinding, losesAnExchangeBinding, commitsWithoutTheLastPublish, clockStandsStill, losesOneInAHundred
    case ignoresPriorities, ignoresConsumerPriorities, letsAllBeActive, forgetsTheAlternate, limitsNoOctets
    case dropsInsteadOfRefusing, losesTheDeadLetterKey, sharesNoWindow
    case makesClassicQueues, limitsNoDeliveries, readersBeginTooLate, streamsKeepEverything
    // What it says.
    case dropsRedelivered, marksAllRedelivered, swapsTwo, deliversTwice, losesADelivery, confirmsTwice, forgetsAConfirm
    case returnsNothing
}
