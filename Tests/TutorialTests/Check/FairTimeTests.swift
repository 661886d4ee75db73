import AMQPWire
import Foundation
import TestSupport
import Testing

@testable import workbook

/// On a busy machine a program is slow to do what it does at once, and that is not held against it.
@Suite(.watched) struct FairTimeTests {
    @Test func aProgramThatIsKeptWaitingHasItsTimeStill() {
        let time = FairTime()
        func add(_ elapsed: Int, withheld: Int, lastEvent: Int64 = 1) -> [Duration] {
            time.add(.milliseconds(elapsed), .init(lastEvent: lastEvent, withheld: .milliseconds(withheld)))
            return [time.now, time.quietFor]
        }
        #expect(add(50, withheld: 0) == [.milliseconds(50), .zero])
        #expect(add(50, withheld: 30) == [.milliseconds(70), .milliseconds(20)])
        #expect(add(50, withheld: 130) == [.milliseconds(70), .milliseconds(20)], "two threads waited all the time")
        #expect(add(100, withheld: 130) == [.milliseconds(95), .milliseconds(45)], "the one that looks waited")
        #expect(add(1000, withheld: 130).last == .microseconds(47_500), "and so did everybody else here")
        #expect(time.longestGap == .zero, "nothing has passed yet that something came behind")
        #expect(add(50, withheld: 130, lastEvent: 2).last == .zero)
        #expect(time.longestGap == .microseconds(97_500), "of more than a second by the clock")
        #expect(add(50, withheld: 130, lastEvent: 3).last == .zero)
        #expect(time.longestGap == .microseconds(97_500))
        #expect(time.lost + time.now == .milliseconds(1350), "of all that has passed")
    }

    /// Where the system tells, it tells of threads that wait for a processor.
    @Test func whatTheMachineWithholdsOnlyGrows() throws {
        guard FileManager.default.fileExists(atPath: "/proc/self/schedstat") else { return }
        let withheld = Withheld(group: getpgrp())
        let first = withheld.total
        #expect(first > .zero && withheld.total >= first)
    }

    // MARK: What a check allows

    /// A machine on which each look is 50 ms behind the one before, of which a program gets so many.
    private struct Machine {
        let fair = FairTime()
        let gets: Int64
        private var looks: Int64 = 0

        init(gets: Int64) { self.gets = gets }

        mutating func look(lastEvent: Int64? = nil) {
            looks += 1
            fair.add(.milliseconds(50), .init(lastEvent: lastEvent, withheld: .milliseconds(looks * (50 - gets))))
        }
    }

    private func looks(of wait: Duration, gets: Int64, _ prepare: (Allowance) -> Void = { _ in }) async -> Int {
        var machine = Machine(gets: gets)
        let allowance = Allowance(machine.fair, mostLost: .seconds(120))
        prepare(allowance)
        var count = 0
        let isSo = await allowance.wait(wait) {
            count += 1
            machine.look()
            return false
        }
        #expect(!isSo)
        return count
    }

    @Test func aWaitIsAsLongAsTheProgramHadTime() async {
        #expect(await looks(of: .milliseconds(200), gets: 50) == 5)
        #expect(await looks(of: .milliseconds(200), gets: 10) == 21, "five times as long on a busy machine")
    }

    @Test func whatNeverCameIsNotSeenWhenTheTimeIsUp() async {
        for (whole, isOut) in [(Duration.milliseconds(100), true), (.seconds(9), false)] {
            var machine = Machine(gets: 50)
            let allowance = Allowance(machine.fair, mostLost: .seconds(120))
            allowance.begin(whole)
            _ = await allowance.wait(.milliseconds(200)) {
                machine.look()
                return false
            }
            #expect(allowance.isOutOfTime == isOut && allowance.excess == nil)
        }
    }

    /// What a start takes is not the check's time.
    @Test func aStartIsNotTheChecks() async {
        var machine = Machine(gets: 50)
        let allowance = Allowance(machine.fair, mostLost: .seconds(120))
        allowance.begin(.milliseconds(200))
        await allowance.prepare(.seconds(1)) {
            machine.look()
            return machine.fair.now == .milliseconds(500)
        }
        #expect(allowance.limited(.seconds(1)) == .milliseconds(200))
    }

    /// However busy the machine is, a check comes to an end, and then nothing follows.
    @Test func aCheckThatGetsNoTimeEnds() async throws {
        var machine = Machine(gets: 0)
        let allowance = Allowance(machine.fair, mostLost: .seconds(1))
        var count = 0
        let isSo = await allowance.wait(.seconds(20)) {
            count += 1
            machine.look()
            return false
        }
        #expect(!isSo && count == 21)
        let excess = try #require(allowance.excess)
        let reason = Inspection.CannotJudge.beyond(excess, ["./busy"], WireLog()).description
        #expect(reason.hasPrefix("'./busy' can't be judged: for 1 s"))
        // Nothing is waited for any more.
        #expect(allowance.isOutOfTime && allowance.limited(.seconds(20)) == .zero)
    }

    @Test func aFloodIsStopped() async throws {
        var machine = Machine(gets: 50)
        let allowance = Allowance(machine.fair, mostLost: .seconds(1))
        allowance.flood()
        _ = await allowance.wait(.seconds(20)) {
            machine.look()
            return false
        }
        #expect(machine.fair.now == .milliseconds(50))
        var made = MadeUpLog()
        let body = [UInt8](repeating: 0, count: 100 << 20)
        for _ in 1...6 {
            #expect(made.log.load < WireLog.mostLoad)
            made.program(
                .basicPublish(BasicPublish(exchange: "", routingKey: "q")), Content(properties: .init(), body: body))
        }
        #expect(made.log.load > WireLog.mostLoad)
        let reason = Inspection.CannotJudge.beyond(try #require(allowance.excess), ["./flood"], made.log).description
        #expect(reason.hasPrefix("'./flood' was stopped: it published 6 messages, more than the 512 MiB"))
    }

    /// A machine that takes time from a program makes its tasks as long as it likes.
    @Test func whoIsKeptWaitingIsNotTimed() {
        func judged(_ times: [Int64], lost: Int64) -> [String] {
            var log = MadeUpLog.worker(times).log
            log.lost = lost
            return WorkerJudge(shortestTask: 400, log: log).findings.filter(\.isWrong).map(\.title)
        }
        #expect(judged([500, 1500, 1000], lost: 0) == ["acknowledges after the work"])
        #expect(judged([500, 1500, 1000], lost: 900) == [])
        #expect(judged([1000, 1000, 1000], lost: 0) == ["works longer on a longer task"])
        #expect(judged([1000, 1000, 1000], lost: 900) == [])
    }

    /// By the clock it has been silent for long, and for most of that time it had no processor.
    @Test func nobodyIsSilentWhileItIsKeptWaiting() {
        var made = MadeUpLog()
        made.connects()
        made.publishes("tick", key: "hello")
        made.declares("hello")
        made.consumes("hello")
        for tag: UInt64 in 1...2 {
            made.gets(tag, "Check \(tag)")
            if tag == 1 {
                made.pass(1000)
                made.acks(tag)
            }
        }
        made.pass(30_000)
        func judged(_ quietFor: Int64?) -> [Finding.Verdict] {
            var log = made.log
            log.quietFor = quietFor
            return [log.saysGoodbye(1).verdict, log.unsettled(by: 1)]
        }
        #expect(judged(nil) == [.no, .no] && judged(30_000) == [.no, .no])
        #expect(judged(400) == [.notSeen, .notSeen])
    }
}
