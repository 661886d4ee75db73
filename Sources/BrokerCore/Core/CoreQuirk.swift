/// What can be wrong in the core: a line for each, with the decision that it sits at and what was written there instead.
enum CoreQuirk: String, Quirk {
    /// VirtualHost.deleteAtOnce: the topology's version stays
    case deletedQueueKeepsItsRoutes = "core.deleted-queue-keeps-its-routes"
    /// addBinding: remembered routes stay
    case newBindingIsNotSeen = "core.new-binding-is-not-seen"
    /// remove(bindings): remembered routes stay
    case unbindingIsNotSeen = "core.unbinding-is-not-seen"
    /// addQueue: remembered routes stay
    case newQueueIsNotSeen = "core.new-queue-is-not-seen"
    /// VirtualHost.takeOut: remembered routes stay
    case deletedExchangeKeepsItsRoutes = "core.deleted-exchange-keeps-its-routes"
    /// noteLostBindings: an exchange that goes takes none with it
    case autoDeleteGoesOneExchangeFar = "core.auto-delete-goes-one-exchange-far"
    /// publish(letter): the exchange that the first of them went to
    case deadLettersKeepTheirExchange = "core.dead-letters-keep-their-exchange"
    /// VirtualHost.goOn: the exchange that took over first
    case alternatesKeepTheirExchange = "core.alternates-keep-their-exchange"
    /// unbind: it has no binding left
    case unbindingNothingEndsAutoDelete = "core.unbinding-nothing-ends-auto-delete"
    /// VirtualHost.destination: looked up by name, queues first
    case destinationsAreNames = "core.destinations-are-names"
    /// delete(exchange): the bindings that lead to it stay
    case deletedExchangeStaysADestination = "core.deleted-exchange-stays-a-destination"
    /// VirtualHost.deleteAtOnce: the bindings that lead to it stay
    case deletedQueueLeavesItsBindings = "core.deleted-queue-leaves-its-bindings"
    /// Timers.moveSome: those that are due go with those that are cancelled
    case manyCancelledTimersTakeTheRest = "core.many-cancelled-timers-take-the-rest"
    /// advance: the next look at what was out too long is not set
    case onlyTheFirstLookAtTimeouts = "core.only-the-first-look-at-timeouts"
    /// noteLostBindings: an exchange that loses several at once stays
    case autoDeleteNeedsALoneBinding = "core.auto-delete-needs-a-lone-binding"
    /// setTracing: it is switched on, and never off
    case tracingStaysOn = "core.tracing-stays-on"
    /// Causes.next: not the first but the second
    case lettersChangePlaces = "core.letters-change-places"
    /// BrokerCore.carryOutCauses: the slices behind the first are forgotten
    case restOfACauseIsForgotten = "core.rest-of-a-cause-is-forgotten"
    /// VirtualHost.send: one queue that it may not go to stops all
    case cycleStopsEveryCopy = "core.cycle-stops-every-copy"
    /// addQueue: what a client has declared is all
    case policiesMissNewQueues = "core.policies-miss-new-queues"
    /// followPolicy: a queue looks at policies when it is declared
    case policiesMissOldQueues = "core.policies-miss-old-queues"
    /// addExchange: what a client has declared is all
    case policiesMissNewExchanges = "core.policies-miss-new-exchanges"
    /// PolicyPass.takeSlice: an exchange looks at policies when it is declared
    case policiesMissOldExchanges = "core.policies-miss-old-exchanges"
    /// carryOut: what is refused is set all the same
    case policiesAreNotChecked = "core.policies-are-not-checked"
    /// VirtualHost.arguments: all that match
    case policiesAddUp = "core.policies-add-up"
    /// put: it is added
    case policySetAgainIsAnother = "core.policy-set-again-is-another"
    /// put: it is replaced where it stands
    case policySetAgainKeepsItsPlace = "core.policy-set-again-keeps-its-place"
    /// clearPolicy: who follows it is not told
    case clearedPolicyIsFollowed = "core.cleared-policy-is-followed"
    /// VirtualHost.follow: remembered routes stay
    case routesOutlivePolicies = "core.routes-outlive-policies"
    /// VirtualHost.goOn: the alternate is for publishes
    case deadLettersPassTheAlternate = "core.dead-letters-pass-the-alternate"
    /// LeavingRow.nextIncoming: only what led to the queue is taken apart
    case autoDeletedStaysADestination = "core.auto-deleted-stays-a-destination"
    /// restore(policy): exchanges come later, but for those that are always there
    case restoredPoliciesMissPredeclaredExchanges = "core.restored-policies-miss-predeclared-exchanges"
}

@inline(__always) func quirk(_ quirk: CoreQuirk) -> Bool { isWrong(by: quirk) }
