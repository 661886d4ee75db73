import Synchronization
import TestSupport
import Testing

@testable import workbook

/// On a busy machine a program is slow to do what it does at once, and that is not held against it.
@Suite(.watched) struct StarvationTests {
    /// Hands out these, one look after the other, the last again and again.
    private final class Looks: Sendable {
        private let left: Mutex<[SchedulerWaits.ByThread]>

        init(_ looks: [SchedulerWaits.ByThread]) { left = Mutex(looks) }

        func next() -> SchedulerWaits.ByThread { left.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
    }

    @Test func theThreadThatWaitedLongestCounts() {
        let looks = Looks([[1: 5_000_000, 2: 90_000_000], [1: 25_000_000, 2: 91_000_000, 3: 2_000_000], [1: 0]])
        var starvation = Starvation { looks.next() }
        let later = ContinuousClock.now + .seconds(60)
        #expect(starvation.take(at: later) == .milliseconds(20))
        // Another thread has got the number in the meantime.
        #expect(starvation.take(at: later + .seconds(60)) == .zero)
    }

    @Test func nobodyStarvesLongerThanTimePasses() {
        let looks = Looks([[:], [1: 90_000_000_000]])
        var starvation = Starvation { looks.next() }
        #expect(starvation.take(at: .now + .milliseconds(5)) < .seconds(60))
    }

    @Test func aWaitGoesOnAsLongAsSomebodyStarved() async {
        var waits: [Duration] = []
        let isSo = await eventually(
            .milliseconds(40),
            more: { wait in
                waits.append(wait)
                return waits.count == 1 ? .seconds(9) : waits.count < 4 ? .milliseconds(20) : .milliseconds(5)
            }, { false })
        #expect(!isSo)
        #expect(waits == [.milliseconds(40), .milliseconds(40), .milliseconds(20), .milliseconds(20)])
    }

    @Test func aWaitComesToAnEndHoweverBusyTheMachineIs() async {
        var count = 0
        let isSo = await eventually(
            .milliseconds(10),
            more: { wait in
                count += 1
                return wait
            }, { false })
        #expect(!isSo)
        #expect(count == 11)
    }

    #if os(Linux)
        @Test func thisProcessIsLookedAt() { #expect(!Starvation.look().isEmpty) }
    #endif
}
