/// What has been wrong in other brokers, as their public reports tell it: a line for each, with the decision that it sits
/// at, what was written there instead, and the report (repository#number).
enum ReportedQuirk: String, Quirk {
    // MARK: Dead letters

    /// DeathHistory.closesCycle: the entries stand in the order of their queues' names
    /// (rabbitmq/rabbitmq-server#11048, #11159)
    case entriesStandByName = "reported.entries-stand-by-name"
    /// DeathHistory.closesCycle: only a rejection by the queue itself counts (rabbitmq/rabbitmq-server#1061)
    case onlyItsOwnRejectionCounts = "reported.only-its-own-rejection-counts"
    /// DeathHistory.add: what a client has published again is not counted up (rabbitmq/rabbitmq-server#11331)
    case countOfTheRepublishedStays = "reported.count-of-the-republished-stays"
    /// DeadLetter.republished: fails for a third entry (rabbitmq/rabbitmq-server#216)
    case thirdEntryLosesTheMessage = "reported.third-entry-loses-the-message"
    /// DeadLetter.republished: the message's own headers get lost (cloudamqp/lavinmq#572)
    case deadLettersLoseTheirHeaders = "reported.dead-letters-lose-their-headers"
    /// DeadLetter.republished: the message's own time goes along, though nobody sees it (fridujo/rabbitmq-mock#28)
    case deadLettersKeepTheirTime = "reported.dead-letters-keep-their-time"
    /// QueueArguments.expiry: the time in the next queue counts from the first publish (cloudamqp/lavinmq#583)
    case timeGoesOn = "reported.time-goes-on"

    // MARK: Time

    /// ClassicQueue.setTimer: nothing expires by itself without a consumer
    /// (fridujo/rabbitmq-mock#29, rabbitmq/rabbitmq-server#10692)
    case expiryNeedsAConsumer = "reported.expiry-needs-a-consumer"
    /// ClassicQueue.get: behind a lasting message that was taken nothing expires by itself (cloudamqp/lavinmq#1596)
    case lastingEndsExpiry = "reported.lasting-ends-expiry"
    /// ClassicQueue.restore: what has expired while the broker was down is dropped, not dead-lettered
    /// (rabbitmq/rabbitmq-server#37)
    case expiredWhileDownIsLost = "reported.expired-while-down-is-lost"
    /// ClassicQueue.remove: the lease has run on beside the consumer, and is over when it leaves (cloudamqp/lavinmq#924)
    case leaseEndsWithTheConsumer = "reported.lease-ends-with-the-consumer"

    // MARK: What is in a queue

    /// PrioritizedMessages.append: a priority above the highest is no level's (rabbitmq/rabbitmq-server#805)
    case tooHighPrioritiesAreDropped = "reported.too-high-priorities-are-dropped"
    /// QueueArguments.Check: there is no upper limit (rabbitmq/rabbitmq-server#1590)
    case anyHighestPriorityIsTaken = "reported.any-highest-priority-is-taken"
    /// QueueArguments.init: divides by it (rabbitmq/rabbitmq-server#245)
    case highestPriorityZeroFails = "reported.highest-priority-zero-fails"
    /// ClassicQueue.add: a queue with priorities hands out only what comes later (cloudamqp/lavinmq#1439)
    case backlogOfPrioritiesStays = "reported.backlog-of-priorities-stays"
    /// ClassicQueue.dropReady: the messages are counted out, their octets are not (rabbitmq/rabbitmq-server#1806)
    case purgeLeavesOctets = "reported.purge-leaves-octets"
    /// ClassicQueue.dropReady: what was put back is not written down as gone (cloudamqp/lavinmq#2249)
    case purgedAfterReturnReappears = "reported.purged-after-return-reappears"
    /// BrokerChannel.enqueue: a queue that refuses ends the way through the rest (cloudamqp/lavinmq#1958)
    case refusalEndsTheRow = "reported.refusal-ends-the-row"
    /// BrokerChannel.queueDeclare: no return behind the refusal (cloudamqp/lavinmq#2202)
    case refusedDeclareMakesTheQueue = "reported.refused-declare-makes-the-queue"

    // MARK: Consumers and what they hold

    /// BrokerChannel.basicGet: a second one beside what is held fails (rabbitmq/rabbitmq-server#2164)
    case secondGetOfASingleActiveQueueFails = "reported.second-get-of-a-single-active-queue-fails"
    /// QueueConsumers.add: the old one is not active any more, and the new one not yet (rabbitmq/rabbitmq-server#14141)
    case higherPriorityHaltsTheQueue = "reported.higher-priority-halts-the-queue"
    /// BrokerChannel.basicCancel: what was handed out goes back (fridujo/rabbitmq-mock#121)
    case cancelGivesBack = "reported.cancel-gives-back"
    /// BrokerChannel.requeue: what was fetched is nowhere noted (cloudamqp/lavinmq#421)
    case fetchedDoesNotComeBack = "reported.fetched-does-not-come-back"
    /// BrokerChannel.fetch: counts in the shared window, too (cloudamqp/lavinmq#2206)
    case fetchedFillsTheSharedWindow = "reported.fetched-fills-the-shared-window"
    /// BrokerChannel.basicQos: grants room, and takes none away (cloudamqp/lavinmq#2206)
    case sharedWindowIsNeverLowered = "reported.shared-window-is-never-lowered"
    /// BrokerChannel.basicRecover: the delivery is sent under a lock that it wants itself (cloudamqp/lavinmq#2206)
    case recoverWithoutRequeueIsFatal = "reported.recover-without-requeue-is-fatal"
    /// BrokerChannel.basicRecover: what a transaction has settled is passed over, and forgotten (cloudamqp/lavinmq#2206)
    case recoverStrandsWhatIsSettled = "reported.recover-strands-what-is-settled"

    // MARK: Transactions and confirms

    /// BrokerChannel.settle: the last of an empty list (cloudamqp/lavinmq#2206)
    case ackOfNothingFailsInATransaction = "reported.ack-of-nothing-fails-in-a-transaction"
    /// BrokerChannel.txRollback: what was published goes along with the next commit (fridujo/rabbitmq-mock#134)
    case rolledBackIsCommittedLater = "reported.rolled-back-is-committed-later"
    /// BrokerChannel.flushAnswers: an ack counts for all before it, also what was refused
    /// (cloudamqp/lavinmq#2072, pika/pika#911)
    case ackCoversTheRefused = "reported.ack-covers-the-refused"

    // MARK: Ways

    /// VirtualHost.goOn: all topic exchanges have one root (rabbitmq/rabbitmq-server#16271, #16425)
    case emptyKeyLeadsThroughEveryTopic = "reported.empty-key-leads-through-every-topic"
    /// TopicTree.matchByWord: at the end, behind a * and a word, # takes a word (cloudamqp/lavinmq#1607)
    case hashBehindAStarTakesAWord = "reported.hash-behind-a-star-takes-a-word"
    /// Exchange.detach: what was bound once to a topic exchange stays known (rabbitmq/rabbitmq-server#2079)
    case boundAgainIsNotBound = "reported.bound-again-is-not-bound"
    /// Exchange.detach: the router knows destinations and keys, no arguments (rabbitmq/rabbitmq-server#14533)
    case unbindTakesOtherArguments = "reported.unbind-takes-other-arguments"
    /// RoutingPass.reach: the first exchange that a binding leads to (cloudamqp/lavinmq#117)
    case onlyTheFirstExchangeIsReached = "reported.only-the-first-exchange-is-reached"
    /// VirtualHost.takeOut: the sources hear nothing of it (rabbitmq/rabbitmq-server#17255)
    case sourcesOutliveTheirDestination = "reported.sources-outlive-their-destination"
    /// HeadersRouter.matches: there is no such type there (absmach/supermq#23)
    case headersMatchNothing = "reported.headers-match-nothing"
    /// ConsistentHashRouter.remove: buckets of a large weight stay
    /// (rabbitmq/rabbitmq-consistent-hash-exchange#40, rabbitmq/rabbitmq-server#3594)
    case wideSharesLeaveHoles = "reported.wide-shares-leave-holes"
    /// ConsistentHashRouter.check: says that it has bound what it has not (cloudamqp/lavinmq#1724)
    case emptyWeightIsTaken = "reported.empty-weight-is-taken"
    /// BrokerCore.restore: the ring of hashes is empty after a start (rabbitmq/rabbitmq-server#3386)
    case hashesAreForgotten = "reported.hashes-are-forgotten"
    /// BrokerChannel.reply: fails while somebody traces (rabbitmq/rabbitmq-server#11665)
    case tracedRepliesAreLost = "reported.traced-replies-are-lost"
    /// BrokerChannel.fail: a text that is too long can't be written, and nothing is sent (bloomberg/amqpprox#84)
    case longReasonsAreNotSent = "reported.long-reasons-are-not-sent"
}

@inline(__always) func quirk(_ quirk: ReportedQuirk) -> Bool { isWrong(by: quirk) }
