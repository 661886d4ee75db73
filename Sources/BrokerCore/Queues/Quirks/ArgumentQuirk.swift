/// What can be wrong in how a queue reads its arguments, and in what two of them make together: a line for each, with the
/// decision that it sits at and what was written there instead.
enum ArgumentQuirk: String, Quirk {
    /// FieldValue.mistaken: what stands before the point
    case fractionsAreCut = "queue.fractions-are-cut"
    /// FieldValue.mistaken: true is one
    case trueIsOne = "queue.true-is-one"
    /// FieldValue.mistaken: digits make a number
    case digitsAreNumbers = "queue.digits-are-numbers"
    /// QueueArguments.Check.integer: what is too long is as long as may be
    case tooLongTimesAreCut = "queue.too-long-times-are-cut"
    /// QueueArguments.Check.text: what is no text is not there
    case otherTypesAreNoText = "queue.other-types-are-no-text"
    /// QueueArguments.Check.unusedOfClassicQueue: it changes nothing
    case anyQueueVersionIsTaken = "queue.any-queue-version-is-taken"
    /// ClassicQueue.publish: a higher priority finds room in a queue that refuses
    case higherPrioritiesFindRoom = "queue.higher-priorities-find-room"
    /// PrioritizedMessages.nextExpiry: only the highest priority is looked at
    case onlyTheHighestExpire = "queue.only-the-highest-expire"
    /// QueueArguments.takes: what is not there any more was refused
    case expiredAtOnceIsRefused = "queue.expired-at-once-is-refused"
    /// QueueArguments.takes: what is not there any more was refused
    case droppedAtOnceIsRefused = "queue.dropped-at-once-is-refused"
    /// QueueConsumers.dismiss: the others were handed nothing
    case onlyTheActiveIsTold = "queue.only-the-active-is-told"
    /// DeathHistory.closesCycle: dying a second time of its queue's length is no cycle yet
    case overflowGoesRoundTwice = "queue.overflow-goes-round-twice"
    /// DeathHistory.closesCycle: who has failed with it has refused it
    case failuresOpenCycles = "queue.failures-open-cycles"
}

@inline(__always) func quirk(_ quirk: ArgumentQuirk) -> Bool { isWrong(by: quirk) }
