import DataStructures
import TestSupport
import Testing

@testable import AMQPClient

/// How long a publisher's messages wait, and what their waiting costs, with made-up connections and made-up time.
@Suite(.watched) struct PublisherWaitingTests {
    private typealias Rig = PublisherRig
    private static let count = 10_000
    private let lost = AMQPError(.connectionLost, scope: .connection, text: "lost")

    private func closed(_ text: String) -> AMQPError {
        AMQPError(.closedByBroker, scope: .channel, code: .notFound, text: text)
    }

    // MARK: A connection that takes nothing

    @Test func forRoomTooItWaitsSoLong() {
        var rig = Rig(window: 1)
        let link = rig.up()
        let held = rig.publish()
        let behind = rig.publish()
        rig.now = 10_000
        rig.effects = []
        rig.notSent(held, link, .blocked("low on memory"))
        #expect(rig.take() == [.awaitRoom(link: link), .wake(at: 40_000)])
        rig.now = 15_000
        let late = rig.publish()
        rig.pass(to: 39_999)
        #expect(rig.answers().isEmpty)
        rig.pass(to: 40_000)
        let told = rig.take()
        // It never left, so it did not arrive.
        for case .answer(let id, .failure(let error)) in told {
            #expect([held, behind].contains(id))
            #expect(error.kind == .timedOut)
            #expect(error.text.contains("low on memory"))
        }
        #expect(told.suffix(1) == [.wake(at: 45_000)])
        rig.pass(to: 45_000)
        #expect(rig.answers() == [late: .timedOut])
    }

    /// A peer that is slow, and no more: each time that it has no room counts by itself.
    @Test func whatComesOnSlowlyIsNotOverdue() {
        var rig = Rig(window: 1)
        let link = rig.up()
        let id = rig.publish()
        for round: Int64 in 0..<10 {
            rig.now = round * 20_000
            rig.notSent(id, link)
            rig.pass(to: round * 20_000 + 19_999)
            rig.state.roomAgain(link: link, &rig.effects)
        }
        #expect(rig.answers().isEmpty)
        rig.confirm(id, link)
        #expect(rig.answers() == [id: nil as AMQPError.Kind?])
    }

    @Test func whoDoesNotWaitHearsOfABlockAtOnce() {
        var rig = Rig(window: 1, whileDown: .fail)
        let link = rig.up()
        let ids = [rig.publish(), rig.publish()]
        rig.effects = []
        rig.notSent(ids[0], link, .blocked("low on memory"))
        #expect(rig.answers() == [ids[0]: .blocked, ids[1]: .blocked])
        let late = rig.publish()
        #expect(rig.answers() == [late: .blocked])
        rig.state.roomAgain(link: link, &rig.effects)
        let again = rig.publish()
        #expect(rig.sends() == [again])
    }

    @Test func andForRoomAsLongAsForAConfirm() {
        var rig = Rig(whileDown: .fail)
        let link = rig.up()
        let id = rig.publish()
        rig.effects = []
        rig.notSent(id, link)
        #expect(rig.take() == [.awaitRoom(link: link), .wake(at: 60_000)])
        rig.pass(to: 60_000)
        #expect(rig.answers() == [id: .timedOut])
    }

    /// It had been handed over, and came back.
    @Test func whatHasNotLeftDoesNotLeave() {
        var rig = Rig()
        let link = rig.up()
        let id = rig.publish()
        rig.effects = []
        rig.state.abandon(id, &rig.effects)
        rig.notSent(id, link)
        rig.state.roomAgain(link: link, &rig.effects)
        #expect(rig.sends().isEmpty)
        #expect(rig.state.count == 0)
    }

    // MARK: A channel that was closed

    @Test func aNameMayHaveApostrophes() {
        var rig = Rig(resend: .atLeastOnce)
        _ = rig.up()
        let good = [rig.publish(to: "o"), rig.publish(to: "brien"), rig.publish()]
        let bad = rig.publish(to: "o'brien")
        rig.effects = []
        rig.down(closed("NOT_FOUND - no exchange 'o'brien' in vhost '/'"))
        #expect(rig.answers() == [bad: .closedByBroker])
        _ = rig.up()
        #expect(rig.sends() == good)
    }

    /// The broker says how large the one is that it doesn't take.
    @Test func aMessageThatIsTooLargeFailsAlone() {
        var rig = Rig(resend: .atLeastOnce)
        _ = rig.up()
        let small = rig.publish()
        let large = rig.publish("twelve bytes")
        rig.effects = []
        rig.down(closed("PRECONDITION_FAILED - message size 12 is larger than configured max size 10"))
        #expect(rig.answers() == [large: .closedByBroker])
        _ = rig.up()
        #expect(rig.sends() == [small])
    }

    /// Else the same would happen on the next channel, and the next.
    @Test func whereTheCulpritIsNoneOfThemNoneIsSentAgain() {
        var rig = Rig(resend: .atLeastOnce)
        _ = rig.up()
        let id = rig.publish(to: "orders")
        rig.effects = []
        rig.down(closed("NOT_FOUND - no exchange 'other' in vhost '/'"))
        #expect(rig.answers() == [id: .unknownOutcome])
    }

    /// There is a connection.
    @Test func theNextChannelIsWaitedFor() {
        var rig = Rig(window: 1, whileDown: .fail)
        _ = rig.up()
        let bad = rig.publish(to: "oders")
        let next = rig.publish(to: "orders")
        rig.effects = []
        rig.down(closed("NOT_FOUND - no exchange 'oders' in vhost '/'"))
        #expect(rig.answers() == [bad: .closedByBroker])
        _ = rig.up()
        #expect(rig.sends() == [next])
    }

    // MARK: Costs

    /// A neighbour's heartbeat has the same clock: it has its turn in between.
    @Test(arguments: [false, true]) func theClockIsNotKept(isHeld: Bool) {
        var rig = Rig(window: 1)
        if isHeld {
            let link = rig.up()
            rig.notSent(rig.publish(), link)
        }
        while rig.state.count < Self.count {
            rig.now += 1
            _ = rig.publish()
        }
        rig.effects = []
        var told = 0
        let steps = Steps.counted {
            // One after the other, and then all that are left at once.
            for time in 30_000..<Int64(31_000) {
                rig.pass(to: time)
                told += rig.answers().count
            }
            rig.now += 100_000
            while rig.state.count > 0 {
                rig.state.timePassed(rig.now, &rig.effects)
                let effects = rig.take()
                let answers = effects.count { if case .answer = $0 { true } else { false } }
                #expect(answers <= PublisherState.deadlinesAtOnce)
                #expect(rig.state.count == 0 || effects.contains { if case .wake = $0 { true } else { false } })
                told += answers
            }
        }
        #expect(told == Self.count)
        #expect(steps < 40 * Self.count)
    }

    /// Each message of the window finds no room, again and again, with many behind it.
    @Test func whatFindsNoRoomCostsLittle() {
        let window = 1_000
        var rig = Rig(window: window)
        let link = rig.up()
        for _ in 0..<Self.count { _ = rig.publish() }
        var sent = rig.sends()
        let rounds = 10
        let steps = Steps.counted {
            for _ in 0..<rounds {
                for id in sent { rig.notSent(id, link) }
                rig.effects = []
                rig.state.roomAgain(link: link, &rig.effects)
                sent = rig.sends()
            }
        }
        #expect(sent == (1...window).map(UInt64.init))
        #expect(steps < 100 * rounds * window)
    }

    @Test func callersThatLeaveAreForgotten() {
        var rig = Rig()
        let ids = (0..<Self.count).map { _ in rig.publish() }
        rig.effects = []
        let steps = Steps.counted { for id in ids { rig.state.abandon(id, &rig.effects) } }
        #expect(rig.state.count == 0)
        #expect(steps < 40 * Self.count)
    }
}
