import BrokerCore

/// Whose password is checked next: of every address one at a time, the addresses in turn. Of one address those in turn whose
/// users have logged in from there before, and after each of them one of the others, in turn by their names. So neither a flood
/// from elsewhere nor one of wrong names keeps a user waiting for more than a few checks, once she was let in.
///
/// Whether anybody has a name is not asked here: how long others wait must not tell it.
struct LoginQueue: Sendable {
    /// Whose check it is.
    enum Ticket: Hashable, Sendable {
        case connection(ConnectionID)
        /// A client of the listing API.
        case listing(UInt64)
    }

    struct Check: Sendable {
        var ticket: Ticket
        /// The client's address, as far as it tells one client from another; see `ByteStream.source`.
        var source: String
        /// The name that was given.
        var name: String
        var run: @Sendable () -> Bool
        var finished: @Sendable (_ isRight: Bool) -> Void
    }

    /// Names in turn, and the checks of each.
    private struct Turns: Sendable {
        private var names: ArraySlice<String> = []
        private var waiting: [String: ArraySlice<Ticket>] = [:]

        mutating func add(_ ticket: Ticket, of name: String) {
            if waiting[name] == nil { names.append(name) }
            waiting[name, default: []].append(ticket)
        }

        /// The check that is next. Those are skipped that were dropped.
        mutating func next(of checks: inout [Ticket: Check]) -> Check? {
            while let name = names.popFirst() {
                while let ticket = waiting[name]?.popFirst() {
                    guard let check = checks.removeValue(forKey: ticket) else { continue }
                    names.append(name)
                    return check
                }
                waiting[name] = nil
            }
            return nil
        }

        var isEmpty: Bool { names.isEmpty }
        var count: Int { waiting.values.reduce(0) { $0 + $1.count } }

        mutating func forget(allBut checks: [Ticket: Check]) {
            waiting = waiting.compactMapValues { tickets -> ArraySlice<Ticket>? in
                let left = tickets.filter { checks[$0] != nil }
                return left.isEmpty ? nil : left[...]
            }
            let waiting = waiting
            names = names.filter { waiting[$0] != nil }[...]
        }
    }

    /// The checks of one address.
    private struct Line: Sendable {
        var isRunning = false
        var guests = Turns()
        var strangers = Turns()
        var isStrangersTurn = false
        var isOver: Bool { !isRunning && guests.isEmpty && strangers.isEmpty }

        mutating func forget(allBut checks: [Ticket: Check]) {
            guests.forget(allBut: checks)
            strangers.forget(allBut: checks)
        }

        mutating func next(of checks: inout [Ticket: Check]) -> Check? {
            defer { isStrangersTurn.toggle() }
            let first = isStrangersTurn ? strangers.next(of: &checks) : guests.next(of: &checks)
            return first ?? (isStrangersTurn ? guests.next(of: &checks) : strangers.next(of: &checks))
        }
    }

    /// Who was let in, and from where.
    private struct Visit: Hashable, Sendable {
        var source: String
        var name: String
    }

    private var checks: [Ticket: Check] = [:]
    private var lines: [String: Line] = [:]
    private var sources: ArraySlice<String> = []
    private var visits: Set<Visit> = []
    /// So many were dropped, at most, that still have their places in the lines.
    private var droppedCount = 0

    /// So many visits are remembered.
    private static let mostVisits = 10_000

    var count: Int { checks.count }
    /// How many have a place in a line.
    var placeCount: Int { lines.values.reduce(0) { $0 + $1.guests.count + $1.strangers.count } }

    mutating func add(_ check: Check) {
        checks[check.ticket] = check
        if lines[check.source] == nil { sources.append(check.source) }
        if visits.contains(Visit(source: check.source, name: check.name)) {
            lines[check.source, default: Line()].guests.add(check.ticket, of: check.name)
        } else {
            lines[check.source, default: Line()].strangers.add(check.ticket, of: check.name)
        }
    }

    /// Forgets a check that nobody waits for any more. Its place goes later, with as many others: what is left of who comes and
    /// goes is not more than what there is of who waits.
    mutating func drop(_ ticket: Ticket) {
        guard checks.removeValue(forKey: ticket) != nil else { return }
        droppedCount += 1
        guard droppedCount > 64, droppedCount > checks.count else { return }
        droppedCount = 0
        for source in sources { lines[source]?.forget(allBut: checks) }
        lines = lines.filter { !$0.value.isOver }
        let lines = lines
        sources = sources.filter { lines[$0] != nil }[...]
    }

    /// The check to run next; ``noteEnd(of:isRight:)`` is to be called after it. nil: none may run now.
    mutating func next() -> Check? {
        for _ in 0..<sources.count {
            guard let source = sources.popFirst() else { break }
            guard lines[source]?.isRunning == false else {
                sources.append(source)
                continue
            }
            guard let check = lines[source]?.next(of: &checks) else {
                lines[source] = nil
                continue
            }
            lines[source]?.isRunning = true
            sources.append(source)
            return check
        }
        return nil
    }

    /// A check is over: the next one of its address may run. If the password was right, the visit is remembered.
    mutating func noteEnd(of check: Check, isRight: Bool) {
        lines[check.source]?.isRunning = false
        guard isRight else { return }
        if visits.count >= Self.mostVisits { visits.removeAll() }
        visits.insert(Visit(source: check.source, name: check.name))
    }
}
