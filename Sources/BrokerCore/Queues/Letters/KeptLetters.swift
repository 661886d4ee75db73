import DataStructures

/// Dead letters that their queue keeps until all queues they lead to have taken them (RabbitMQ: "Quorum Queues", dead-letter
/// strategy at-least-once). Those that lead nowhere, or were refused, are sent again after a while.
final class KeptLetters {
    /// So many are on their way at a time. Those that arrive nowhere are among them, and hold up the others, as in RabbitMQ.
    private static var mostUnderWay: Int { 32 }
    /// Milliseconds after which those that have not arrived are sent again.
    private static var pause: Int64 { 180_000 }

    /// How many messages, and their octets.
    struct Amount {
        private(set) var count = 0
        private(set) var bodyOctets = 0
        private(set) var propertyOctets = 0

        mutating func change(by one: Int, _ message: Message) {
            count += one
            bodyOctets += one * message.bodySize
            propertyOctets += one * message.propertiesCount
        }
    }

    /// Those that have not been sent yet.
    private var waiting = Ring<DeadLetter>()
    /// Those that were sent and have not arrived.
    private var stuck: [DeadLetter] = []
    private var resting = Amount()
    private var underWay = Amount()
    /// When the stuck ones are sent again, in milliseconds since the Unix epoch.
    private(set) var nextTry = Int64.max

    /// Their queue is on its way out: they are sent once.
    private(set) var areLast = false

    var count: Int { resting.count + underWay.count }
    var restingCount: Int { resting.count }
    var bodyOctets: Int { resting.bodyOctets + underWay.bodyOctets }
    var propertyOctets: Int { resting.propertyOctets + underWay.propertyOctets }

    func end() { areLast = true }

    func clear() {
        (waiting, stuck, resting, underWay, nextTry) = (Ring(), [], Amount(), Amount(), .max)
    }

    func add(_ letter: DeadLetter) {
        waiting.append(letter)
        resting.change(by: 1, letter.message)
    }

    /// There are some to be sent now.
    var areDue: Bool { !waiting.isEmpty && underWay.count + stuck.count < Self.mostUnderWay }

    /// The next to be sent; nil: there is none, or too many are under way.
    func next() -> DeadLetter? {
        guard areDue, let letter = waiting.popFirst() else { return nil }
        depart(letter)
        return letter
    }

    private func depart(_ letter: DeadLetter) {
        resting.change(by: -1, letter.message)
        underWay.change(by: 1, letter.message)
    }

    /// One that was sent is where it was to go.
    func arrived(_ letter: DeadLetter) { underWay.change(by: -1, letter.message) }

    /// One that was sent has not arrived everywhere.
    func stayed(_ letter: DeadLetter, now: Int64) {
        underWay.change(by: -1, letter.message)
        resting.change(by: 1, letter.message)
        stuck.append(letter)
        nextTry = min(nextTry, now + Self.pause)
    }

    /// Those that are to be sent again: all when it is time, and those that led nowhere when they may lead somewhere now.
    func takeStuck(at now: Int64) -> [DeadLetter] {
        let isTime = nextTry <= now
        let again = stuck.filter { isTime || !$0.ledSomewhere }
        stuck.removeAll { isTime || !$0.ledSomewhere }
        if stuck.isEmpty { nextTry = .max }
        for letter in again { depart(letter) }
        return again
    }

    /// Takes out those that are not under way.
    func takeResting() -> KeptLetters {
        let taken = KeptLetters()
        (taken.waiting, taken.stuck, taken.resting) = (waiting, stuck, resting)
        (waiting, stuck, resting, nextTry) = (Ring(), [], Amount(), .max)
        return taken
    }

    /// Takes out one that is not under way.
    func pop() -> DeadLetter? {
        guard let letter = stuck.popLast() ?? waiting.popFirst() else { return nil }
        resting.change(by: -1, letter.message)
        return letter
    }
}
