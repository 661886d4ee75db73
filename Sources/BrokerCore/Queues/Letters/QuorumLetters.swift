// What a quorum queue does with dead letters that it keeps until they have arrived.

extension QuorumQueue {
    /// Only where publishes are refused: an overflow that dropped messages would drop letters (RabbitMQ).
    var keepsLetters: Bool {
        !letters.areLast && !isDeleted && arguments.deadLetterStrategy == .atLeastOnce
            && arguments.deadLetterExchange != nil
            && (arguments.overflow == .rejectPublish || quirk(quorum: .strategyNeedsNoRefusal))
    }

    /// A message dies here, and is kept until its letter has arrived.
    func keep(_ message: QueuedMessage, _ reason: DeadLetter.Reason) {
        log?.keepsLetter(of: message, because: reason)
        add(message, reason)
        sendLetters()
    }

    private func add(_ message: QueuedMessage, _ reason: DeadLetter.Reason) {
        load.hold(MemoryLayout<DeadLetter>.stride)
        letters.add(
            DeadLetter(
                message: message.message, queue: self, reason: reason, failureCount: message.failuresInAll,
                place: log.map { ($0, message) }, keeper: self))
    }

    /// Takes over dead letters that had not arrived when the broker ended, in that order. The queue's timer sends them,
    /// once everything is there that they may lead to.
    func restore(letters: [(message: QueuedMessage, reason: DeadLetter.Reason)]) {
        load.add(letters.map(\.message))
        for (message, reason) in letters {
            log?.awaitLetter(of: message)
            add(message, reason)
        }
    }

    /// Sends those whose time has come.
    func lookAfterLetters() {
        if letters.nextTry <= host.now { sendAgain() }
        if keepsLetters { sendLetters() } else if letters.restingCount > 0 { forgetLetters() }
    }

    private func sendLetters() {
        while keepsLetters, let letter = letters.next() { host.take(letter) }
    }

    func sendAgain() {
        for letter in letters.takeStuck(at: host.now) { host.take(letter) }
    }

    func prepareForDeletion() {
        if letters.count > 0, quirk(quorum: .keptLettersKeepTheirQueue) { return }
        letters.end()
        forgetLetters()
    }

    /// Returns how many they were. Those that are under way go on.
    @discardableResult
    func forgetLetters() -> Int {
        let forgotten = letters.takeResting()
        let count = forgotten.restingCount
        if count > 0 { host.forget({ forgotten.pop() }, { self.forget($0) }) }
        return count
    }

    private func forget(_ letter: DeadLetter) {
        load.remove(letter.message)
        load.hold(-MemoryLayout<DeadLetter>.stride)
        letter.releaseMessage()
    }
}

extension QuorumQueue: LetterKeeper {
    func letterArrived(_ letter: DeadLetter) {
        letters.arrived(letter)
        forget(letter)
        sendLetters()
    }

    func letterStayed(_ letter: DeadLetter) {
        if !keepsLetters || quirk(quorum: .lettersArriveAnyhow) { return letterArrived(letter) }
        letters.stayed(letter, now: host.now)
        if !quirk(quorum: .keptLettersWaitForAPolicy) { setTimer() }
        sendLetters()
    }
}
