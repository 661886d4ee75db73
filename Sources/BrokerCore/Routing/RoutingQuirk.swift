/// What can be wrong in routing: a line for each, with the decision that it sits at and what was written there instead.
enum RoutingQuirk: String, Quirk {
    // MARK: Bindings: what tells them apart, and what is kept

    /// Destination.isDurable: an exchange is no queue, so nothing to keep (cloudamqp/lavinmq#45)
    case bindingsBetweenExchangesAreTransient = "routing.bindings-between-exchanges-are-transient"
    /// Binding.isDurable: those with arguments were left for later
    case bindingsWithArgumentsAreTransient = "routing.bindings-with-arguments-are-transient"
    /// Exchange.Route: source, destination and key, as it was before arguments came
    case argumentsAreNoIdentity = "routing.arguments-are-no-identity"
    /// Exchange.Route: the arguments' octets as they came, not sorted
    case argumentOrderIsIdentity = "routing.argument-order-is-identity"
    /// Exchange.route: a fanout exchange has no use for keys
    case fanoutKeysAreNoIdentity = "routing.fanout-keys-are-no-identity"
    /// Exchange.attach: a router that leads there already is left alone
    case firstBindingIsEnough = "routing.first-binding-is-enough"
    /// Exchange.detach: as long as another binding leads there, the router is left alone
    case lastUnbindCounts = "routing.last-unbind-counts"
    /// VirtualHost.bind: no look whether it is there
    case boundTwiceIsTwoBindings = "routing.bound-twice-is-two-bindings"
    /// Exchange.init: a length read into a signed octet
    case longAlternateNamesAreNone = "routing.long-alternate-names-are-none"
    /// Exchange.isStored: what deletes itself need not be kept
    case autoDeleteExchangesAreTransient = "routing.auto-delete-exchanges-are-transient"
    /// Binding.isDurable: asks whether the exchange is in the log
    case bindingsOfPredeclaredAreTransient = "routing.bindings-of-predeclared-are-transient"
    /// Exchange.Route: the arguments or the key
    case argumentsHideTheKey = "routing.arguments-hide-the-key"
    /// Exchange.follow: what the policy says
    case alternatesAreThePolicys = "routing.alternates-are-the-policys"

    // MARK: Routers

    /// DirectRouter.matches: a look-up gives one
    case directReachesTheFirst = "routing.direct-reaches-the-first"
    /// TopicRouter.remove: the list at the pattern's end goes, not the binding in it
    case topicUnbindEmptiesThePattern = "routing.topic-unbind-empties-the-pattern"
    /// TopicTree.remove: a * goes when no pattern ends there, whatever follows it
    case starIsPruned = "routing.star-is-pruned"
    /// TopicTree.remove: a # goes with any of the patterns behind it
    case hashIsPruned = "routing.hash-is-pruned"
    /// TopicTree.remove: a word goes when no pattern ends there, whatever follows it
    case wordIsPruned = "routing.word-is-pruned"
    /// TopicTree.matchByWord: one step over a # that stands for nothing, not as many as there are
    case secondHashTakesAWord = "routing.second-hash-takes-a-word"
    /// TopicTree.matchByWord: only a # at the end may stand for nothing
    case hashBeforeAWordTakesOne = "routing.hash-before-a-word-takes-one"
    /// TopicTree.matchByWord: else if
    case exactWordHidesStar = "routing.exact-word-hides-star"
    /// TopicTree.matchByWord: a word has letters
    case starIsNoEmptyWord = "routing.star-is-no-empty-word"
    /// TopicTree.matchByWord: the numbers start where they did the last time
    case topicStepsAreNotKept = "routing.topic-steps-are-not-kept"
    /// HeadersRouter.routesByKeyAlone: copied from another router
    case headersAreReadOnce = "routing.headers-are-read-once"
    /// HeadersRouter.agrees: an Int32
    case integersAreComparedIn32Bits = "routing.integers-are-compared-in-32-bits"
    /// HeadersRouter.agrees: a buffer of 128 octets
    case textsAreComparedThrough127 = "routing.texts-are-compared-through-127"
    /// HeadersRouter.matches: returns in the loop
    case anyIsTheFirst = "routing.any-is-the-first"
    /// HeadersRouter.add: one of the two words was forgotten
    case anyWithXLeavesXOut = "routing.any-with-xleaves-xout"
    /// ConsistentHashRouter.routesByKeyAlone: true for the key, and so for all
    case hashedHeadersAreReadOnce = "routing.hashed-headers-are-read-once"
    /// ConsistentHashRouter.add: no look whether the destination has a share (rabbitmq/rabbitmq-server#5121)
    case boundAgainIsAnotherShare = "routing.bound-again-is-another-share"
    /// ConsistentHashRouter.add: a weight is an octet
    case weightsStopAt255 = "routing.weights-stop-at-255"
    /// ConsistentHashRouter.remove: only the binding that has the share takes it along
    case shareStaysWithTheFirst = "routing.share-stays-with-the-first"
    /// ConsistentHashRouter: a header that is no string is none
    case hashedHeadersAreTexts = "routing.hashed-headers-are-texts"
    /// ConsistentHashRouter: the key's first word of memory
    case hashTakesEightOctets = "routing.hash-takes-eight-octets"
    /// LocalRandomRouter.routesByKeyAlone: the key decides
    case chanceIsAskedOnce = "routing.chance-is-asked-once"
    /// LocalRandomRouter.matchesEachKey: the default
    case chanceIsAskedForEachKey = "routing.chance-is-asked-for-each-key"
    /// LocalRandomRouter.matches: an index that is never set
    case firstIsRandomEnough = "routing.first-is-random-enough"
    /// LocalRandomRouter.remove: forgotten
    case randomKeepsWhatIsGone = "routing.random-keeps-what-is-gone"
    /// LocalRandomRouter.check: keys mean nothing anyway
    case randomTakesAnyKey = "routing.random-takes-any-key"
    /// Exchange.check: a queue is a queue
    case randomTakesAnyQueue = "routing.random-takes-any-queue"
    /// ModulusHashRouter.add: a queue is counted once
    case modulusCountsQueues = "routing.modulus-counts-queues"
    /// ModulusHashRouter.remove: what was sorted stays
    case modulusKeepsWhatIsGone = "routing.modulus-keeps-what-is-gone"
    /// ModulusHashRouter.matches: chance shares out evenly, too
    case modulusIsLeftToChance = "routing.modulus-is-left-to-chance"
    /// ModulusHashRouter.matches: the routing key, and no other
    case modulusKnowsNoCopies = "routing.modulus-knows-no-copies"
    /// DirectRouter.remove: the list of the key goes
    case unbindingOneUnbindsItsKey = "routing.unbinding-one-unbinds-its-key"
    /// TopicRouter.words: a table of 32
    case wordsEndAt32 = "routing.words-end-at-32"
    /// HeadersRouter.agrees: either of the two may be void
    case voidHeadersMatchAll = "routing.void-headers-match-all"
    /// HeadersRouter.matches: a table of eight
    case eightArgumentsAreCompared = "routing.eight-arguments-are-compared"
    /// TopicRouter.remove: counted out twice
    case topicUnbindForgetsTheDestination = "routing.topic-unbind-forgets-the-destination"
    /// TopicTree.newNode: a place that is used again is not all new
    case freedHashStaysOne = "routing.freed-hash-stays-one"
    /// HeadersRouter.add: "x", not "x-"
    case xAloneIsLeftOut = "routing.x-alone-is-left-out"
    /// ExchangeTypes.named: a word is a word
    case typesHaveNoCase = "routing.types-have-no-case"
    /// TopicTree.setInTable: the table is free, and its node keeps it
    case emptyTablesStayWithTheirNodes = "routing.empty-tables-stay-with-their-nodes"

    // MARK: A message's pass

    /// RoutingPass.next: only the first exchange is asked whether the key decides
    case innerHeadersAreReadOnce = "routing.inner-headers-are-read-once"
    /// RoutingPass.follow: CC and BCC were for the exchange that was published to
    case copiesStopAtTheSecondExchange = "routing.copies-stop-at-the-second-exchange"
    /// RoutingPass.follow: stops when one key has matched
    case firstMatchingKeyIsEnough = "routing.first-matching-key-is-enough"
    /// RoutingPass.follow: = for ||
    case lastKeyDecidesTheAlternate = "routing.last-key-decides-the-alternate"
    /// RoutingPass.reach: a table of sixteen
    case sixteenQueuesAtMost = "routing.sixteen-queues-at-most"
    /// RoutingPass.reach: no mark
    case queueIsReachedTwice = "routing.queue-is-reached-twice"
    /// VirtualHost.goOn: one key, one queue
    case copiesStopAtTheDefaultExchange = "routing.copies-stop-at-the-default-exchange"
    /// VirtualHost.goOn: asks the message rather than the exchange
    case alternateNeedsNothingReached = "routing.alternate-needs-nothing-reached"
    /// VirtualHost.goOn: asked before the loop
    case onlyTheFirstHasAnAlternate = "routing.only-the-first-has-an-alternate"
    /// RoutingPass.follow: asks what is new
    case reachedBeforeIsNoMatch = "routing.reached-before-is-no-match"
    /// RoutingPass.follow: CC and BCC lead through every exchange
    case copiesAreHashed = "routing.copies-are-hashed"
    /// RoutingPass.next: eight are deep enough
    case ninthExchangeIsNotReached = "routing.ninth-exchange-is-not-reached"

    // MARK: What a channel remembers, and what goes along

    /// VirtualHost.addExchange: a new exchange leads nowhere yet
    case routesOutliveNewExchanges = "routing.routes-outlive-new-exchanges"
    /// VirtualHost.deleteAtOnce: not when the queue goes (rabbitmq/rabbitmq-server#1705)
    case autoDeleteIsForUnbind = "routing.auto-delete-is-for-unbind"
    /// VirtualHost.noteLostBindings: no look whether it was the last
    case autoDeleteGoesWithAnyBinding = "routing.auto-delete-goes-with-any-binding"
}

@inline(__always) func quirk(_ quirk: RoutingQuirk) -> Bool { isWrong(by: quirk) }
