// What was found of a quorum queue becomes what is there.

extension QuorumQueue {
    /// Takes over what the log knows. What was handed out when the broker ended has come back by that, behind all that
    /// came back before.
    func restore(_ found: RecoveredQueue, nextPosition: UInt64, _ journal: QueueJournal) {
        var (returned, others): ([Waiting], [Waiting]) = ([], [])
        var abandoned: [QueuedMessage] = []
        var letters: [(turn: UInt64, letter: (message: QueuedMessage, reason: DeadLetter.Reason))] = []
        found.forEachRun { run in
            for message in run {
                let state = found.deliveries[message.position]
                let queued = QueuedMessage(
                    message: message.message, position: message.position, expiresAt: message.expiresAt,
                    returnCount: state?.returnCount ?? 0, failureCount: state?.failureCount)
                if let state, let reason = state.letter.flatMap(DeadLetter.Reason.init(number:)),
                    !quirk(quorum: .keptLettersComeBack)
                {
                    journal.restore(
                        state, at: queued.position, isToldBefore: found.toldBefore.contains(queued.position))
                    letters.append((state.turn ?? 0, (queued, reason)))
                    continue
                }
                switch (state, state?.turn) {
                case (nil, _): others.append(Waiting(queued, message.position, .max))
                case (_?, nil): abandoned.append(queued)
                case (let state?, let turn?):
                    if !quirk(quorum: .restoredStatesAreForgotten) {
                        journal.restore(
                            state, at: queued.position, isToldBefore: found.toldBefore.contains(queued.position))
                    }
                    if let before = state.before, !quirk(quorum: .endOfTheQueueIsForgotten) {
                        others.append(Waiting(queued, before, turn))
                    } else {
                        returned.append(
                            Waiting(queued, quirk(quorum: .returnedAreSortedByPlace) ? queued.position : 0, turn))
                    }
                }
            }
        }
        restore(others.sorted().map(\.message), nextPosition: nextPosition)
        for place in abandoned.indices {
            abandoned[place].noteReturn(isFailure: !quirk(quorum: .heldAtARestartHaveNotFailed))
        }
        let isLimited = !quirk(quorum: .onlyRejectionsReachTheLimit)
        let failed = abandoned.filter { isLimited && isOverTheLimit($0) }
        abandoned.removeAll { isLimited && isOverTheLimit($0) }
        for message in abandoned { journal.noteReturn(of: message, before: nil) }
        let inTurn = returned.sorted().map(\.message)
        let isTurned = !inTurn.isEmpty && !abandoned.isEmpty && quirk(quorum: .heldAtARestartComeFirst)
        restore(returned: isTurned ? abandoned + inTurn : inTurn + abandoned, overTheLimit: failed)
        restore(letters: letters.sorted { $0.turn < $1.turn }.map(\.letter))
        // For what is first now that all is in its place: a timer of what has expired further back would put this queue before
        // others whose time comes first.
        if !quirk(quorum: .restoredDoNotExpire) { setTimer() }
    }

    /// A message and its place among the others: what was put to the end stands before what came in later.
    private struct Waiting: Comparable {
        let message: QueuedMessage
        let position: UInt64
        let turn: UInt64

        init(_ message: QueuedMessage, _ position: UInt64, _ turn: UInt64) {
            (self.message, self.position, self.turn) = (message, position, turn)
        }

        static func < (one: Self, other: Self) -> Bool { (one.position, one.turn) < (other.position, other.turn) }
        static func == (one: Self, other: Self) -> Bool { (one.position, one.turn) == (other.position, other.turn) }
    }
}
