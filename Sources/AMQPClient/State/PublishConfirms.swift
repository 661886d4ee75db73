import AMQPWire
import DataStructures

/// Publisher confirms of one channel (RabbitMQ, page "Publisher Confirms"): publishes are numbered from 1, and the
/// broker acknowledges or refuses the numbers, one or many at a time, in any order.
struct PublishConfirms: Sendable {
    /// A publish that waits for its confirm.
    private struct Unconfirmed: Sendable {
        var waiter: WaiterID?
        /// A call waits for the answer, and hears it whatever it is.
        var isAwaited = true
        var mandatory: Mandatory?
        var isSettled = false
    }

    /// Kept for mandatory publishes only: what a return is recognised by, and the return. Apart, as the window has an entry
    /// for each publish, and most are not mandatory.
    private final class Mandatory: Sendable {
        let publication: Publication
        let fingerprint: Int
        let returned: ReturnedMessage?

        init(_ publication: Publication, _ fingerprint: Int, returned: ReturnedMessage? = nil) {
            self.publication = publication
            self.fingerprint = fingerprint
            self.returned = returned
        }
    }

    struct Publication: Sendable, Equatable {
        var exchange: ShortString
        var routingKey: ShortString
        var message: Message

        /// The properties without those that a broker may have changed in a message that comes back. RabbitMQ takes the header
        /// `BCC` out, makes an address of a direct reply-to, and adds headers and a timestamp if it is configured to.
        private var kept: BasicProperties {
            var kept = message.properties
            (kept.headers, kept.replyTo, kept.timestamp) = (nil, nil, nil)
            (kept.deliveryMode, kept.priority, kept.expiration) = (nil, nil, nil)
            return kept
        }

        /// It may be the same message, before and after.
        func isAlike(_ other: Publication) -> Bool {
            exchange == other.exchange && routingKey == other.routingKey && kept == other.kept
                && message.body == other.message.body
        }

        /// The same for publishes that are alike; seldom for others. The body counts by its length and its ends: a
        /// fingerprint of all of it would cost a large message as much as sending it.
        var fingerprint: Int {
            var hasher = Hasher()
            hasher.combine(exchange)
            hasher.combine(routingKey)
            var header = ByteWriter()
            ContentHeader(bodySize: UInt64(message.body.count), properties: kept).write(to: &header)
            header.octets.withUnsafeBytes { hasher.combine(bytes: $0) }
            for end in [message.body.prefix(64), message.body.suffix(64)] {
                end.withUnsafeBytes { hasher.combine(bytes: $0) }
            }
            return hasher.finalize()
        }
    }

    /// The number of the next publish.
    private(set) var nextSequence: UInt64 = 1
    /// Publishes not yet confirmed.
    private(set) var outstanding = 0
    /// Those among them for whose answer no call waits, and it is not too late for it.
    private(set) var due = 0
    /// From the oldest unsettled publish to the newest; settled ones in between stay until those before them go.
    private var window = Ring<Unconfirmed>()
    /// The numbers of mandatory publishes that have not come back, by fingerprint, the oldest first. Those settled
    /// meanwhile leave when they come to the front.
    private var returnable: [Int: Ring<UInt64>] = [:]
    /// Callers whose publish is in the window and who no longer wait for its confirm.
    private var abandoned: Set<WaiterID> = []
    /// Callers that wait until everything below a number is settled.
    private var waitingForAll = Ring<(below: UInt64, waiter: WaiterID, isFarewell: Bool)>()
    /// The first refusal or return since somebody last waited for all: of publishes that nobody awaits one by one.
    private(set) var failure: AMQPError?

    private var base: UInt64 { nextSequence - UInt64(window.count) }

    /// Numbers a publish. The caller does this and writes the frames in one step.
    ///
    /// - Parameter isAwaited: the waiter is a call, and not something that may be asked later, or never.
    mutating func published(
        _ publication: @autoclosure () -> Publication, mandatory: Bool, waiter: WaiterID?, isAwaited: Bool = true
    ) {
        var entry = Unconfirmed(waiter: waiter, isAwaited: isAwaited && waiter != nil)
        if !entry.isAwaited { due += 1 }
        if mandatory {
            let publication = publication()
            let fingerprint = publication.fingerprint
            entry.mandatory = Mandatory(publication, fingerprint)
            returnable[fingerprint, default: Ring()].append(nextSequence)
        }
        window.append(entry)
        nextSequence += 1
        outstanding += 1
    }

    /// How many publishes that are alike are looked at for one that is the same.
    private static let closeLooks = 64

    /// A mandatory message came back. The return carries no number, so it goes to the oldest outstanding publish that
    /// was the same in every respect, or alike if there is none; the broker sends it before that publish's confirm.
    mutating func returned(_ message: ReturnedMessage, as publication: Publication) {
        let fingerprint = publication.fingerprint
        dropSettled(fingerprint)
        guard var numbers = returnable.removeValue(forKey: fingerprint) else { return }
        defer { if !numbers.isEmpty { returnable[fingerprint] = numbers } }
        // Almost always the first: others are different messages with the same fingerprint.
        var alike: Int?
        for place in 0..<numbers.count {
            if let alike, place - alike == Self.closeLooks { break }
            Steps.take()
            guard let other = unsettled(numbers[place])?.mandatory?.publication, other.isAlike(publication) else {
                continue
            }
            alike = alike ?? place
            if other.message.properties == publication.message.properties {
                alike = place
                break
            }
        }
        guard let alike else { return }
        let number = numbers[alike]
        window[Int(number - base)].mandatory = Mandatory(publication, fingerprint, returned: message)
        if alike == 0 { _ = numbers.popFirst() } else { numbers.removeAll { $0 == number } }
    }

    private func unsettled(_ number: UInt64) -> Unconfirmed? {
        guard number >= base, case let entry = window[Int(number - base)], !entry.isSettled else { return nil }
        return entry
    }

    /// `basic.ack` or `basic.nack` from the broker; tag 0 with `multiple` means all.
    mutating func settle(
        _ tag: UInt64, multiple: Bool, acknowledged: Bool, _ effects: inout Effects
    ) throws(ProtocolViolation) {
        let method = acknowledged ? BasicAck.id : BasicNack.id
        guard tag < nextSequence, tag > 0 || multiple else {
            throw ProtocolViolation(
                .commandInvalid, "\(method) confirms publish \(tag); the last one was \(nextSequence - 1)",
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
        var entry = window[place]
        guard !entry.isSettled else { return }
        entry.isSettled = true
        outstanding -= 1
        Steps.take()
        window[place] = Unconfirmed(isSettled: true)
        let problem: AMQPError? =
            if !acknowledged { .nacked } else { entry.mandatory?.returned.map(AMQPError.returned) }
        let isAbandoned = entry.waiter.map { !abandoned.isEmpty && abandoned.remove($0) != nil } ?? false
        if !entry.isAwaited, !isAbandoned { due -= 1 }
        if let waiter = entry.waiter, !isAbandoned {
            if let problem { effects.fail(waiter, problem) } else { effects.answer(waiter, .done) }
        } else if let problem, failure == nil || !acknowledged && failure?.kind != .nacked {
            // A return may be heard otherwise: a refusal takes its place.
            failure = problem
        }
        if let mandatory = entry.mandatory { dropSettled(mandatory.fingerprint) }
    }

    private mutating func dropSettled(_ fingerprint: Int) {
        guard var numbers = returnable.removeValue(forKey: fingerprint) else { return }
        while let first = numbers.first, unsettled(first) == nil {
            Steps.take()
            _ = numbers.popFirst()
        }
        if !numbers.isEmpty { returnable[fingerprint] = numbers }
    }

    /// Answers the waiter once every publish so far is settled: at once, if they are.
    ///
    /// - Parameter isFarewell: it looks for what nobody has heard, and if the channel ends it has not told anybody yet.
    mutating func waitForAll(_ waiter: WaiterID, isFarewell: Bool = false, _ effects: inout Effects) {
        waitingForAll.append((nextSequence, waiter, isFarewell))
        tellWhoWaitsForAll(&effects)
    }

    /// Answers a farewell once every publish so far is settled; at once, if calls wait for all that are not.
    mutating func waitForDue(_ waiter: WaiterID, _ effects: inout Effects) {
        if due > 0 { return waitForAll(waiter, isFarewell: true, &effects) }
        answerWhoWaitsForAll(waiter, &effects)
    }

    private mutating func answerWhoWaitsForAll(_ waiter: WaiterID, _ effects: inout Effects) {
        if let failure { effects.fail(waiter, failure) } else { effects.answer(waiter, .done) }
        failure = nil
    }

    private mutating func tellWhoWaitsForAll(_ effects: inout Effects) {
        let base = self.base
        while let next = waitingForAll.first, next.below <= base {
            _ = waitingForAll.popFirst()
            if abandoned.remove(next.waiter) != nil { continue }
            answerWhoWaitsForAll(next.waiter, &effects)
        }
    }

    /// The caller no longer waits; its publish stays numbered, and its confirm will go to nobody. It is not searched for:
    /// the confirm finds it.
    ///
    /// - Parameter isAwaited: as when it was published.
    mutating func abandon(_ waiter: WaiterID, isAwaited: Bool = true) {
        abandoned.insert(waiter)
        if !isAwaited { due -= 1 }
    }

    /// The channel is gone: nobody will ever know of these, and those who wait are told so.
    ///
    /// - Returns: true if a call has heard it.
    mutating func failAll(_ error: AMQPError, _ effects: inout Effects) -> Bool {
        var isTold = false
        for entry in window where !entry.isSettled {
            guard let waiter = entry.waiter, !abandoned.contains(waiter) else { continue }
            effects.fail(waiter, error)
            if entry.isAwaited { isTold = true }
        }
        for (_, waiter, isFarewell) in waitingForAll where !abandoned.contains(waiter) {
            effects.fail(waiter, error)
            if !isFarewell { isTold = true }
        }
        window.removeAll()
        returnable = [:]
        abandoned = []
        waitingForAll.removeAll()
        (outstanding, due) = (0, 0)
        return isTold
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
