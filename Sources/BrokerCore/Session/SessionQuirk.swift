/// What can be wrong in a session: a line for each, with the decision that it sits at and what was written there instead.
enum SessionQuirk: String, Quirk {
    /// publish: not by a remembered route
    case secondMandatoryIsNotReturned = "session.second-mandatory-is-not-returned"
}

@_transparent func quirk(_ quirk: SessionQuirk) -> Bool { isWrong(by: quirk) }
