import AMQPWire

// How what was caused before is published: dead letters, and copies for those who trace.

extension Message {
    /// What it counts to publish a message again: its properties are read and written anew.
    var unitsOfPublishingAgain: Int { 1 + contentCount / 256 + propertiesCount / 16 }
}

extension VirtualHost {
    /// Publishes what was caused before, by the work that is returned. Copies for those who trace are not copied again, nor
    /// what they cause.
    func carryOut(_ cause: Causes.Cause, isOfCopy: Bool) -> LongWork {
        switch cause {
        case .deadLetter(let letter): publish(letter, isOfCopy: isOfCopy)
        case .copy(let copy): publish(copy)
        }
    }

    /// Publishes a dead letter through its queue's dead-letter exchange, if there is one at this moment.
    private func publish(_ letter: DeadLetter, isOfCopy: Bool) -> LongWork {
        guard let name = letter.queue.arguments.deadLetterExchange,
            let exchange = exchange(name, isTheFirst: quirk(.deadLettersKeepTheirExchange))
        else {
            let isKept = letter.place != nil && quirk(.lettersToNowhereAreKept)
            return filling(nil, isOfCopy: isOfCopy) { _ in if !isKept { letter.noteSent(hasArrived: false) } }
        }
        do throws(BrokerError) {
            let again = try letter.republished(
                to: name, content(of: letter.message), now: core.now, core.configuration.dialect, load)
            let pass = try route(again.message, from: exchange, keys: again.keys)
            return filling(along: pass) { [self] targets in
                guard let targets else {
                    return filling(nil, isOfCopy: isOfCopy) { _ in letter.noteSent(hasArrived: true) }
                }
                return send(again, of: letter, to: targets, isOfCopy: isOfCopy)
            }
        } catch {
            core.log(.error, "a dead letter of \(letter.queue.label) is lost: \(error.text)")
            return filling(nil, isOfCopy: isOfCopy) { _ in letter.noteSent(hasArrived: true) }
        }
    }

    /// Puts a dead letter in those of its queues that may have it, and tells who keeps it whether it has arrived.
    private func send(
        _ again: DeadLetter.Republished, of letter: DeadLetter, to targets: [any Queue], isOfCopy: Bool
    ) -> LongWork {
        var open = again.open(targets)
        if open.count < targets.count, quirk(.cycleStopsEveryCopy) { open = [] }
        let leadsSomewhere = !open.isEmpty
        let isKept = letter.keeper != nil
        if !letter.taken.isEmpty, !quirk(quorum: .keptLettersGoToAllAgain) {
            open.removeAll { letter.taken.contains($0.name) }
        }
        let isAnswered = isKept && !quirk(quorum: .keptLettersAreNotRefused)
        let filling = Filling(again.message, open, isAnswered: isAnswered, notesTaken: isKept)
        return self.filling(filling, isOfCopy: isOfCopy, of: again) { filling in
            var letter = letter
            letter.taken.formUnion(filling?.taken ?? [])
            letter.ledSomewhere = leadsSomewhere
            letter.noteSent(hasArrived: leadsSomewhere && filling?.isAccepted != false)
        }
    }

    /// Publishes a copy for those who trace.
    private func publish(_ copy: Message) -> LongWork {
        guard let exchange = exchanges[copy.exchange] else { return filling(nil, isOfCopy: true) }
        do throws(BrokerError) {
            let pass = try route(copy, from: exchange, keys: [copy.routingKey])
            return filling(along: pass) { [self] targets in
                filling(Filling(copy, targets ?? [], isAnswered: false), isOfCopy: true)
            }
        } catch {
            core.log(.error, "a copy for the firehose is lost: \(error.text)")
            return filling(nil, isOfCopy: true)
        }
    }

    /// Goes on with a message's pass, in slices, and then with the work that `fill` makes of its targets; of nil where what
    /// was left of it went wrong.
    private func filling(
        along pass: RoutingPass<any Queue>, _ fill: @escaping ([any Queue]?) -> LongWork
    ) -> LongWork {
        if pass.isOver { return fill(pass.targets) }
        var (pass, work) = (pass, nil as LongWork?)
        return { [self] most in
            if let work { return work(most) }
            do throws(BrokerError) { try goOn(&pass) } catch {
                core.log(.error, "a message that is published again is lost: \(error.text)")
                work = fill(nil)
            }
            if work == nil, pass.isOver { work = fill(pass.targets) }
            return most
        }
    }

    /// Puts a message in its queues, then does `then`.
    private func filling(
        _ filling: Filling?, isOfCopy: Bool, of letter: DeadLetter.Republished? = nil,
        then: @escaping (Filling?) -> Void = { _ in }
    ) -> LongWork {
        var filling = filling
        return { [self] most in
            isTraced = isTracingOn && !isOfCopy
            republished = letter
            defer { (isTraced, republished) = (isTracingOn, nil) }
            let count = filling?.goOn(most) ?? 0
            guard count < most else { return count }
            if let message = filling?.message, message.storeEntry != 0 { _ = write(message) }
            then(filling)
            return count
        }
    }
}
