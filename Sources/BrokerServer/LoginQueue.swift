import BrokerCore

/// Whose password is checked next: of every address one at a time, the addresses in turn, and of one address the users in
/// turn. So neither a flood from elsewhere nor one of wrong names keeps a user waiting for more than a few checks.
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
        /// nil: nobody has the name that was given. All those are as one.
        var user: String?
        var run: @Sendable () -> Bool
        var finished: @Sendable (_ isRight: Bool) -> Void
    }

    /// The checks of one address.
    private struct Line: Sendable {
        var isRunning = false
        /// Whose turn it is, the first first.
        var users: [String?] = []
        var waiting: [String?: ArraySlice<Ticket>] = [:]
    }

    private var checks: [Ticket: Check] = [:]
    private var lines: [String: Line] = [:]
    private var sources: [String] = []

    var count: Int { checks.count }

    mutating func add(_ check: Check) {
        checks[check.ticket] = check
        if lines[check.source] == nil {
            lines[check.source] = Line()
            sources.append(check.source)
        }
        if lines[check.source]?.waiting[check.user] == nil { lines[check.source]?.users.append(check.user) }
        lines[check.source]?.waiting[check.user, default: []].append(check.ticket)
    }

    /// Forgets a check that nobody waits for any more.
    mutating func drop(_ ticket: Ticket) { checks[ticket] = nil }

    /// The check to run next; ``finished(_:)`` is to be called after it. nil: none may run now.
    mutating func next() -> Check? {
        for _ in 0..<sources.count {
            let source = sources.removeFirst()
            guard lines[source]?.isRunning == false else {
                sources.append(source)
                continue
            }
            guard let check = next(of: source) else {
                lines[source] = nil
                continue
            }
            lines[source]?.isRunning = true
            sources.append(source)
            return check
        }
        return nil
    }

    private mutating func next(of source: String) -> Check? {
        while let user = lines[source]?.users.first {
            lines[source]?.users.removeFirst()
            while let ticket = lines[source]?.waiting[user]?.popFirst() {
                // Not one that was dropped.
                guard let check = checks.removeValue(forKey: ticket) else { continue }
                lines[source]?.users.append(user)
                return check
            }
            lines[source]?.waiting[user] = nil
        }
        return nil
    }

    /// A check of this address is over.
    mutating func finished(_ check: Check) { lines[check.source]?.isRunning = false }
}
