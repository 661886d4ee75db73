/// What can be wrong with what is kept on disk: a line for each, with the decision that it sits at and what was written
/// there instead.
enum StoreQuirk: String, Quirk {
    /// takeDeliveredBelow: the flag stays up
    case onlyFirstDeliveriesAreNoted = "store.only-first-deliveries-are-noted"
}

@_transparent func quirk(_ quirk: StoreQuirk) -> Bool { isWrong(by: quirk) }
