import DataStructures

/// What a ``Publisher`` decides: what is sent when, what again, and what is said to whom. No time, no connection of its own.
///
/// What one message costs does not grow with how many others wait, but for a loss, which is told to all.
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

    /// Why a message has not left.
    enum Obstacle: Sendable, Equatable {
        /// The connection has just gone: ``PublisherState/down(_:now:_:)`` follows.
        case isGone
        /// Too much is unsent.
        case noRoom
        /// The broker takes nothing at present, for this reason.
        case blocked(String)
    }

    private struct Entry: Sendable {
        var publish: AMQPError.Publish
        /// When it came.
        var arrival: Int64
        /// The connection that it is on its way to; nil: it waits.
        var link: Int?
        /// It may have reached a broker, before the connection of that time was lost.
        var mayHaveArrived = false
        /// Nobody waits for it any longer.
        var isAbandoned = false
        /// When it has waited long enough for a connection; nil: there has always been one.
        var deadline: Int64?
        var isOut: Bool { link != nil }
    }

    /// The connection takes nothing at present.
    private struct Hold: Sendable {
        var since: Int64
        var reason: String?
    }

    private struct Place: HeapElement, Sendable {
        let id: UInt64
        func comes(before other: Place) -> Bool { id < other.id }
    }

    private let window: Int
    private let whileDown: Publisher.WhileDown
    private let resend: Publisher.Resend
    /// Milliseconds that a message may wait for a connection that takes nothing; nil: as long as it takes.
    private let heldLimit: Int64?

    private var entries: [UInt64: Entry] = [:]
    /// Those that are not out, by the order in which they came, which is that of their deadlines too. Some may be gone.
    private var waiting = Heap<Place>()
    private var out: Set<UInt64> = []
    /// The connection that is up; nil: none.
    private var link: Int?
    private var lastLink = 0
    private var lastID: UInt64 = 0
    private var hold: Hold?
    private var lastFailure: AMQPError?

    /// - Parameter confirmTimeout: how long a publish that does not wait for a connection may wait for one that is there;
    ///   zero: as long as it takes.
    init(
        window: Int, whileDown: Publisher.WhileDown, resend: Publisher.Resend, confirmTimeout: Duration = .seconds(60)
    ) {
        self.window = max(1, window)
        self.whileDown = whileDown
        self.resend = resend
        heldLimit =
            switch whileDown {
            case .wait(let limit): limit.milliseconds
            case .fail: confirmTimeout == .zero ? nil : confirmTimeout.milliseconds
            }
    }

    /// Messages whose outcome is open.
    var count: Int { entries.count }
    func publish(of id: UInt64) -> AMQPError.Publish? { entries[id]?.publish }

    // MARK: What a caller does

    mutating func publish(_ publish: AMQPError.Publish, now: Int64, _ effects: inout [Effect]) -> UInt64 {
        lastID += 1
        entries[lastID] = Entry(publish: publish, arrival: now)
        waiting.insert(Place(id: lastID))
        if link == nil { startWaiting(lastID, now, &effects) }
        if let hold, failsAtOnce(hold) { fail(lastID, held(hold), &effects) }
        wakeForFirst(&effects)
        sendMore(&effects)
        return lastID
    }

    /// The caller does not wait any longer. What has not left does not leave; for the rest, it only is not told.
    mutating func abandon(_ id: UInt64, _ effects: inout [Effect]) {
        guard let entry = entries[id] else { return }
        effects.append(.answer(id, .failure(.cancelled("the confirm of a publish"))))
        entries[id]?.isAbandoned = true
        if !entry.isOut, !entry.mayHaveArrived { remove(id, &effects) }
    }

    // MARK: What happens to the connection

    /// It is up, with nothing on its way.
    /// - Returns: its number, by which effects name it.
    mutating func up(_ effects: inout [Effect]) -> Int {
        lastLink += 1
        link = lastLink
        hold = nil
        lastFailure = nil
        sendMore(&effects)
        return lastLink
    }

    /// It is lost, or its channel, to which `error` says what happened. Nothing sent on it can succeed any more. Or there was
    /// none, and another attempt has failed.
    mutating func down(_ error: AMQPError, now: Int64, _ effects: inout [Effect]) {
        let wasUp = link != nil
        link = nil
        hold = nil
        // Only the channel: the next one is there in a moment.
        lastFailure = error.scope == .channel ? nil : error
        let culprits = Culprits(error)
        let sent = out.sorted()
        let areKnown = sent.contains { entries[$0].map { culprits.include($0.publish) } ?? false }
        out = []
        for id in sent {
            guard let entry = entries[id] else { continue }
            entries[id]?.link = nil
            entries[id]?.mayHaveArrived = true
            if culprits.include(entry.publish) {
                answer(id, .failure(error.about(entry.publish)), &effects)
            } else if resend == .never || culprits.exist && !areKnown || isOver(entry, now) {
                answer(id, .failure(.unknownOutcome(entry.publish, error)), &effects)
            } else {
                waiting.insert(Place(id: id))
            }
        }
        // Those that wait do so already, if there was no connection, or fail as there is none.
        if wasUp || whileDown == .fail { for id in entries.keys.sorted() { startWaiting(id, now, &effects) } }
        wakeForFirst(&effects)
    }

    /// No further attempt is made.
    mutating func end(_ error: AMQPError, now: Int64, _ effects: inout [Effect]) {
        if link != nil { down(error, now: now, &effects) }
        for id in entries.keys.sorted() { fail(id, error, &effects) }
        waiting = Heap()
        lastFailure = nil
    }

    /// The most messages that are told in one turn of the clock, which other connections' heartbeats wait for.
    static let deadlinesAtOnce = 256

    /// Tells those whose time is over. A ``Effect/wake(at:)`` says when to come again: at once, if there are more.
    mutating func timePassed(_ now: Int64, _ effects: inout [Effect]) {
        for _ in 0..<Self.deadlinesAtOnce {
            guard let (id, due) = firstDue(), due <= now else { break }
            fail(id, hold.map(held) ?? .notSent(whileDown, lastFailure), &effects)
        }
        wakeForFirst(&effects)
    }

    // MARK: What becomes of a message that was to be sent

    /// The broker has answered for it, or it can't be sent at all. An error of channel or connection is not said here:
    /// ``down(_:now:_:)`` knows more.
    mutating func settled(_ id: UInt64, link: Int, _ result: Result<Bool, AMQPError>, _ effects: inout [Effect]) {
        guard let entry = entries[id], entry.link == link else { return }
        if case .failure(let error) = result, error.scope != .client { return }
        out.remove(id)
        answer(
            id,
            result.mapError {
                $0.kind == .timedOut ? .unknownOutcome(entry.publish, $0) : $0.about(entry.publish)
            }, &effects)
        sendMore(&effects)
    }

    /// It has not left: there is no room for it yet, or the connection has just gone.
    mutating func notSent(
        _ id: UInt64, link: Int, _ obstacle: Obstacle, now: Int64, _ effects: inout [Effect]
    ) {
        guard let entry = entries[id], entry.link == link else { return }
        out.remove(id)
        entries[id]?.link = nil
        if entry.isAbandoned, !entry.mayHaveArrived { remove(id, &effects) } else { waiting.insert(Place(id: id)) }
        guard self.link == link, obstacle != .isGone else { return }
        if hold == nil {
            hold = Hold(since: now)
            effects.append(.awaitRoom(link: link))
        }
        if case .blocked(let reason) = obstacle { hold?.reason = reason }
        if let hold, failsAtOnce(hold) {
            while let first = firstWaiting() { fail(first, held(hold), &effects) }
        }
        wakeForFirst(&effects)
    }

    mutating func roomAgain(link: Int, _ effects: inout [Effect]) {
        guard self.link == link else { return }
        hold = nil
        sendMore(&effects)
    }

    // MARK: Inside

    private mutating func sendMore(_ effects: inout [Effect]) {
        guard let link, hold == nil else { return }
        while out.count < window, let id = firstWaiting() {
            _ = waiting.popFirst()
            entries[id]?.link = link
            out.insert(id)
            effects.append(.send(id, link: link))
        }
    }

    /// The one that has waited longest, which stays.
    private mutating func firstWaiting() -> UInt64? {
        while let first = waiting.first {
            if let entry = entries[first.id], !entry.isOut { return first.id }
            _ = waiting.popFirst()
        }
        return nil
    }

    // MARK: Waiting

    private mutating func startWaiting(_ id: UInt64, _ now: Int64, _ effects: inout [Effect]) {
        guard let entry = entries[id] else { return }
        switch whileDown {
        case .fail:
            // Before the first attempt nobody knows yet whether there is a connection.
            if lastFailure != nil { fail(id, .notSent(whileDown, lastFailure), &effects) }
        case .wait(let limit):
            // Once and for all: a connection that comes and goes must not keep a caller forever.
            if entry.deadline == nil { entries[id]?.deadline = now + limit.milliseconds }
        }
    }

    /// When whoever has waited longest has waited long enough. Nobody else has sooner: deadlines are set in the order in
    /// which the messages came, and a hold begins for all at once.
    private mutating func firstDue() -> (id: UInt64, due: Int64)? {
        guard link == nil || hold != nil, let id = firstWaiting(), let entry = entries[id] else { return nil }
        if let hold { return heldLimit.map { (id, max(hold.since, entry.arrival) + $0) } }
        return entry.deadline.map { (id, $0) }
    }

    private mutating func wakeForFirst(_ effects: inout [Effect]) {
        if let (_, due) = firstDue() { effects.append(.wake(at: due)) }
    }

    private func isOver(_ entry: Entry, _ now: Int64) -> Bool { entry.deadline.map { $0 <= now } ?? false }

    private func failsAtOnce(_ hold: Hold) -> Bool { whileDown == .fail && hold.reason != nil }

    private func held(_ hold: Hold) -> AMQPError { .held(failsAtOnce(hold) ? nil : heldLimit, hold.reason) }

    // MARK: Answers

    /// For one that is not out: if it ever was, nobody knows what became of it.
    private mutating func fail(_ id: UInt64, _ error: AMQPError, _ effects: inout [Effect]) {
        guard let entry = entries[id] else { return }
        answer(
            id,
            .failure(entry.mayHaveArrived ? .unknownOutcome(entry.publish, error) : error.about(entry.publish)),
            &effects)
    }

    private mutating func answer(_ id: UInt64, _ result: Result<Bool, AMQPError>, _ effects: inout [Effect]) {
        effects.append(.answer(id, result))
        remove(id, &effects)
    }

    private mutating func remove(_ id: UInt64, _ effects: inout [Effect]) {
        entries[id] = nil
        if waiting.count > 2 * (entries.count - out.count) + 64 {
            waiting.keep { [entries] in entries[$0.id].map { !$0.isOut } ?? false }
        }
        if entries.isEmpty { effects.append(.isEmpty) }
    }
}
