/// What can be wrong in the core: a line for each, with the decision that it sits at and what was written there instead.
enum CoreQuirk: String, Quirk {
    /// delete(queue): the topology's version stays
    case deletedQueueKeepsItsRoutes = "core.deleted-queue-keeps-its-routes"
    /// restoreBinding: remembered routes stay
    case newBindingIsNotSeen = "core.new-binding-is-not-seen"
    /// remove(bindings): remembered routes stay
    case unbindingIsNotSeen = "core.unbinding-is-not-seen"
    /// restoreQueue: remembered routes stay
    case newQueueIsNotSeen = "core.new-queue-is-not-seen"
    /// remove(exchange): remembered routes stay
    case deletedExchangeKeepsItsRoutes = "core.deleted-exchange-keeps-its-routes"
    /// remove(bindings): an exchange that goes takes none with it
    case autoDeleteGoesOneExchangeFar = "core.auto-delete-goes-one-exchange-far"
    /// delete(queue): the bindings that lead to it stay
    case deletedQueueLeavesItsBindings = "core.deleted-queue-leaves-its-bindings"
    /// advance: the next look at what was out too long is not set
    case onlyTheFirstLookAtTimeouts = "core.only-the-first-look-at-timeouts"
}

@_transparent func quirk(_ quirk: CoreQuirk) -> Bool { isWrong(by: quirk) }
