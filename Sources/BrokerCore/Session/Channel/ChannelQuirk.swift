import AMQPWire

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
    /// BrokerChannel.queueBind: it is bound like any other
    case repliesMayBeBound = "session.replies-may-be-bound"
    /// BrokerChannel.basicGet: nothing waits for who consumes replies
    case repliesMayBeFetched = "session.replies-may-be-fetched"
    /// BrokerChannel.queuePurge: as in later releases
    case repliesMayBePurged = "session.replies-may-be-purged"
    /// BrokerChannel.enqueue: a reply is routed, whoever is there
    case repliesToNobodyAreNotReturned = "session.replies-to-nobody-are-not-returned"
    /// BrokerChannel.enqueue: it has come to a queue
    case repliesAreNotCopied = "session.replies-are-not-copied"
    /// BrokerChannel.queueDeclare: the right is to the name that the client has given
    case unnamedQueuesAreCheckedWithoutTheirName = "session.unnamed-queues-are-checked-without-their-name"
    /// BrokerChannel.queueDeclare: an empty name is no exchange's
    case deadLettersToTheDefaultNeedNoRight = "session.dead-letters-to-the-default-need-no-right"
    /// BrokerChannel.exchangeDeclare: nobody waits for what comes of it
    case silentDeclaresAreNotCompared = "session.silent-declares-are-not-compared"
    /// FieldTable.moves: one after the other
    case argumentOrderIsCompared = "session.argument-order-is-compared"
    /// LeavingConsumers.go: one consumer is all that a queue has
    case endsTakeQueuesAlong = "session.ends-take-queues-along"
    /// Output.content: who has published it knows it anyway
    case bccStaysInReturns = "session.bcc-stays-in-returns"
    /// BrokerChannel.handleClosing: opened again, not made anew
    case channelsAreUsedAgain = "session.channels-are-used-again"
    /// BrokerChannel.requeue: break for continue
    case deletedQueueEndsTheRow = "session.deleted-queue-ends-the-row"
    /// BrokerChannel.message: requests go straight to a queue
    case requestsGoToTheDefaultExchange = "session.requests-go-to-the-default-exchange"
    /// ReplyConsumer.deliver: a window is a window
    case repliesNeedRoom = "session.replies-need-room"
    /// BrokerChannel.deliver: a binding has matched
    case anExchangeIsRouteEnough = "session.an-exchange-is-route-enough"
    /// BrokerChannel.queuePurge: begun, and never done
    case purgesWaitForTheCommit = "session.purges-wait-for-the-commit"
    /// BrokerConnection.handleRunning: what is no success needs no answer
    case onlySuccessIsAnswered = "session.only-success-is-answered"
    /// BrokerChannel.route: as in queue.bind
    case emptyKeyIsTheLastQueue = "session.empty-key-is-the-last-queue"
    /// Expiration.parse: what is too long is as long as may be
    case tooLongExpirationsAreCut = "session.too-long-expirations-are-cut"
}

@inline(__always) func quirk(_ quirk: ChannelQuirk) -> Bool { isWrong(by: quirk) }

extension FieldTable {
    /// For a quirk: a field stands elsewhere in the other table.
    func moves(_ name: ShortString, from other: FieldTable) -> Bool {
        fields.count > 1 && quirk(.argumentOrderIsCompared)
            && names.firstIndex(of: name) != other.names.firstIndex(of: name)
    }
}
