/// What can be wrong in routing: a line for each, with the decision that it sits at and what was written there instead.
enum RoutingQuirk: String, Quirk {
    /// DirectRouter.remove: the list of the key goes
    case unbindingOneUnbindsItsKey = "routing.unbinding-one-unbinds-its-key"
}

@_transparent func quirk(_ quirk: RoutingQuirk) -> Bool { isWrong(by: quirk) }
