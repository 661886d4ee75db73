/// What can be wrong in a queue: a line for each, with the decision that it sits at and what was written there instead.
enum QueueQuirk: String, Quirk {
    /// wouldOverflow: >= instead of >
    case exactFitInOctetsIsRefused = "queue.exact-fit-in-octets-is-refused"
}

@_transparent func quirk(_ quirk: QueueQuirk) -> Bool { isWrong(by: quirk) }
