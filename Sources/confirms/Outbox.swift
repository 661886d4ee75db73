/// Orders on their way: each stays here until it is known what became of it.
struct Outbox {
    /// The most that may be unconfirmed at a time: when the connection is lost, so many may come twice.
    static let limit = 50

    /// Published, and not confirmed yet; the oldest first.
    private(set) var unconfirmed: [String] = []
    /// How many the broker did not take.
    private(set) var refused = 0
    private var rest: AnyIterator<String>

    init(_ orders: some Sequence<String>) { rest = AnyIterator(orders.makeIterator()) }

    /// The order to publish when so many of the unconfirmed ones are on their way already; nil when it is time to wait for
    /// a confirm.
    mutating func next(after published: Int) -> String? {
        if published == unconfirmed.count, published < Self.limit, let order = rest.next() { unconfirmed.append(order) }
        return published < unconfirmed.count ? unconfirmed[published] : nil
    }

    /// The broker has answered for the oldest.
    mutating func settleOldest(isTaken: Bool) {
        if !isTaken { refused += 1 }
        unconfirmed.removeFirst()
    }
}
