import AMQPWire

/// Publisher confirms of one channel (RabbitMQ, page "Publisher Confirms"): publishes are numbered from 1, and the
/// broker acknowledges or refuses the numbers, one or many at a time, in any order.
struct PublishConfirms: Sendable {
    /// A publish that waits for its confirm.
    private struct Unconfirmed: Sendable {
        var waiter: WaiterID?
        /// Kept for mandatory publishes only: what a return is recognised by.
        var mandatory: Publication?
        var returned: ReturnedMessage?
        var isSettled = false
    }

    struct Publication: Sendable, Equatable {
        var exchange: ShortString
        var routingKey: ShortString
        var message: Message
    }

    /// The number of the next publish.
    private(set) var nextSequence: UInt64 = 1
    /// Publishes not yet confirmed.
    private(set) var outstanding = 0
    /// From the oldest unsettled publish to the newest; settled ones in between stay until those before them go.
    private var window = FIFO<Unconfirmed>()
    /// Callers that wait until everything below a number is settled.
    private var waitingForAll: [(below: UInt64, waiter: WaiterID)] = []
    /// The first refusal or return since somebody last waited for all: of publishes that nobody awaits one by one.
    private var failure: AMQPError?

    private var base: UInt64 { nextSequence - UInt64(window.count) }

    /// Numbers a publish. The caller does this and writes the frames in one step.
    mutating func published(_ publication: @autoclosure () -> Publication, mandatory: Bool, waiter: WaiterID?) {
        window.append(Unconfirmed(waiter: waiter, mandatory: mandatory ? publication() : nil))
        nextSequence += 1
        outstanding += 1
    }

    /// A mandatory message came back. The return carries no number, so it goes to the oldest outstanding publish that
    /// was the same in every respect; the broker sends it before that publish's confirm.
    mutating func returned(_ message: ReturnedMessage, as publication: Publication) {
        for place in 0..<window.count {
            guard var entry = window[place], entry.returned == nil, entry.mandatory == publication else { continue }
            entry.returned = message
            window[place] = entry
            return
        }
    }

    /// `basic.ack` or `basic.nack` from the broker; tag 0 with `multiple` means all.
    mutating func settle(
        _ tag: UInt64, multiple: Bool, acknowledged: Bool, _ effects: inout Effects
    ) throws(ProtocolViolation) {
        let method = acknowledged ? BasicAck.id : BasicNack.id
        guard tag < nextSequence, tag > 0 || multiple else {
            throw ProtocolViolation(
                .commandInvalid, "\(method) confirms publish \(tag), the last one was \(nextSequence - 1)",
                method: method)
        }
        let base = self.base
        let last = tag == 0 ? nextSequence - 1 : tag
        if last >= base {
            let end = Int(last - base)
            for place in (multiple ? 0 : end)..<(end + 1) { settle(place, acknowledged, &effects) }
        }
        while window.first?.isSettled == true { _ = window.popFirst() }
        tellWhoWaitsForAll(&effects)
    }

    private mutating func settle(_ place: Int, _ acknowledged: Bool, _ effects: inout Effects) {
        // A number confirmed twice is not worth a connection: the first answer counts.
        guard var entry = window[place], !entry.isSettled else { return }
        entry.isSettled = true
        outstanding -= 1
        let problem: AMQPError? =
            if !acknowledged { .nacked } else { entry.returned.map(AMQPError.returned) }
        if let waiter = entry.waiter {
            if let problem { effects.fail(waiter, problem) } else { effects.answer(waiter, .done) }
        } else if let problem, failure == nil {
            failure = problem
        }
        entry.waiter = nil
        entry.mandatory = nil
        entry.returned = nil
        window[place] = entry
    }

    /// Answers the waiter once every publish so far is settled: at once, if they are.
    mutating func waitForAll(_ waiter: WaiterID, _ effects: inout Effects) {
        waitingForAll.append((nextSequence, waiter))
        tellWhoWaitsForAll(&effects)
    }

    private mutating func tellWhoWaitsForAll(_ effects: inout Effects) {
        let base = self.base
        while let next = waitingForAll.first, next.below <= base {
            waitingForAll.removeFirst()
            if let failure { effects.fail(next.waiter, failure) } else { effects.answer(next.waiter, .done) }
            failure = nil
        }
    }

    /// The caller no longer waits; its publish stays numbered, and its confirm will go to nobody.
    mutating func abandon(_ waiter: WaiterID) {
        waitingForAll.removeAll { $0.waiter == waiter }
        for place in 0..<window.count where window[place]?.waiter == waiter { window[place]?.waiter = nil }
    }

    /// The channel is gone: nobody will ever know of these, and those who wait are told so.
    mutating func failAll(_ error: AMQPError, _ effects: inout Effects) {
        for entry in window.elements where !entry.isSettled { effects.fail(entry.waiter, error) }
        for (_, waiter) in waitingForAll { effects.fail(waiter, error) }
        window.removeAll()
        waitingForAll = []
        outstanding = 0
    }
}

extension AMQPError {
    static let nacked = AMQPError(
        .nacked, scope: .client, text: "The broker did not take responsibility for the message",
        method: BasicNack.id)

    static func returned(_ message: ReturnedMessage) -> AMQPError {
        AMQPError(
            .returned(message), scope: .client, code: message.code,
            text: "The message came back from exchange '\(message.exchange)' with routing key "
                + "'\(message.routingKey)': \(message.replyText)",
            method: BasicReturn.id)
    }
}
