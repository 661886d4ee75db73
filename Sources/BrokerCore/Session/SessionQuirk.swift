/// What can be wrong in a session: a line for each, with the decision that it sits at and what was written there instead.
enum SessionQuirk: String, Quirk {
    /// BrokerChannel.deliver: not by a remembered route
    case secondMandatoryIsNotReturned = "session.second-mandatory-is-not-returned"
    /// handleClosing: a client's own channel.close is passed over
    case crossingChannelCloseIsNotAnswered = "session.crossing-channel-close-is-not-answered"
    /// release: what a transaction had settled is not put back
    case closingLosesUncommittedAcks = "session.closing-loses-uncommitted-acks"
    /// release: only the first slice of what is outstanding goes back
    case closingReturnsAThousand = "session.closing-returns-a-thousand"
    /// closeIfTimedOut: only what a consumer has counts
    case fetchedNeverTimesOut = "session.fetched-never-times-out"
    /// route(for:): the key is not compared with the remembered one
    case rememberedRouteIgnoresTheKey = "session.remembered-route-ignores-the-key"
    /// route(for:): the exchange is not compared with the remembered one
    case rememberedRouteIgnoresTheExchange = "session.remembered-route-ignores-the-exchange"
    /// route(for:): only the first publish of a channel is checked
    case writeRightIsCheckedOnce = "session.write-right-is-checked-once"
    /// route(for:): only the first publish of a channel is checked for an internal exchange
    case internalIsCheckedOnce = "session.internal-is-checked-once"
    /// message: not where the route is remembered
    case userIdIsCheckedOnce = "session.user-id-is-checked-once"
    /// publish: CC and BCC are not looked at where the route is remembered
    case rememberedRouteForgetsCopies = "session.remembered-route-forgets-copies"
    /// BrokerChannel.deliver: what CC and BCC reached is remembered for the key
    case routeWithCopiesIsRemembered = "session.route-with-copies-is-remembered"
    /// BrokerChannel.deliver: also where headers decide
    case headersRouteIsRemembered = "session.headers-route-is-remembered"
    /// enqueue: the answer of the last queue counts
    case lastQueueDecidesTheConfirm = "session.last-queue-decides-the-confirm"
    /// parse: the number is kept in sixteen bits
    case expirationIsCutToSixteenBits = "session.expiration-is-cut-to-sixteen-bits"
    /// parse: 0 is taken for no limit
    case expirationZeroIsNone = "session.expiration-zero-is-none"
    /// parse: >= instead of >
    case longestExpirationIsRefused = "session.longest-expiration-is-refused"
    /// basicQos: the count is kept in eight bits
    case prefetchIsAnOctet = "session.prefetch-is-an-octet"
    /// basicQos, global: the count is kept in eight bits
    case sharedPrefetchIsAnOctet = "session.shared-prefetch-is-an-octet"
    /// basicQos, global: what is outstanding does not count against the new limit
    case sharedWindowBeginsAnew = "session.shared-window-begins-anew"
    /// priority: x-priority is kept in eight bits with a sign
    case consumerPriorityIsAnOctet = "session.consumer-priority-is-an-octet"
    /// priority: below 0 there is nothing
    case negativePriorityIsNone = "session.negative-priority-is-none"
    /// basicCancel: a reply consumer is answered and stays
    case cancelledReplyConsumerStays = "session.cancelled-reply-consumer-stays"
    /// BrokerChannel.fetch: only what is to be acknowledged is numbered
    case noAckGetTakesNoTag = "session.no-ack-get-takes-no-tag"
    /// BrokerChannel.fetch: the message-count has all that the queue holds
    case getCountsTheUnacknowledged = "session.get-counts-the-unacknowledged"
    /// answer: the last declared queue is set once
    case firstDeclaredQueueStaysTheLast = "session.first-declared-queue-stays-the-last"
    /// answer: it returns too early where nothing is to be sent
    case noWaitDeclareIsNotTheLast = "session.no-wait-declare-is-not-the-last"
    /// answer: declare-ok counts all that the queue holds
    case declareCountsTheUnacknowledged = "session.declare-counts-the-unacknowledged"
    /// answer: consumer-count has those of the channel
    case declareCountsOwnConsumers = "session.declare-counts-own-consumers"
    /// BrokerChannel.delete: delete-ok counts all that the queue held
    case deleteCountsTheUnacknowledged = "session.delete-counts-the-unacknowledged"
    /// messageCount: the message-count is kept in eight bits
    case countsEndAtAnOctet = "session.counts-end-at-an-octet"
    /// queueDeclare: access is not checked where nothing would be declared
    case passiveDeclareSeesExclusiveQueues = "session.passive-declare-sees-exclusive-queues"
    /// queueDeclare: x-expires goes on although the queue was declared again
    case redeclareRenewsNoLease = "session.redeclare-renews-no-lease"
    /// queueBind: an empty key is replaced where the queue is named, too
    case emptyKeyBecomesTheQueueName = "session.empty-key-becomes-the-queue-name"
    /// queueUnbind: an empty key stays empty for the last declared queue
    case unbindTakesTheEmptyKey = "session.unbind-takes-the-empty-key"
    /// BrokerChannel.delete: else if
    case ifEmptyHidesIfUnused = "session.if-empty-hides-if-unused"
    /// BrokerChannel.delete: consumers of other channels are not seen
    case ifUnusedLooksAtOwnConsumers = "session.if-unused-looks-at-own-consumers"
    /// exchangeDeclare: passive is compared like any other
    case passiveDeclareComparesTheType = "session.passive-declare-compares-the-type"
    /// exchangeDeclare: amq.… is refused before it is looked up
    case predeclaredIsRefused = "session.predeclared-is-refused"
    /// exchangeDelete: one that is a destination is in use, too
    case ifUnusedCountsIncomingBindings = "session.if-unused-counts-incoming-bindings"
    /// hasRoomOfItsOwn: the channel's limit of the moment
    case qosChangesConsumersThatRun = "session.qos-changes-consumers-that-run"
    /// hasRoomOfItsOwn: <= instead of <, but for one
    case windowLetsOneMore = "session.window-lets-one-more"
    /// endWithQueue: the channel still has it by its tag
    case tagOfAVanishedConsumerStaysTaken = "session.tag-of-a-vanished-consumer-stays-taken"
    /// endWithQueue: only the last consumer of a channel hears of it
    case onlyOneConsumerIsNotified = "session.only-one-consumer-is-notified"
    /// nextDeliveryTag: it is kept in eight bits
    case deliveryTagsAreOctets = "session.delivery-tags-are-octets"
    /// settle: whether the tag is outstanding is only asked without multiple
    case multipleTakesAnyTag = "session.multiple-takes-any-tag"
    /// settle: the slices behind the first are forgotten
    case multipleEndsAfterAThousand = "session.multiple-ends-after-a-thousand"
    /// settle: of several that are refused only the first is dead-lettered
    case onlyTheFirstOfSeveralDies = "session.only-the-first-of-several-dies"
    /// requeue: of several queues only the first is given something back
    case onlyTheFirstQueueGetsItsOwnBack = "session.only-the-first-queue-gets-its-own-back"
    /// release: a message that was fetched counts, too
    case ackOfFetchedFreesTheWindow = "session.ack-of-fetched-frees-the-window"
    /// BrokerChannel.resumeBehindOthers: room is made when all is done
    case roomComesAfterWhatIsGivenBack = "session.room-comes-after-what-is-given-back"
    /// requeue: what a consumer gives back makes room for itself
    case returnedFreeNoSharedRoom = "session.returned-free-no-shared-room"
    /// release: what a cancelled consumer had stays in the shared window
    case ackAfterCancelFreesNoRoom = "session.ack-after-cancel-frees-no-room"
    /// basicRecover: the slices behind the first are forgotten
    case recoverEndsAfterAThousand = "session.recover-ends-after-a-thousand"
    /// flushAnswers: multiple is not set
    case severalConfirmsAreToldAsOne = "session.several-confirms-are-told-as-one"
    /// flushAnswers: the number is kept in eight bits
    case confirmNumbersAreOctets = "session.confirm-numbers-are-octets"
    /// BrokerChannel.begin: the queues of the publish are not looked at again
    case commitReachesDeletedQueues = "session.commit-reaches-deleted-queues"
    /// txCommit: the slices behind the first are forgotten
    case commitEndsAfterAThousand = "session.commit-ends-after-a-thousand"
    /// takeTransaction: what was published stays in it
    case transactionIsNotEmptied = "session.transaction-is-not-emptied"
    /// RollingBack.fill: what comes back stands behind what is there
    case rollbackAppends = "session.rollback-appends"
    /// contains: the tag is looked for, not the entry
    case aHoleIsStillContained = "session.a-hole-is-still-contained"
    /// resolve: a run of answers is not ended by another one
    case nackJoinsTheAcks = "session.nack-joins-the-acks"
    /// reply: the exchange is not compared
    case repliesComeThroughAnyExchange = "session.replies-come-through-any-exchange"
    /// has: what was found out of one right is answered for the others
    case rightsAreRememberedByNameAlone = "session.rights-are-remembered-by-name-alone"
    /// has: what does not go into the table is granted
    case rightsEndAtManyNames = "session.rights-end-at-many-names"
    /// check: there is nobody who may not publish to the default exchange
    case defaultExchangeNeedsNoRight = "session.default-exchange-needs-no-right"
    /// trace: the first of the routed queues is named
    case traceNamesOneQueue = "session.trace-names-one-queue"
    /// trace: routing_keys has the message's own key alone
    case traceLeavesCopiesOut = "session.trace-leaves-copies-out"
    /// txCommit: what was refused is taken for acknowledged
    case committedRefusalsDoNotDie = "session.committed-refusals-do-not-die"
    /// txSelect: what the transaction has so far is forgotten
    case secondTxSelectBeginsAnew = "session.second-tx-select-begins-anew"
    /// settle: a tag whose queue is gone is unknown
    case ackForADeletedQueueIsRefused = "session.ack-for-a-deleted-queue-is-refused"
    /// basicQos: a window for consumers to come leaves the shared one as it is
    case sharedWindowStays = "session.shared-window-stays"
    /// basicQos: the count is kept in sixteen bits with a sign
    case prefetchIsSigned = "session.prefetch-is-signed"
    /// freeTag: a tag is kept in 127 octets
    case longConsumerTagsAreCut = "session.long-consumer-tags-are-cut"
    /// handleClosing: content on a channel that is being closed is an error of the connection
    case contentBehindAnErrorIsFatal = "session.content-behind-an-error-is-fatal"
    /// exchangeDelete: amq.… is refused only for what is there
    case reservedNameThatIsNotThereIsDeleted = "session.reserved-name-that-is-not-there-is-deleted"
    /// exchangeUnbind: the arguments of the binding are left out
    case exchangeUnbindForgetsArguments = "session.exchange-unbind-forgets-arguments"
    /// exchangeBind: the right to the source is not asked for
    case exchangeBindNeedsNoRead = "session.exchange-bind-needs-no-read"
    /// exchangeUnbind: the right to the source is not asked for
    case exchangeUnbindNeedsNoRead = "session.exchange-unbind-needs-no-read"
    /// queueUnbind: the right to the source is not asked for
    case queueUnbindNeedsNoRead = "session.queue-unbind-needs-no-read"
    /// freeTag: the consumer of replies is in another place
    case tagOfTheReplyConsumerIsFree = "session.tag-of-the-reply-consumer-is-free"
    /// fail: what was published and not committed is published
    case errorsCommit = "session.errors-commit"
    /// begin: a publish that had a queue is not unroutable
    case goneSinceIsNotReturned = "session.gone-since-is-not-returned"
    /// basicRecover: an early return
    case recoverOfNothingIsNotAnswered = "session.recover-of-nothing-is-not-answered"
    /// release: with the queue everything of it is gone
    case ackForADeletedQueueFreesNoRoom = "session.ack-for-a-deleted-queue-frees-no-room"
    /// BrokerChannel.resumeSome: one is enough
    case roomIsForOneConsumer = "session.room-is-for-one-consumer"
    /// resolved: the last queue is the connection's
    case queueOfAnotherChannelIsTheLast = "session.queue-of-another-channel-is-the-last"
    /// queueDeclare: durable is durable
    case exclusiveQueuesAreDurable = "session.exclusive-queues-are-durable"
    /// Equivalence.check: return for continue
    case oneArgumentIsCompared = "session.one-argument-is-compared"
    /// Consumer.init: one bit hides another
    case exclusiveWithoutAcksIsShared = "session.exclusive-without-acks-is-shared"
    /// confirm: the channel's number is kept in eight bits
    case waitingChannelsAreOctets = "session.waiting-channels-are-octets"
    /// DeliveriesPart.closeHoles: the tags are closed up as if there were no holes
    case tagsKeepTheirHoles = "session.tags-keep-their-holes"
    /// forget: what is deleted is deleted
    case deletedQueueStaysItsOwners = "session.deleted-queue-stays-its-owners"
    /// whenCaughtUp: whatever is left to be dropped
    case nobodyWaitsForArrears = "session.nobody-waits-for-arrears"
    /// release: the slices behind the first are forgotten
    case closingChannelKeepsConsumers = "session.closing-channel-keeps-consumers"
    /// release: an error is no end
    case failedChannelKeepsItsReplies = "session.failed-channel-keeps-its-replies"
    /// RollingBack: the slices behind the first are forgotten
    case rollbackEndsAfterAThousand = "session.rollback-ends-after-a-thousand"
    /// fill: the answer is where most messages get theirs
    case largeFillingsAreNotConfirmed = "session.large-fillings-are-not-confirmed"
    /// goOn: what came of it is not looked at
    case largeFillingsAreAccepted = "session.large-fillings-are-accepted"
    /// endWithQueue: who holds something hears of it when it settles
    case holdersAreNotTold = "session.holders-are-not-told"
    /// RollingBack: one delivery for each settlement
    case rollbackGivesBackTheFirst = "session.rollback-gives-back-the-first"
    /// BrokerChannel.deliver: a reply is no publish
    case repliesAreNotConfirmed = "session.replies-are-not-confirmed"
    /// ReplyConsumer.deliver: as any other delivery
    case repliesTakeTags = "session.replies-take-tags"
    /// BrokerChannel.message: "" is not set
    case emptyUserIsNobody = "session.empty-user-is-nobody"
    /// delete: counts.ready + counts.unacknowledged
    case heldMessagesAreNotEmpty = "session.held-messages-are-not-empty"
    /// Equivalence.defaultValue: false is the default
    case deniedIsNotSaid = "session.denied-is-not-said"
    /// Equivalence.defaultValue: dropping from the head is the default
    case usualOverflowIsNotSaid = "session.usual-overflow-is-not-said"
    /// checkEquivalence(of queue): copied from the line above
    case exclusiveOnesMayLoseAutoDelete = "session.exclusive-ones-may-lose-auto-delete"
    /// checkEquivalence(of queue): && for !=
    case autoDeleteMayBeLeftOut = "session.auto-delete-may-be-left-out"
    /// checkEquivalence(of exchange): && for !=
    case onlyTheFlagsThatAreSetAreCompared = "session.only-the-flags-that-are-set-are-compared"
    /// exchangeBind: the destination is who is bound
    case destinationChecksTheBinding = "session.destination-checks-the-binding"
    /// settle: basic.nack is as good as basic.reject
    case everyRefusalIsAFailure = "session.every-refusal-is-a-failure"
    /// exchangeUnbind: an answer is an answer
    case unboundNothingIsAnswered = "session.unbound-nothing-is-answered"
    /// lastTag: the last entry, be it a hole
    case everythingIsTheLatest = "session.everything-is-the-latest"
    /// flushAnswers: multiple is set for acks
    case severalRefusalsAreToldAsOne = "session.several-refusals-are-told-as-one"
    /// sendPlaced: takes the properties as they came
    case bccStaysInStreams = "session.bcc-stays-in-streams"
    /// message: what is put together anew has no time to live
    case requestsNeverExpire = "session.requests-never-expire"
    /// basicQos: room is made by settling alone, and where octets leave it is not looked for either
    case raisedWindowResumesNobody = "session.raised-window-resumes-nobody"
}

@inline(__always) func quirk(_ quirk: SessionQuirk) -> Bool { isWrong(by: quirk) }
