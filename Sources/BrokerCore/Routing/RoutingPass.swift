import AMQPWire
import DataStructures

/// A message's pass through exchanges: what it has reached, each target and each exchange once. A client may lead it through
/// thousands of exchanges with thousands of keys, so it can stop on its way, and go on when others have had their turn.
struct RoutingPass<Target> {
    /// No other pass has it.
    private let number: UInt64
    private(set) var targets: [Target] = []
    /// The keys decided, and no header did: another message with the same keys goes the same way.
    private(set) var dependsOnKeysAlone = true
    /// How many bindings, and places in a router, were looked at since the pass began, or went on.
    private(set) var places = 0
    private(set) var message: RoutedMessage
    /// Its routing key, and those of its CC and BCC headers.
    let keys: [ShortString]
    /// The exchange that it stopped at, how many of the keys were looked at there, and whether one has matched.
    private var halfway: (exchange: Exchange<Target>, keyCount: Int, hasMatched: Bool)?
    let start: Exchange<Target>
    /// Reached, and not yet gone through.
    private var exchanges: [Exchange<Target>]
    /// How many were gone through, and which, beside the first.
    private(set) var visited = 0
    private var gone: [Exchange<Target>] = []
    /// The marks of all that it has reached, once it has stopped; see ``stop(_:)``.
    private var reached: [ObjectIdentifier: PassMark]?

    init(_ number: UInt64, _ message: Message, keys: [ShortString], from start: Exchange<Target>) {
        self.number = number
        (self.message, self.keys) = (RoutedMessage(message), keys)
        self.start = start
        exchanges = [start]
        _ = start.mark.enter(number)
    }

    var isOver: Bool { exchanges.isEmpty && halfway == nil }

    /// Goes on after a stop.
    mutating func beginSlice() { places = 0 }

    /// It stops, and others come through before it goes on. Their marks take the place of its own, so it remembers where it has
    /// been. `mark` finds that of a target.
    mutating func stop(_ mark: (Target) -> PassMark?) {
        if reached != nil { return }
        Steps.take(targets.count)
        var marks = [ObjectIdentifier(start.mark): start.mark]
        for known in targets.compactMap(mark) + (gone + exchanges).map(\.mark) {
            marks[ObjectIdentifier(known)] = known
        }
        reached = marks
    }

    /// The exchange to go through next.
    mutating func next() -> Exchange<Target>? {
        if let halfway { return halfway.exchange }
        guard let exchange = exchanges.popLast() else { return nil }
        visited += 1
        if visited > 1 { gone.append(exchange) }
        if visited > 8, quirk(.ninthExchangeIsNotReached) { return nil }
        if !exchange.routesByKeyAlone, exchange.incoming.isEmpty || !quirk(.innerHeadersAreReadOnce) {
            dependsOnKeysAlone = false
        }
        return exchange
    }

    /// Goes where an exchange's bindings lead. False: none of them matches; nil: it has stopped, after so many places.
    mutating func follow(_ exchange: Exchange<Target>, most: Int) throws(BrokerError) -> Bool? {
        var (done, hasMatched) = (halfway?.keyCount ?? 0, halfway?.hasMatched ?? false)
        halfway = nil
        let matchesEachKey = exchange.matchesEachKey || keys.count > 1 && quirk(.copiesAreHashed)
        for key in (matchesEachKey ? keys[...] : keys.prefix(1)).dropFirst(done) {
            if places >= most {
                halfway = (exchange, done, hasMatched)
                return nil
            }
            done += 1
            if !exchange.incoming.isEmpty, key != keys.first, quirk(.copiesStopAtTheSecondExchange) { break }
            if hasMatched, quirk(.firstMatchingKeyIsEnough) { break }
            if hasMatched, quirk(.lastKeyDecidesTheAlternate) { hasMatched = false }
            // Nobody may look at the message elsewhere meanwhile.
            var routed = message
            places +=
                try 1
                + exchange.router.matches(&routed, key: key) { destination in
                    places += 1
                    if destination.isRemoved { return }
                    let before = targets.count + exchanges.count
                    reach(destination)
                    if targets.count + exchanges.count > before || !quirk(.reachedBeforeIsNoMatch) { hasMatched = true }
                }
            message = routed
        }
        return hasMatched
    }

    mutating func reach(_ destination: Destination<Target>) {
        switch destination {
        case .target(let end):
            if targets.count == 16, quirk(.sixteenQueuesAtMost) { return }
            if isNew(end.mark) || quirk(.queueIsReachedTwice) { targets.append(end.target) }
        case .exchange(let exchange):
            if !exchanges.isEmpty, quirk(.onlyTheFirstExchangeIsReached) { return }
            if isNew(exchange.mark) { exchanges.append(exchange) }
        }
    }

    private mutating func isNew(_ mark: PassMark) -> Bool {
        if reached == nil { return mark.enter(number) }
        return reached?.updateValue(mark, forKey: ObjectIdentifier(mark)) == nil
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
