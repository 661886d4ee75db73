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

    @Test func aRefusalStandsBetweenAndOvertakesNothing() {
        var confirms = resolved([(0, true), (0, false), (7, true), (0, false), (0, true)])
        #expect(told(&confirms, stored: 6) == ["+1 (1)", "-2 (1)"])
        #expect(told(&confirms, stored: 7) == ["+3 (1)", "-4 (1)", "+5 (1)"])
    }
}
