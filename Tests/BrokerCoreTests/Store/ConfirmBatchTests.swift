import AMQPWire
import Testing

@testable import BrokerCore

/// Which publishes are confirmed together, and when. From outside the moment of the disk is not to be seen.
@Suite("Confirms and the disk")
struct ConfirmBatchTests {
    /// What is told, with the disk so far: `+3 (2)` is an ack of number 3 that answers two.
    private func told(_ confirms: inout Confirms, stored: UInt64) -> [String] {
        confirms.take(stored: stored).map { "\($0.accepted ? "+" : "-")\($0.number) (\($0.count))" }
    }

    private func resolved(_ batches: [(batch: UInt64, accepted: Bool)]) -> Confirms {
        var confirms = Confirms()
        for (batch, accepted) in batches { confirms.resolve(confirms.begin(), accepted: accepted, batch: batch) }
        return confirms
    }

    @Test func aPersistentMessageBehindATransientOneWaitsForTheDisk() {
        var confirms = resolved([(0, true), (0, true), (7, true)])
        #expect(told(&confirms, stored: 6) == ["+2 (2)"])
        #expect(!confirms.isReady(stored: 6))
        #expect(told(&confirms, stored: 7) == ["+3 (1)"])
    }

    @Test func aTransientMessageBehindAPersistentOneWaitsWithIt() {
        var confirms = resolved([(7, true), (0, true), (0, true)])
        #expect(told(&confirms, stored: 6) == [])
        #expect(told(&confirms, stored: 7) == ["+3 (3)"])
    }

    @Test func aLaterBatchIsNotConfirmedWithAnEarlierOne() {
        var confirms = resolved([(3, true), (3, true), (4, true), (0, true), (5, true)])
        #expect(told(&confirms, stored: 3) == ["+2 (2)"])
        #expect(told(&confirms, stored: 4) == ["+4 (2)"])
        #expect(told(&confirms, stored: 5) == ["+5 (1)"])
    }

    @Test func aBatchThatManyWaitForIsToldToSomeAtATime() throws {
        let broker = try StoreRig { $0.work.turn = 400 }
        try broker.declare("q")
        for _ in 0..<300 {
            let client = try broker.rig.open()
            client.send(ConfirmSelect())
            client.publish("x", to: "q", properties: StoreTests.persistent)
        }
        let core = broker.rig.core
        // That of the first is under way, and the others are in the next.
        let first = try #require(broker.rig.takeBatch())
        broker.store.carryOut(first)
        var effects = core.step(.stored(batch: first.number), now: broker.rig.now)
        let second = try #require(effects.batch)
        broker.store.carryOut(second)
        effects = core.step(.stored(batch: second.number), now: broker.rig.now)
        var counts = [effects.writes.count]
        while effects.hasMoreToDo {
            effects = core.step(.time, now: broker.rig.now)
            counts.append(effects.writes.count)
        }
        #expect(counts.reduce(0, +) == 299 && counts.allSatisfy { $0 <= 150 }, "\(counts)")
    }

    @Test func aRefusalStandsBetweenAndOvertakesNothing() {
        var confirms = resolved([(0, true), (0, false), (7, true), (0, false), (0, true)])
        #expect(told(&confirms, stored: 6) == ["+1 (1)", "-2 (1)"])
        #expect(told(&confirms, stored: 7) == ["+3 (1)", "-4 (1)", "+5 (1)"])
    }
}
