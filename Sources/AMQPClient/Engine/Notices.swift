/// The listeners to one thing. Each hears all of it, in a mailbox of its own, and leaves at a cost that does not depend on how
/// many others there are.
struct Listeners<Element: Sendable>: Sendable {
    private var line = Line<Mailbox<Element>>()
    private var last: UInt64 = 0

    /// In the order in which they came.
    var mailboxes: [Mailbox<Element>] { line.elements }

    /// - Returns: the number under which it leaves.
    mutating func add(_ mailbox: Mailbox<Element>) -> UInt64 {
        last += 1
        line.append(mailbox, as: last)
        return last
    }

    mutating func remove(_ number: UInt64) { line.remove(number) }
}

/// A sequence of what the connection has to tell: its events, or a channel's returned messages.
///
/// It collects from the moment it was made, the latest 1 000 at most: a listener that has stopped listening must not
/// cost memory forever. It can be iterated once.
public struct Notices<Element: Sendable>: AsyncSequence, Sendable {
    /// How many may wait; when one more arrives, the oldest is dropped.
    public static var limit: Int { 1_000 }

    /// Ends the sequence at its source when the last copy is gone.
    private final class Membership: Sendable {
        private let leave: @Sendable () -> Void
        init(_ leave: @escaping @Sendable () -> Void) { self.leave = leave }
        deinit { leave() }
    }

    let mailbox: Mailbox<Element>
    private let membership: Membership

    init(_ mailbox: Mailbox<Element>, leave: @escaping @Sendable () -> Void) {
        self.mailbox = mailbox
        membership = Membership(leave)
    }

    /// Iterators share what has been collected: there should be one.
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(notices: self) }

    /// The iteration.
    public struct AsyncIterator: AsyncIteratorProtocol {
        let notices: Notices

        /// The next one; nil when there are no more or the task is cancelled. Throws what closed the channel.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(AMQPError) -> Element? {
            try await notices.mailbox.next()
        }
    }
}
