import AMQPWire

/// A message's pass through exchanges: what it has reached, each target and each exchange once.
struct RoutingPass<Target> {
    /// No other pass has it.
    private let number: UInt64
    private(set) var targets: [Target] = []
    /// The keys decided, and no header did: another message with the same keys goes the same way.
    private(set) var dependsOnKeysAlone = true
    /// How many bindings, and places in a router, were looked at.
    private(set) var places = 0
    /// Reached, and not yet gone through.
    private var exchanges: [Exchange<Target>]
    /// How many were gone through.
    private var visited = 0

    init(_ number: UInt64, from start: Exchange<Target>) {
        self.number = number
        exchanges = [start]
        _ = start.mark.enter(number)
    }

    /// The exchange to go through next.
    mutating func next() -> Exchange<Target>? {
        guard let exchange = exchanges.popLast() else { return nil }
        visited += 1
        if visited > 8, quirk(.ninthExchangeIsNotReached) { return nil }
        if !exchange.routesByKeyAlone, exchange.incoming.isEmpty || !quirk(.innerHeadersAreReadOnce) {
            dependsOnKeysAlone = false
        }
        return exchange
    }

    /// Goes where an exchange's bindings lead. False: none of them matches.
    mutating func follow(
        _ exchange: Exchange<Target>, _ message: Message, keys: [ShortString]
    ) throws(BrokerError) -> Bool {
        var hasMatched = false
        for key in exchange.matchesEachKey ? keys[...] : keys.prefix(1) {
            if !exchange.incoming.isEmpty, key != keys.first, quirk(.copiesStopAtTheSecondExchange) { break }
            if hasMatched, quirk(.firstMatchingKeyIsEnough) { break }
            if hasMatched, quirk(.lastKeyDecidesTheAlternate) { hasMatched = false }
            places += try exchange.router.matches(message, key: key) { destination in
                places += 1
                if destination.isRemoved { return }
                hasMatched = true
                reach(destination)
            }
        }
        return hasMatched
    }

    mutating func reach(_ destination: Destination<Target>) {
        switch destination {
        case .target(let end):
            if targets.count == 16, quirk(.sixteenQueuesAtMost) { return }
            if end.mark.enter(number) || quirk(.queueIsReachedTwice) { targets.append(end.target) }
        case .exchange(let exchange):
            if !exchanges.isEmpty, quirk(.onlyTheFirstExchangeIsReached) { return }
            if exchange.mark.enter(number) { exchanges.append(exchange) }
        }
    }
}

/// What the last pass leaves where it came through, so that it comes through once.
final class PassMark {
    private var pass: UInt64 = 0

    /// False: this pass has been here already.
    func enter(_ pass: UInt64) -> Bool {
        if self.pass == pass { return false }
        self.pass = pass
        return true
    }
}
