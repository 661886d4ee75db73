/// What can be wrong in what a channel looks up, or looks at: a line for each, with the decision that it sits at and what was
/// written there instead.
enum ChannelQuirk: String, Quirk {
    /// BrokerChannel.requeue: the queue that has the name now
    case returnsFindTheirQueueByName = "session.returns-find-their-queue-by-name"
    /// BrokerChannel.settle: the oldest delivery from a queue of the name
    case acksFindTheirQueueByName = "session.acks-find-their-queue-by-name"
    /// BrokerChannel.basicConsume: an argument has to mean something
    case unknownConsumerArgumentsAreRefused = "session.unknown-consumer-arguments-are-refused"
    /// BrokerChannel.basicGet: an exclusive consumer has the queue to itself
    case exclusiveConsumersKeepGetsAway = "session.exclusive-consumers-keep-gets-away"
    /// BrokerChannel.refuseReplyAddress: it is bound like any other
    case repliesMayBeBound = "session.replies-may-be-bound"
    /// BrokerChannel.basicGet: nothing waits for who consumes replies
    case repliesMayBeFetched = "session.replies-may-be-fetched"
    /// BrokerChannel.queuePurge: as in later releases
    case repliesMayBePurged = "session.replies-may-be-purged"
    /// BrokerChannel.enqueue: a reply is routed, whoever is there
    case repliesToNobodyAreNotReturned = "session.replies-to-nobody-are-not-returned"
    /// BrokerChannel.queueDeclare: the right is to the name that the client has given
    case unnamedQueuesAreCheckedWithoutTheirName = "session.unnamed-queues-are-checked-without-their-name"
    /// BrokerChannel.queueDeclare: an empty name is no exchange's
    case deadLettersToTheDefaultNeedNoRight = "session.dead-letters-to-the-default-need-no-right"
    /// Expiration.parse: what is too long is as long as may be
    case tooLongExpirationsAreCut = "session.too-long-expirations-are-cut"
}

@inline(__always) func quirk(_ quirk: ChannelQuirk) -> Bool { isWrong(by: quirk) }
