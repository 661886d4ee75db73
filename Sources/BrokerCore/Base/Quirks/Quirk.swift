/// A way in which one decision of the broker can be wrong, by name: what a tired programmer would have written there.
///
/// It shows that the conformance suite notices faults with a memory, which no fault between a client and the broker can
/// have: "only the second time", "still as it was before the queue was deleted". Each layer has an enum of its own, a
/// case for each, and `quirk(.name)` stands at the decision:
///
///     if message.isLate && quirk(.lateMessagesAreKept) { … }
///     ready.count + 1 > limit - (quirk(.fitsExactlyIsRefused) ? 1 : 0)
///
/// The comment above the case begins with the function that asks for it, which a test compares, and says what was written
/// there instead.
///
/// It stands last, behind what makes the difference: a case of the suite is run with a quirk only if it was asked for, so
/// a quirk that is asked for everywhere costs a run of every case. Release builds have none: there it is `false`.
@_spi(Quirks) public protocol Quirk: RawRepresentable<String>, CaseIterable, Sendable {}

/// Whether the broker whose step this is was told to be wrong in this way.
@inline(__always)
func isWrong(by quirk: some Quirk) -> Bool {
    #if DEBUG
        QuirkWatch.isActive(quirk.rawValue)
    #else
        false
    #endif
}

/// What can be wrong in what all layers use: a line for each, with the decision that it sits at and what was written there
/// instead.
enum BaseQuirk: String, Quirk {
    /// FieldValue.isSame: an Int32
    case sameNumbersHave32Bits = "base.same-numbers-have-32-bits"
    /// CarbonCopies.keys: else if
    case carbonCopiesHideBlindOnes = "base.carbon-copies-hide-blind-ones"
    /// IdentityList.closeUp: where it begins stays what it was
    case closedUpListKeepsItsFront = "base.closed-up-list-keeps-its-front"
    /// Policy.matches: targets are not looked at
    case policiesForQueuesActOnExchanges = "base.policies-for-queues-act-on-exchanges"
    /// Policy.matches: targets are not looked at
    case policiesForExchangesActOnQueues = "base.policies-for-exchanges-act-on-queues"
    /// Policy.matches: a queue is a queue
    case policiesKnowNoQueueTypes = "base.policies-know-no-queue-types"
    /// Policy.matches: what means nothing is passed over
    case foreignKeysArePassedOver = "base.foreign-keys-are-passed-over"
    /// Policy.isMeant: a pattern is matched from the first letter on
    case patternsStandAtTheStart = "base.patterns-stand-at-the-start"
    /// NamePattern.matches: an anchor at the front is one for all that follows
    case firstAnchorHoldsForAll = "base.first-anchor-holds-for-all"
    /// Policy.precedes: <
    case lowestPriorityActs = "base.lowest-priority-acts"
    /// CarbonCopies.keys: <
    case longestCopiesArePassedOver = "base.longest-copies-are-passed-over"
}

@inline(__always) func quirk(_ quirk: BaseQuirk) -> Bool { isWrong(by: quirk) }
