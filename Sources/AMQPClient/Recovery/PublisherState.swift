import DataStructures

/// What a ``Publisher`` decides: what is sent when, what again, and what is said to whom. No time, no connection of its own.
struct PublisherState: Sendable {
    enum Effect: Sendable, Equatable {
        /// To the connection that came up as this one.
        case send(UInt64, link: Int)
        case answer(UInt64, Result<Bool, AMQPError>)
        /// Tell when the connection has room again.
        case awaitRoom(link: Int)
        case wake(at: Int64)
        case isEmpty
    }

    private struct Entry: Sendable {
        var publish: AMQPError.Publish
        /// The connection that it was last sent on; nil: none yet.
        var link: Int?
        var isOut = false
        /// When it has waited long enough for a connection; nil: there has always been one.
        var deadline: Int64?
    }

    private let window: Int
    private let whileDown: Publisher.WhileDown
    private let resend: Publisher.Resend

    private var entries: [UInt64: Entry] = [:]
    /// Those that are not out, in the order in which they came. Some may be gone meanwhile.
    private var waiting = Ring<UInt64>()
    private var out = 0
    /// The connection that is up; nil: none.
    private var link: Int?
    private var lastLink = 0
    private var lastID: UInt64 = 0
    /// The connection takes nothing at present.
    private var isHeld = false
    private var lastFailure: AMQPError?

    init(window: Int, whileDown: Publisher.WhileDown, resend: Publisher.Resend) {
        self.window = max(1, window)
        self.whileDown = whileDown
        self.resend = resend
    }

    /// Messages whose outcome is open.
    var count: Int { entries.count }
    func publish(of id: UInt64) -> AMQPError.Publish? { entries[id]?.publish }

    // MARK: What a caller does

    mutating func publish(_ publish: AMQPError.Publish, now: Int64, _ effects: inout [Effect]) -> UInt64 {
        lastID += 1
        entries[lastID] = Entry(publish: publish)
        waiting.append(lastID)
        if link == nil { startWaiting(lastID, now, &effects) }
        sendMore(&effects)
        return lastID
    }

    /// The caller does not wait any longer. What has not left does not leave; for the rest, it only is not told.
    mutating func abandon(_ id: UInt64, _ effects: inout [Effect]) {
        guard let entry = entries[id] else { return }
        effects.append(.answer(id, .failure(.cancelled("the confirm of a publish"))))
        if entry.link == nil { remove(id, &effects) }
    }

    // MARK: What happens to the connection

    /// It is up, with nothing on its way.
    /// - Returns: its number, by which effects name it.
    mutating func up(_ effects: inout [Effect]) -> Int {
        lastLink += 1
        link = lastLink
        isHeld = false
        lastFailure = nil
        sendMore(&effects)
        return lastLink
    }

    /// It is lost, or its channel, to which `error` says what happened. Nothing sent on it can succeed any more.
    mutating func down(_ error: AMQPError, now: Int64, _ effects: inout [Effect]) {
        link = nil
        isHeld = false
        lastFailure = error
        let culprits = Culprits(error)
        for id in entries.keys.sorted() {
            guard let entry = entries[id] else { continue }
            if entry.isOut {
                entries[id]?.isOut = false
                out -= 1
                if culprits.include(entry.publish) {
                    answer(id, .failure(error.about(entry.publish)), &effects)
                    continue
                }
                if resend == .never || culprits.areUnknown || isOver(entry, now) {
                    answer(id, .failure(.unknownOutcome(entry.publish, error)), &effects)
                    continue
                }
            }
            startWaiting(id, now, &effects)
        }
        waiting.removeAll()
        for id in entries.keys.sorted() { waiting.append(id) }
    }

    /// No further attempt is made.
    mutating func end(_ error: AMQPError, now: Int64, _ effects: inout [Effect]) {
        if link != nil { down(error, now: now, &effects) }
        for id in entries.keys.sorted() { fail(id, error, &effects) }
        waiting.removeAll()
        lastFailure = nil
    }

    mutating func timePassed(_ now: Int64, _ effects: inout [Effect]) {
        guard link == nil else { return }
        var next: Int64?
        for id in entries.keys.sorted() {
            guard let entry = entries[id], let deadline = entry.deadline, !entry.isOut else { continue }
            if deadline <= now {
                fail(id, .notSent(whileDown, lastFailure), &effects)
            } else {
                next = min(next ?? deadline, deadline)
            }
        }
        if let next { effects.append(.wake(at: next)) }
    }

    // MARK: What becomes of a message that was to be sent

    /// The broker has answered for it, or it can't be sent at all. An error of channel or connection is not said here:
    /// ``down(_:now:_:)`` knows more.
    mutating func settled(_ id: UInt64, link: Int, _ result: Result<Bool, AMQPError>, _ effects: inout [Effect]) {
        guard let entry = entries[id], entry.isOut, entry.link == link else { return }
        if case .failure(let error) = result, error.scope != .client { return }
        entries[id]?.isOut = false
        out -= 1
        answer(
            id,
            result.mapError {
                $0.kind == .timedOut ? .unknownOutcome(entry.publish, $0) : $0.about(entry.publish)
            }, &effects)
        sendMore(&effects)
    }

    /// There is no room for it yet, or the connection has just gone: then a ``down(_:now:_:)`` follows.
    mutating func notSent(_ id: UInt64, link: Int, isGone: Bool, _ effects: inout [Effect]) {
        guard let entry = entries[id], entry.isOut, entry.link == link else { return }
        entries[id]?.isOut = false
        out -= 1
        var later = Array(waiting)
        later.insert(id, at: later.firstIndex { $0 > id } ?? later.endIndex)
        waiting.removeAll()
        for id in later { waiting.append(id) }
        if !isHeld, !isGone, self.link == link { effects.append(.awaitRoom(link: link)) }
        isHeld = true
    }

    mutating func roomAgain(link: Int, _ effects: inout [Effect]) {
        guard self.link == link else { return }
        isHeld = false
        sendMore(&effects)
    }

    // MARK: Inside

    private mutating func sendMore(_ effects: inout [Effect]) {
        guard let link, !isHeld else { return }
        while out < window, let id = waiting.popFirst() {
            guard entries[id] != nil else { continue }
            entries[id]?.link = link
            entries[id]?.isOut = true
            out += 1
            effects.append(.send(id, link: link))
        }
    }

    private mutating func startWaiting(_ id: UInt64, _ now: Int64, _ effects: inout [Effect]) {
        guard let entry = entries[id] else { return }
        switch whileDown {
        case .fail:
            // Before the first attempt nobody knows yet whether there is a connection.
            if lastFailure != nil { fail(id, .notSent(whileDown, lastFailure), &effects) }
        case .wait(let limit):
            // Once and for all: a connection that comes and goes must not keep a caller forever.
            let deadline = entry.deadline ?? now + limit.milliseconds
            entries[id]?.deadline = deadline
            effects.append(.wake(at: deadline))
        }
    }

    private func isOver(_ entry: Entry, _ now: Int64) -> Bool { entry.deadline.map { $0 <= now } ?? false }

    /// For one that is not out: if it ever was, nobody knows what became of it.
    private mutating func fail(_ id: UInt64, _ error: AMQPError, _ effects: inout [Effect]) {
        guard let entry = entries[id] else { return }
        answer(
            id, .failure(entry.link == nil ? error.about(entry.publish) : .unknownOutcome(entry.publish, error)),
            &effects)
    }

    private mutating func answer(_ id: UInt64, _ result: Result<Bool, AMQPError>, _ effects: inout [Effect]) {
        effects.append(.answer(id, result))
        remove(id, &effects)
    }

    private mutating func remove(_ id: UInt64, _ effects: inout [Effect]) {
        entries[id] = nil
        if entries.isEmpty { effects.append(.isEmpty) }
    }
}

/// Whose fault it is that the broker closed the channel: of several messages on their way one was refused, and the broker
/// says which only in words.
private struct Culprits {
    private let exchange: Substring?
    /// It was some message, nobody knows which: none is sent again, or the same would happen forever.
    let areUnknown: Bool

    init(_ error: AMQPError) {
        let isPublish = error.kind == .closedByBroker && error.scope == .channel
        // NOT_FOUND - no exchange 'orders' in vhost '/'
        let parts = error.text.split(separator: "'", omittingEmptySubsequences: false)
        let names = isPublish && parts.count > 1 && parts[0].hasSuffix("exchange ")
        exchange = names ? parts[1] : nil
        areUnknown = isPublish && exchange == nil
    }

    func include(_ publish: AMQPError.Publish) -> Bool { exchange.map { $0 == publish.exchange } ?? false }
}

extension AMQPError {
    static func unknownOutcome(_ publish: Publish, _ cause: AMQPError) -> AMQPError {
        var error = AMQPError(
            .unknownOutcome, scope: .client, code: cause.code,
            text: "Nobody knows whether the message to exchange '\(publish.exchange)' with routing key "
                + "'\(publish.routingKey)' arrived: \(cause.text)")
        error.publish = publish
        return error
    }

    static func notSent(_ whileDown: Publisher.WhileDown, _ cause: AMQPError?) -> AMQPError {
        let why = cause.map { ": \($0.text)" } ?? ""
        return switch whileDown {
        case .fail: AMQPError(.unreachable, scope: .client, text: "No connection, so the message was not sent\(why)")
        case .wait(let limit):
            AMQPError(
                .timedOut, scope: .client, text: "No connection within \(limit), so the message was not sent\(why)",
                nextStep: Advice.next(kind: .unreachable))
        }
    }
}
