/// What can be wrong with what is kept on disk: a line for each, with the decision that it sits at and what was written
/// there instead.
enum StoreQuirk: String, Quirk {
    /// takeDeliveredBelow: the flag stays up
    case onlyFirstDeliveriesAreNoted = "store.only-first-deliveries-are-noted"

    // MARK: What is written

    /// StoredExchange.write: one bit forgotten
    case autoDeleteOfExchangesIsNotWritten = "store.auto-delete-of-exchanges-is-not-written"
    /// StoredExchange.write: one bit forgotten
    case internalIsNotWritten = "store.internal-is-not-written"
    /// StoredExchange.write: an empty table
    case argumentsOfExchangesAreNotWritten = "store.arguments-of-exchanges-are-not-written"
    /// StoredQueue.write: one bit forgotten
    case autoDeleteOfQueuesIsNotWritten = "store.auto-delete-of-queues-is-not-written"
    /// StoredQueue.write: an empty table
    case argumentsOfQueuesAreNotWritten = "store.arguments-of-queues-are-not-written"
    /// StoredBinding.write: an empty table
    case argumentsOfBindingsAreNotWritten = "store.arguments-of-bindings-are-not-written"
    /// StoredContent.write: the routing key is enough to find the queue
    case exchangesOfMessagesAreNotWritten = "store.exchanges-of-messages-are-not-written"
    /// StoredContent.write: they are in the properties (cloudamqp/lavinmq#436)
    case prioritiesAreNotWritten = "store.priorities-are-not-written"
    /// StoredContent.write: one bit forgotten
    case blindCopiesAreNotWritten = "store.blind-copies-are-not-written"
    /// StoredContent.write: it is in the properties
    case expiryOfMessagesIsNotWritten = "store.expiry-of-messages-is-not-written"
    /// StoredContent.write: one frame
    case bodiesStopAt128K = "store.bodies-stop-at-128-k"
    /// JournalRecord.write: one queue, one run
    case firstSettledRunIsWritten = "store.first-settled-run-is-written"
    /// Journal.write: a message, a place
    case firstCopyIsWritten = "store.first-copy-is-written"
    /// SettledRun.goesOn: compares positions alone
    case settledRunsGoOnInOtherQueues = "store.settled-runs-go-on-in-other-queues"
    /// SettledRun.goesOn: compares queues alone
    case settledRunsTakeAnyOrder = "store.settled-runs-take-any-order"
    /// VirtualHost.write: the log is told of declarations
    case exchangeDeletesAreNotWritten = "store.exchange-deletes-are-not-written"
    /// VirtualHost.deleteAtOnce: the log is told of declarations (cloudamqp/lavinmq#209)
    case queueDeletesAreNotWritten = "store.queue-deletes-are-not-written"
    /// VirtualHost.unbind: the log is told of declarations
    case unbindsAreNotWritten = "store.unbinds-are-not-written"
    /// VirtualHost.unbind: what was never declared is not in the log
    case predeclaredUnbindsAreNotWritten = "store.predeclared-unbinds-are-not-written"
    /// QueueJournal.enter: all that a durable queue holds
    case transientMessagesAreKept = "store.transient-messages-are-kept"
    /// QueueJournal.enter: only a message's own
    case timesToLiveOfQueuesAreNotWritten = "store.times-to-live-of-queues-are-not-written"
    /// QueueJournal.noteDelivery: one too few
    case lastDeliveryIsNotCounted = "store.last-delivery-is-not-counted"
    /// Journal.settle: another queue's copy is written down as gone, too
    case firstAckSettlesAnother = "store.first-ack-settles-another"
    /// VirtualHost.set: the log is told of declarations
    case policiesAreNotWritten = "store.policies-are-not-written"
    /// VirtualHost.clearPolicy: the log is told of what is set
    case clearsAreNotWritten = "store.clears-are-not-written"
    /// StoredPolicy.write: the default
    case prioritiesOfPoliciesAreNotWritten = "store.priorities-of-policies-are-not-written"

    // MARK: What is read back

    /// StoreRecovery.replay: they are left to the next exchange of that name
    case deletedExchangesLeaveBindings = "store.deleted-exchanges-leave-bindings"
    /// RecoveredQueue.remove: one too few
    case settledRunsEndEarly = "store.settled-runs-end-early"
    /// RecoveredQueue.noteDelivery: what is known is not looked at again
    case firstDeliveryNoteCounts = "store.first-delivery-note-counts"
    /// QueueNumbers.skip: 1 is free again
    case queueNumbersStartAnew = "store.queue-numbers-start-anew"
    /// BrokerCore.restore: the default of the initializer
    case restoredExchangesAreTransient = "store.restored-exchanges-are-transient"
    /// BrokerCore.restore: the default of the initializer
    case restoredQueuesAreTransient = "store.restored-queues-are-transient"
    /// BrokerCore.restore: the default of a new queue
    case positionsStartAnew = "store.positions-start-anew"
    /// BrokerCore.restore: positions go on behind what was found
    case transientPlacesAreForgotten = "store.transient-places-are-forgotten"
    /// BrokerCore.restore: found is come in
    case timesToLiveStartAnew = "store.times-to-live-start-anew"
    /// BrokerCore.restore: the default of the initializer (cloudamqp/lavinmq#1911)
    case nothingIsRedelivered = "store.nothing-is-redelivered"
    /// BrokerCore.restore: <=
    case oneMoreIsRedelivered = "store.one-more-is-redelivered"
    /// BrokerCore.keptVirtualHost: the one that is always there
    case oneVirtualHostIsRestored = "store.one-virtual-host-is-restored"
    /// Description: those of exchanges that are in the log
    case bindingsOfPredeclaredAreToldOnce = "store.bindings-of-predeclared-are-told-once"
    /// BrokerCore.restore: the default of the initializer
    case restoredExchangesArePublic = "store.restored-exchanges-are-public"
    /// RecoveredBindings.bind: what was told once is known
    case boundAgainIsForgotten = "store.bound-again-is-forgotten"
    /// QueueJournal.letterLeft: the queue waits for them forever
    case lettersAreNotCountedDown = "store.letters-are-not-counted-down"
    /// RecoveredBindings.ends: the source's
    case incomingBindingsOutliveTheirExchange = "store.incoming-bindings-outlive-their-exchange"
    /// StoredContent.write: one bit forgotten
    case failuresOfLettersAreNotWritten = "store.failures-of-letters-are-not-written"
    /// VirtualHost.write: the binding's end is all
    case endByUnbindIsNotWritten = "store.end-by-unbind-is-not-written"
    /// StoreContents.addFound: it ends behind what is gone
    case firstRunIsKeptWhole = "store.first-run-is-kept-whole"
    /// StoreContents.forEachRecord: compares positions alone
    case runsTakeOtherQueues = "store.runs-take-other-queues"
    /// VirtualHost.publish: an early return
    case lettersToNowhereAreKept = "store.letters-to-nowhere-are-kept"
}

@inline(__always) func quirk(_ quirk: StoreQuirk) -> Bool { isWrong(by: quirk) }
