import TestSupport
import Testing

@testable import AMQPClient

/// What a publisher decides, with made-up connections and made-up time.
@Suite(.watched) struct PublisherStateTests {
    private typealias Rig = PublisherRig
    private typealias Effect = PublisherState.Effect
    private let lost = AMQPError(.connectionLost, scope: .connection, text: "lost")

    @Test func theWindowHoldsTheRestBack() {
        var rig = Rig(window: 2)
        let link = rig.up()
        let ids = (0..<4).map { _ in rig.publish() }
        #expect(rig.sends() == [ids[0], ids[1]])
        rig.confirm(ids[1], link)
        #expect(rig.take() == [.answer(ids[1], .success(true)), .send(ids[2], link: link)])
        rig.confirm(ids[0], link)
        #expect(rig.sends() == [ids[3]])
    }

    @Test func whatWasUnconfirmedIsOfUnknownOutcome() {
        var rig = Rig()
        _ = rig.up()
        let id = rig.publish()
        rig.effects = []
        rig.down(lost)
        guard case .answer(id, .failure(let error))? = rig.take().first else { return #expect(Bool(false)) }
        #expect(error.kind == .unknownOutcome)
        #expect(error.publish?.message == Message("m"))
        _ = rig.up()
        #expect(rig.sends().isEmpty)
    }

    @Test func orIsSentAgainInItsOrderBeforeWhatCameLater() {
        var rig = Rig(window: 2, resend: .atLeastOnce)
        let first = rig.up()
        let ids = (0..<3).map { _ in rig.publish() }
        rig.effects = []
        rig.down(lost)
        // Late news of the old connection.
        rig.confirm(ids[0], first)
        #expect(rig.answers().isEmpty)
        let second = rig.up()
        #expect(rig.take() == [.send(ids[0], link: second), .send(ids[1], link: second)])
        rig.confirm(ids[0], second)
        #expect(rig.answers() == [ids[0]: nil as AMQPError.Kind?])
    }

    @Test func whileDownItWaitsSoLongInAll() {
        var rig = Rig(whileDown: .wait(upTo: .seconds(30)), resend: .atLeastOnce)
        let never = rig.publish()
        #expect(rig.take() == [.wake(at: 30_000)])
        rig.now = 20_000
        _ = rig.up()
        let sent = rig.publish()
        rig.now = 25_000
        rig.effects = []
        rig.down(lost)
        // The alarm for the first may have gone off while there was a connection.
        #expect(rig.take().contains(.wake(at: 30_000)))
        rig.now = 30_000
        rig.effects = []
        rig.state.timePassed(rig.now, &rig.effects)
        // It has been on its way meanwhile.
        #expect(rig.answers() == [never: .unknownOutcome])
        rig.now = 55_000
        rig.state.timePassed(rig.now, &rig.effects)
        #expect(rig.answers() == [sent: .unknownOutcome])
        let late = rig.publish()
        rig.now = 85_000
        rig.state.timePassed(rig.now, &rig.effects)
        #expect(rig.answers() == [late: .timedOut])
        #expect(rig.state.count == 0)
    }

    @Test func orFailsAtOnce() {
        var rig = Rig(whileDown: .fail)
        // Nobody knows yet that there is no connection.
        let first = rig.publish()
        #expect(rig.answers().isEmpty)
        rig.down(lost)
        #expect(rig.answers() == [first: .unreachable])
        let second = rig.publish()
        #expect(rig.answers() == [second: .unreachable])
    }

    @Test func theOneWhoseExchangeIsMissingHearsOfIt() {
        var rig = Rig(resend: .atLeastOnce)
        _ = rig.up()
        let good = rig.publish(to: "orders")
        let bad = rig.publish(to: "oders")
        rig.effects = []
        rig.down(
            AMQPError(
                .closedByBroker, scope: .channel, code: .notFound,
                text: "NOT_FOUND - no exchange 'oders' in vhost '/'"))
        #expect(rig.answers() == [bad: .closedByBroker])
        _ = rig.up()
        #expect(rig.sends() == [good])
    }

    @Test func whereNobodyKnowsWhichOneWasRefusedNoneIsSentAgain() {
        var rig = Rig(resend: .atLeastOnce)
        _ = rig.up()
        let id = rig.publish()
        rig.effects = []
        rig.down(
            AMQPError(
                .closedByBroker, scope: .channel, code: .preconditionFailed,
                text: "PRECONDITION_FAILED - message size 9 larger than max size 8"))
        #expect(rig.answers() == [id: .unknownOutcome])
    }

    @Test func withoutRoomNothingIsSentUntilThereIsSome() {
        var rig = Rig()
        let link = rig.up()
        let ids = [rig.publish(), rig.publish()]
        rig.effects = []
        for id in ids.reversed() { rig.notSent(id, link) }
        #expect(rig.take().filter { $0 == .awaitRoom(link: link) }.count == 1)
        let third = rig.publish()
        #expect(rig.sends().isEmpty)
        rig.state.roomAgain(link: link, &rig.effects)
        #expect(rig.sends() == ids + [third])
    }

    @Test func aCallerThatLeavesTakesBackOnlyWhatHasNotLeft() {
        var rig = Rig(window: 1)
        let link = rig.up()
        let ids = [rig.publish(), rig.publish()]
        for id in ids { rig.state.abandon(id, &rig.effects) }
        #expect(rig.answers() == [ids[0]: .cancelled, ids[1]: .cancelled])
        #expect(rig.state.count == 1)
        rig.confirm(ids[0], link)
        #expect(rig.take().contains(.isEmpty))
    }

    @Test func theEndOfAllAttemptsIsSaidToEverybody() {
        let refused = AMQPError(.loginRefused, scope: .connection, text: "no")
        var rig = Rig()
        let id = rig.publish()
        rig.effects = []
        rig.state.end(refused, now: 0, &rig.effects)
        #expect(rig.answers() == [id: .loginRefused])
    }

    /// Whatever comes in whatever order: each publish is answered once, no more are out than the window allows, nothing is
    /// sent while there is no connection, and nothing twice that must not be.
    @Test(arguments: 0..<60 as Range<UInt64>) func anyOrder(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let resend: Publisher.Resend = seed % 2 == 0 ? .never : .atLeastOnce
        var rig = Rig(
            window: 3, whileDown: seed % 3 == 0 ? .fail : .wait(upTo: .milliseconds(50)), resend: resend)
        var link: Int?
        var open: Set<UInt64> = []
        var out: [UInt64: Int] = [:]
        var sent: [UInt64: Int] = [:]
        for _ in 0..<600 {
            rig.now += Int64.random(in: 0..<10, using: &random)
            let some = out.keys.sorted().randomElement(using: &random)
            switch Int.random(in: 0..<9, using: &random) {
            case 0...2: open.insert(rig.publish())
            case 3: if let some, let link { rig.confirm(some, link) }
            case 4:
                if link == nil {
                    link = rig.up()
                } else {
                    link = nil
                    rig.down(lost)
                    out = [:]
                }
            case 5: rig.state.timePassed(rig.now, &rig.effects)
            case 6:
                if let some, let link {
                    out[some] = nil
                    sent[some, default: 0] -= 1
                    rig.notSent(some, link)
                    if Bool.random(using: &random) { rig.state.roomAgain(link: link, &rig.effects) }
                }
            case 7: if let link { rig.state.roomAgain(link: link, &rig.effects) }
            default: if let link, let some { rig.state.settled(some, link: link, .failure(lost), &rig.effects) }
            }
            for effect in rig.take() {
                switch effect {
                case .send(let id, let on):
                    #expect(on == link)
                    out[id] = on
                    sent[id, default: 0] += 1
                    #expect(resend == .atLeastOnce || sent[id] == 1)
                case .answer(let id, _):
                    #expect(open.remove(id) != nil)
                    out[id] = nil
                default: break
                }
            }
            #expect(out.count <= 3)
        }
        rig.state.end(lost, now: rig.now, &rig.effects)
        #expect(Set(rig.answers().keys) == open)
        #expect(rig.state.count == 0)
    }
}
