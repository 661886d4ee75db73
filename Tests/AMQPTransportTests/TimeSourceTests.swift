import AMQPTransport
import Synchronization
import TestSupport
import Testing

@Suite(.watched)
struct TimeSourceTests {
    final class Log: Sendable {
        private let entries = Mutex<[String]>([])
        func add(_ entry: String) { entries.withLock { $0.append(entry) } }
        var all: [String] { entries.withLock { $0 } }
    }

    @Test func manualTimeStandsStill() {
        let time = ManualTime()
        #expect(time.now == 1_000_000_000_000)
        time.advance(by: 5)
        #expect(time.now == 1_000_000_000_005)
        time.advance(by: -3)
        #expect(time.now == 1_000_000_000_005)
    }

    @Test func dueWorkRunsInOrderOfTimeAtItsTime() {
        let (time, log) = (ManualTime(), Log())
        let start = time.now
        for delay in [30, 10, 20, 10, 41] as [Int64] {
            time.wake(at: start + delay) { log.add("\(delay)@\(time.now - start)") }
        }
        #expect(log.all == [])
        time.advance(by: 9)
        #expect(log.all == [])
        time.advance(by: 31)
        #expect(log.all == ["10@10", "10@10", "20@20", "30@30"])
        #expect(time.now == start + 40)
        time.advance(by: 1)
        #expect(log.all.last == "41@41")
    }

    @Test func workAddedByWorkRunsInTheSameStretch() {
        let (time, log) = (ManualTime(), Log())
        let start = time.now
        time.wake(at: start + 1) {
            time.wake(at: start + 2) { log.add("two") }
            time.wake(at: start + 9) { log.add("nine") }
            time.wake(at: start - 9) { log.add("past@\(time.now - start)") }
        }
        time.advance(by: 5)
        #expect(log.all == ["past@1", "two"])
    }

    @Test func cancelledWorkDoesNotRunAndIsReleased() {
        let (time, log) = (ManualTime(), Log())
        var object: Log? = Log()
        weak let watched = object
        let handle = time.wake(at: time.now + 1) { [object] in
            object?.add("x")
            log.add("ran")
        }
        object = nil
        #expect(watched != nil)
        #expect(time.waitingCount == 1)
        handle.cancel()
        handle.cancel()
        #expect(watched == nil)
        #expect(time.waitingCount == 0)
        time.advance(by: 10)
        #expect(log.all == [])
    }

    @Test func manyTimersCancelledAndKept() {
        let (time, count) = (ManualTime(), SharedCounter())
        var handles: [TimerHandle] = []
        for number in 0..<5_000 {
            handles.append(time.wake(at: time.now + Int64(number * 7919 % 5_000)) { count.add(1) })
        }
        for (number, handle) in handles.enumerated() where number % 10 != 0 { handle.cancel() }
        time.advance(by: 2_499)
        #expect(count.count == 250)
        time.advance(by: 5_000)
        #expect(count.count == 500)
    }

    @Test func systemTimeRunsWorkWhenDueAndNotBefore() async {
        let (time, done) = (SystemTime(), Box<(String, Int64)>())
        let start = time.now
        #expect(start > 1_600_000_000_000)
        time.wake(at: .max) { done.put(("never", 0)) }
        time.wake(at: start + 60) { done.put(("later", time.now)) }
        time.wake(at: start + 20) { done.put(("soon", time.now)) }
        let cancelled = time.wake(at: start + 30) { done.put(("cancelled", time.now)) }
        cancelled.cancel()
        time.wake(at: .min) { done.put(("past", time.now)) }
        #expect(await done.take().0 == "past")
        let soon = await done.take()
        let later = await done.take()
        #expect(soon.0 == "soon" && soon.1 >= start + 20)
        #expect(later.0 == "later" && later.1 >= start + 60)
    }
}
