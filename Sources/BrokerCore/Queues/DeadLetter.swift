import AMQPWire
import DataStructures

/// A message that a queue gave up, on its way to the queue's dead-letter exchange (RabbitMQ: "Dead Letter Exchanges").
struct DeadLetter {
    let message: Message
    let queue: any Queue
    let reason: Reason
    /// How often its delivery has failed.
    let failureCount: UInt32
    /// The log that keeps the message until this is in it, and the place that the message had.
    var place: (log: any QueueLog, message: QueuedMessage)?
    /// What its message was made of, where that is still at hand: along a row of queues the header that tells of its deaths
    /// would be read again at each, and longer each time.
    var origin: Republished?
    /// Its queue keeps it until it has arrived; nil: it is sent once, whatever comes of it.
    var keeper: (any LetterKeeper)?
    /// The queues that have taken it.
    var taken: Set<ShortString> = []
    /// It led somewhere the last time.
    var ledSomewhere = false

    /// It has been sent: to queues that all took it, or not.
    func noteSent(hasArrived: Bool) {
        guard let keeper else { return releaseMessage() }
        if hasArrived { keeper.letterArrived(self) } else { keeper.letterStayed(self) }
    }

    /// It is in its queues, or lost: nothing needs the message any more.
    func releaseMessage() { if let place { place.log.letterLeft(of: place.message) } }

    /// Why a queue gave a message up.
    enum Reason: String {
        case rejected, expired, maxlen
        case deliveryLimit = "delivery_limit"
    }

    /// A dead letter as it is published again.
    final class Republished {
        let message: Message
        /// Its routing key, and those of its CC and BCC headers.
        let keys: [ShortString]
        fileprivate let properties: BasicProperties
        fileprivate let deaths: DeathHistory
        private let load: Load
        private let octets: Int

        fileprivate init(
            _ message: Message, keys: [ShortString], _ properties: BasicProperties, _ deaths: DeathHistory,
            of origin: Republished?, _ load: Load
        ) {
            (self.message, self.keys, self.properties, self.deaths) = (message, keys, properties, deaths)
            self.load = load
            // Decoded, headers take up many times their octets. All but the newest are shared along a row of queues.
            octets = origin == nil ? 8 * message.propertiesCount : 1000 + message.propertiesCount / 2
            load.hold(octets)
        }

        deinit { load.hold(-octets) }

        /// False for a queue in which the message has died before, and that nobody rejected it from since: it would go
        /// round forever.
        private func mayGo(to queue: ShortString) -> Bool { !deaths.closesCycle(to: queue) }

        /// Of these queues, those that it may go to.
        func open(_ queues: [any Queue]) -> [any Queue] {
            // To look through all deaths for each would cost their product, and a client may send as many as it likes.
            guard queues.count > 16, deaths.count > 16 else { return queues.filter { mayGo(to: $0.name) } }
            let cycles = DeathCycles(deaths)
            return queues.filter { !cycles.contain($0.name) }
        }
    }

    /// The message to be published again, to this exchange. `now` is in milliseconds since the Unix epoch. As long as it is
    /// held, `load` counts what it takes up.
    func republished(
        to exchange: ShortString, _ content: MessageContent, now: Int64, _ dialect: Dialect, _ load: Load
    ) throws(BrokerError) -> Republished {
        var properties = if let origin { origin.properties } else { try content.properties() }
        var headers = properties.headers ?? [:]
        if !headers.isEmpty, quirk(.deadLettersLoseTheirHeaders) { headers = [:] }
        let counts = message.traits.isDeadLetter || !dialect.writesDeathsItself
        let isFirst = !counts || headers["x-death"] == nil || quirk(.firstDeathIsTheLatest)
        let leads = !message.traits.hasSpentCopies && !quirk(.copiesDoNotFollowDeaths)
        var keys = [message.routingKey] + (leads ? CarbonCopies.keys(in: headers) : [])
        var deaths = origin?.deaths ?? DeathHistory(counts ? headers["x-death"] : nil)
        if !message.traits.isDeadLetter, quirk(.foreignDeathsAreForgotten) { deaths = DeathHistory(nil) }
        if dialect.turnsDeathsRound { deaths.turnRound() }
        // What is no text leads nowhere, and isn't told; a table in there may be nested as deep as can be read.
        let copies = (leads ? headers["CC"]?.array ?? [] : []).filter {
            if case .longString = $0 { true } else { false }
        }
        deaths.add(
            queue: queue.name, reason: reason, message: message, copies: copies, seconds: UInt64(clamping: now / 1000),
            originalExpiration: properties.expiration)
        if deaths.count > 2, quirk(.thirdEntryLosesTheMessage) { throw BrokerError(.internalError, "badmatch") }
        headers["x-death"] = deaths.value
        if isFirst { note(in: &headers, "first") }
        if dialect.writesDeathsItself { note(in: &headers, "last") }
        // Without this the message would expire again wherever it goes.
        if reason == .expired || !quirk(.othersKeepTheirExpiration) { properties.expiration = nil }
        if let key = queue.arguments.deadLetterRoutingKey {
            keys = [key] + (quirk(.newKeyKeepsCopies) ? Array(keys.dropFirst()) : [])
            if !dialect.writesDeathsItself, !quirk(.newKeyLeavesCarbonCopies) { headers["CC"] = nil }
            headers["BCC"] = nil
        }
        properties.headers = dialect.sortsHeaders ? headers.tidied ?? headers : headers
        let keepsTime = message.traits.expiration != nil && quirk(.deadLettersKeepTheirTime)
        var traits = Message.Traits(properties, expiration: keepsTime ? message.traits.expiration : nil)
        traits.isDeadLetter = true
        if dialect.lettersTellFailures, failureCount == 0 || !quirk(.lettersForgetFailures) {
            traits.failureCount = failureCount
        }
        if quirk(.deadLettersHaveNoPriority) { traits.priority = 0 }
        if quirk(.deadLettersAreTransient) { traits.isPersistent = false }
        traits.hasSpentCopies = !leads || queue.arguments.deadLetterRoutingKey != nil
        let again = Message(
            exchange: exchange, routingKey: keys.first ?? "", properties: properties, body: content.body, traits: traits
        )
        return Republished(again, keys: keys, properties, deaths, of: origin, load)
    }

    private func note(in headers: inout FieldTable, _ which: String) {
        // In this order on RabbitMQ 3.10.8, 4.0.5 and 4.3.6.
        headers[ShortString(truncating: "x-\(which)-death-exchange")] = .longString(message.exchange.octets)
        headers[ShortString(truncating: "x-\(which)-death-queue")] = .longString(queue.name.octets)
        headers[ShortString(truncating: "x-\(which)-death-reason")] = .string(reason.rawValue)
    }
}

/// A queue that keeps its dead letters until they have arrived.
protocol LetterKeeper: AnyObject {
    /// All queues that it leads to have taken it.
    func letterArrived(_ letter: DeadLetter)
    /// It leads nowhere, or was refused.
    func letterStayed(_ letter: DeadLetter)
}

/// The `x-death` header: what happened to a message, the latest first.
struct DeathHistory {
    fileprivate var deaths: [FieldTable]

    /// A client may send what it likes: of several entries with one queue and reason the first stays, and counts how
    /// many they were if it has no count of its own.
    init(_ header: FieldValue?) {
        deaths = []
        Steps.take(header?.array?.count ?? 0)
        var places: [Cause: (place: Int, hasCount: Bool)] = [:]
        for death in (header?.array ?? []).compactMap(\.table) {
            guard let cause = Cause(death) else {
                deaths.append(death)
                continue
            }
            if let (place, hasCount) = places[cause] {
                if !hasCount { deaths[place]["count"] = .int64((deaths[place]["count"]?.integer ?? 1) + 1) }
                continue
            }
            places[cause] = (deaths.count, death["count"] != nil)
            deaths.append(death)
        }
    }

    /// What tells deaths apart.
    private struct Cause: Hashable {
        var queue: [UInt8]
        var reason: [UInt8]

        init?(_ death: FieldTable) {
            guard case .longString(let queue)? = death["queue"], case .longString(let reason)? = death["reason"]
            else { return nil }
            (self.queue, self.reason) = (queue, reason)
        }
    }

    var value: FieldValue { .array(deaths.map(FieldValue.table)) }
    var count: Int { deaths.count }

    mutating func turnRound() {
        if deaths.count > 1, !quirk(.deathsStayInOrder) { deaths.reverse() }
    }

    /// Counts up the entry of this queue and reason, or makes one, and puts it first.
    mutating func add(
        queue: ShortString, reason: DeadLetter.Reason, message: Message, copies: [FieldValue], seconds: UInt64,
        originalExpiration: ShortString?
    ) {
        let known = deaths.firstIndex { death in
            (death["queue"] == .longString(queue.octets) || quirk(.deathsAreCountedByReason))
                && (death["reason"]?.text == reason.rawValue || quirk(.deathsAreCountedByQueue))
        }
        if let known {
            var death = deaths.remove(at: known)
            let stays = !message.traits.isDeadLetter && quirk(.countOfTheRepublishedStays)
            death["count"] = .int64((death["count"]?.integer ?? 0) &+ (stays ? 0 : 1))
            if quirk(.keysOfADeathAreTheLatest) {
                death["routing-keys"] = .array([.longString(message.routingKey.octets)] + copies)
            }
            if quirk(.timeOfADeathIsTheLatest) { death["time"] = .timestamp(seconds) }
            if death["count"]?.integer == 128, quirk(.deathCountIsAnOctet) { death["count"] = .int64(-128) }
            deaths.insert(death, at: quirk(.deathsKeepTheirPlaces) ? known : 0)
            return
        }
        var death: FieldTable = [
            "count": .int64(1),
            "reason": .string(reason.rawValue),
            "queue": .longString(queue.octets),
            "time": .timestamp(seconds),
            "exchange": .longString(message.exchange.octets),
            "routing-keys": .array(
                [.longString(message.routingKey.octets)] + (quirk(.deathsTellNoCopies) ? [] : copies)),
        ]
        if let originalExpiration { death["original-expiration"] = .longString(originalExpiration.octets) }
        deaths.insert(death, at: 0)
        if deaths.count > 4, quirk(.fourDeathsAreTold) { deaths.removeLast() }
    }

    /// True when the message has died in this queue before and nobody rejected it since: it would go round for
    /// ever.
    func closesCycle(to queue: ShortString) -> Bool {
        let name = FieldValue.longString(queue.octets)
        var deaths = deaths
        if deaths.count > 1, quirk(.entriesStandByName) {
            deaths.sort { $0["queue"]?.text ?? "" < $1["queue"]?.text ?? "" }
        }
        if deaths.first?["queue"] != name, quirk(.lastDeathDecidesAlone) { return false }
        guard let last = deaths.firstIndex(where: { $0["queue"] == name }) else { return false }
        let since = quirk(.latestDeathDecidesCycles) ? 0 : quirk(.anyRejectionOpensCycles) ? deaths.count - 1 : last
        if deaths[last]["reason"]?.text == DeadLetter.Reason.maxlen.rawValue, deaths[last]["count"]?.integer ?? 2 < 2,
            quirk(.overflowGoesRoundTwice)
        {
            return false
        }
        if deaths[last]["reason"]?.text == DeadLetter.Reason.deliveryLimit.rawValue, quirk(.failuresOpenCycles) {
            return false
        }
        return quirk(.rejectionsDoNotOpenCycles)
            || deaths[...since].allSatisfy {
                $0["reason"]?.text != DeadLetter.Reason.rejected.rawValue
                    || $0["queue"] != name && quirk(.onlyItsOwnRejectionCounts)
            }
    }
}

/// What ``DeathHistory/closesCycle(to:)`` finds, for many queues.
private struct DeathCycles {
    /// The place of each queue's latest death.
    private var places: [[UInt8]: Int] = [:]
    private var latestRejection = Int.max

    init(_ history: DeathHistory) {
        Steps.take(history.count)
        for (place, death) in history.deaths.enumerated() {
            if case .longString(let queue)? = death["queue"], places[queue] == nil { places[queue] = place }
            if latestRejection == .max, death["reason"]?.text == DeadLetter.Reason.rejected.rawValue {
                latestRejection = place
            }
        }
    }

    func contain(_ queue: ShortString) -> Bool { places[queue.octets].map { latestRejection > $0 } ?? false }
}
