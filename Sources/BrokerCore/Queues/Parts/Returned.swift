extension QueuedMessage {
    /// As it goes back to a classic queue, one of several of which `first` is the first.
    func returned(
        with first: QueuedMessage, because reason: ReturnReason, to arguments: QueueArguments, now: Int64
    ) -> QueuedMessage {
        var message = self
        if position == first.position || !quirk(.oneOfTheReturnedIsRedelivered) {
            message.noteReturn(isFailure: reason != .released || quirk(.everyReturnIsAFailure))
        }
        if expiresAt != .max, quirk(.returnRenewsTheTimeToLive) { return arguments.renewed(message, at: now) }
        return message
    }
}

extension Dialect {
    /// What comes back to a quorum queue goes to its end.
    func putsAtTheEnd(what reason: ReturnReason, limit: Int64?) -> Bool {
        limit == nil && requeuesAtTheEnd && (reason != .abandoned || quirk(quorum: .abandonedGoToTheEnd))
    }
}
