import BrokerCore
import Testing

@testable import BrokerServer

/// How many costly checks run before a good login's, counted: in a flood that is what its client waits for.
@Suite struct LoginQueueTests {
    private var queue = LoginQueue()
    private var count: UInt64 = 0

    private mutating func add(_ name: String, from source: String) -> LoginQueue.Ticket {
        count += 1
        let ticket = LoginQueue.Ticket.connection(ConnectionID(number: count))
        queue.add(LoginQueue.Check(ticket: ticket, source: source, name: name, run: { true }, finished: { _ in }))
        return ticket
    }

    /// Runs checks, one at a time, until it is this one's turn. Returns how many ran before; nil: it never came.
    private mutating func checks(before ticket: LoginQueue.Ticket) -> Int? {
        var count = 0
        while let check = queue.next() {
            if check.ticket == ticket { return count }
            queue.noteEnd(of: check, isRight: false)
            count += 1
        }
        return nil
    }

    @Test mutating func whoHasLeftIsNotChecked() {
        let flood = (0..<1500).map { _ in add("bob", from: "there") }
        let good = add("bob", from: "there")
        for ticket in flood { queue.drop(ticket) }
        #expect(checks(before: good) == 0)
        #expect(queue.count == 0)
    }

    /// With the name that it gave, which may have some thousand letters.
    @Test mutating func whoHasLeftLeavesNothingBehind() throws {
        try letIn("bob", from: "here")
        // One whose turn does not come, because another of the same address is being checked.
        _ = add("carol", from: "there")
        let running = queue.next()
        let waiting = add("carol", from: "there")
        var most = 0
        for number in 0..<5000 {
            let stranger = add("nobody \(number)", from: number % 2 == 0 ? "there" : "far \(number)")
            let guest = add("bob", from: "here")
            for ticket in [stranger, guest] { queue.drop(ticket) }
            most = max(most, queue.placeCount)
        }
        #expect(queue.count == 1 && most < 100)
        // Of that address one is checked at a time, all the same.
        let none = queue.next()
        #expect(none == nil)
        queue.noteEnd(of: try #require(running), isRight: false)
        #expect(checks(before: waiting) == 0)
    }

    /// Of many who wait, those who stay keep their order.
    @Test mutating func whoStaysKeepsItsPlace() {
        let tickets = (0..<300).map { add("nobody \($0)", from: "here") }
        for (number, ticket) in tickets.enumerated() where number % 3 > 0 { queue.drop(ticket) }
        #expect(queue.placeCount < 200)
        var names: [String] = []
        while let check = queue.next() {
            names.append(check.name)
            queue.noteEnd(of: check, isRight: false)
        }
        #expect(names == (0..<100).map { "nobody \(3 * $0)" })
    }

    @Test mutating func aFloodFromElsewhereTakesTurns() {
        for number in 0..<1500 { _ = add("bob", from: "far \(number % 3)") }
        let good = add("bob", from: "here")
        #expect(checks(before: good) == 3)
    }

    /// They log in from there, so that they are known.
    private mutating func letIn(_ name: String, from source: String) throws {
        let ticket = add(name, from: source)
        let next = queue.next()
        let check = try #require(next)
        #expect(check.ticket == ticket)
        queue.noteEnd(of: check, isRight: true)
    }

    @Test mutating func whoWasLetInWaitsForNoFlood() throws {
        for name in ["bob", "carol"] { try letIn(name, from: "here") }
        for number in 0..<1500 { _ = add("nobody \(number)", from: "here") }
        for _ in 0..<1500 { _ = add("carol", from: "here") }
        let good = add("bob", from: "here")
        // One of carol's, and one of the others after each.
        let count = checks(before: good)
        #expect(count.map { (1...3).contains($0) } == true)
    }

    @Test mutating func ofThoseWhoWereNotEachNameHasItsTurn() {
        for _ in 0..<1500 { _ = add("nobody", from: "here") }
        let good = add("bob", from: "here")
        #expect(checks(before: good) == 1)
    }

    /// How many were checked before tells nothing of whether anybody has a name, and a visit elsewhere is none.
    @Test mutating func nobodyLearnsWhichNamesThereAre() throws {
        try letIn("bob", from: "there")
        for number in 0..<90 { _ = add("nobody \(number)", from: "here") }
        let guess = add("bob", from: "here")
        #expect(checks(before: guess) == 90)
    }

    @Test mutating func ofOneAddressOneIsCheckedAtATime() throws {
        _ = add("a", from: "here")
        _ = add("b", from: "here")
        let other = add("a", from: "there")
        let (first, second, third) = (queue.next(), queue.next(), queue.next())
        #expect(second?.ticket == other && third == nil)
        queue.noteEnd(of: try #require(first), isRight: false)
        let fourth = queue.next()
        #expect(fourth?.name == "b")
    }

    @Test mutating func allAreCheckedInTheEnd() {
        for number in 0..<100 { _ = add("\(number % 7)", from: "\(number % 5)") }
        var count = 0
        while let check = queue.next() {
            queue.noteEnd(of: check, isRight: false)
            count += 1
        }
        #expect(count == 100)
    }
}
