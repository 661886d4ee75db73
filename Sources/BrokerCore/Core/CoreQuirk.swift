/// What can be wrong in the core: a line for each, with the decision that it sits at and what was written there instead.
enum CoreQuirk: String, Quirk {
    /// delete(queue): the topology's version stays
    case deletedQueueKeepsItsRoutes = "core.deleted-queue-keeps-its-routes"
}

@_transparent func quirk(_ quirk: CoreQuirk) -> Bool { isWrong(by: quirk) }
