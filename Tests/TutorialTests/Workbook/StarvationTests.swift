import Synchronization
import TestSupport
import Testing

@testable import workbook

/// On a busy machine a program is slow to do what it does at once, and that is not held against it.
@Suite(.watched) struct StarvationTests {
    /// Hands out these, one look after the other, the last again and again.
    private final class Looks: Sendable {
        let left: Mutex<[Starvation.Waits]>

        init(_ looks: [Starvation.Waits]) { left = Mutex(looks) }

        func next() -> Starvation.Waits { left.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
    }

    @Test func theThreadThatWaitedLongestCounts() {
        let looks = Looks([[1: 5_000_000, 2: 90_000_000], [1: 25_000_000, 2: 91_000_000, 3: 2_000_000], [1: 0]])
        var starvation = Starvation { looks.next() }
        #expect(starvation.take() == .milliseconds(20))
        // Another thread has got the number in the meantime.
        #expect(starvation.take() == .zero)
    }

    @Test func aWaitGoesOnAsLongAsSomebodyStarved() async {
        // A second more at each of the first looks.
        let looks = Looks((1...40).map { [1: UInt64(min($0, 5)) * 1_000_000_000] })
        let isSo = await eventually(
            .milliseconds(40), { $0 }, starvation: { Starvation { looks.next() } }, { false })
        #expect(!isSo)
        // One at the begin, and one behind each of five waits, of which the last brought nothing more.
        #expect(looks.left.withLock(\.count) == 40 - 6)
    }

    @Test func aWaitIsLimitedAsAWhole() async {
        let looks = Looks([[1: 0], [1: 9_000_000_000]])
        let isSo = await eventually(
            .seconds(600), { _ in .zero }, starvation: { Starvation { looks.next() } }, { false })
        #expect(!isSo)
    }

    @Test func whatIsSoNeedsNoLook() async {
        let isSo = await eventually(
            .zero, { $0 },
            starvation: {
                Issue.record("looked")
                return Starvation { [:] }
            }, { true })
        #expect(isSo)
    }

    #if os(Linux)
        @Test func thisProcessIsLookedAt() { #expect(!Starvation.waits().isEmpty) }
    #endif
}
