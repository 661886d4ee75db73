import AMQPTransport
import AMQPWire
import Interceptor
import Synchronization
import Testing

/// Both ends of one intercepted connection, in memory.
private struct Scene: Sendable {
    let client: Interceptor
    let atClient = Ear()
    let broker: MemoryStream
    let atBroker = Ear()

    init(_ hook: any Hook) {
        let (near, far) = MemoryStream.pair()
        (client, broker) = (Interceptor(near, hook), far)
        broker.start(atBroker)
        client.start(atClient)
    }

    func send(_ pieces: WirePiece..., from direction: Direction) {
        let octets = pieces.flatMap(\.octets)
        if direction == .toBroker { client.send(octets.span.bytes) } else { broker.send(octets.span.bytes) }
    }
}

/// What one end has heard.
private final class Ear: ByteStreamReceiver {
    private struct State: Sendable {
        var octets: [UInt8] = []
        var end: StreamEnd?
        var calls = 0
    }
    private let state = Mutex(State())

    var octets: [UInt8] { state.withLock { $0.octets } }

    func streamReceived(_ bytes: RawSpan) {
        let octets = bytes.withUnsafeBytes { Array($0) }
        state.withLock { $0.octets += octets }
    }
    func streamDrained() {}
    func streamEnded(_ end: StreamEnd) {
        state.withLock { state in
            state.end = end
            state.calls += 1
        }
    }

    /// Waits until it has heard so many octets, at most ten seconds.
    func heard(_ count: Int) async -> [UInt8] {
        await eventually { state.withLock { $0.octets.count >= count } }
        return octets
    }

    func end() async -> StreamEnd? {
        await eventually { state.withLock { $0.end != nil } }
        return state.withLock { $0.end }
    }

    var ends: Int { state.withLock { $0.calls } }
}

private func eventually(_ isSo: () -> Bool) async {
    let limit = ContinuousClock.now + .patience
    while !isSo(), ContinuousClock.now < limit { try? await Task.sleep(for: .milliseconds(1)) }
}

/// A verdict on the frames of one channel; others pass.
private struct Rule: Hook {
    var channel: UInt16 = 1
    var verdict: Verdict

    func decide(_ piece: WirePiece, _ direction: Direction) -> Verdict {
        piece.frame?.channel == channel ? verdict : .pass
    }
}

private func body(_ channel: UInt16, _ octet: UInt8) -> WirePiece {
    .frame(Frame(.body, channel: channel, payload: [octet]))
}

struct InterceptorTests {
    private static let verdicts: [(Verdict, [WirePiece])] = [
        (.pass, [body(1, 7), body(2, 8)]),
        (.drop, [body(2, 8)]),
        (.repeat(2), [body(1, 7), body(1, 7), body(1, 7), body(2, 8)]),
        (.replace(body(1, 9).octets), [body(1, 9), body(2, 8)]),
        (.hold, [body(2, 8)]),
    ]

    @Test(arguments: [Direction.toBroker, .toClient], Array(verdicts.indices))
    func aVerdictOnOneFrame(direction: Direction, index: Int) async {
        let (verdict, passed) = Self.verdicts[index]
        let scene = Scene(Rule(verdict: verdict))
        scene.send(body(1, 7), body(2, 8), from: direction)
        let ear = direction == .toBroker ? scene.atBroker : scene.atClient
        let octets = passed.flatMap(\.octets)
        #expect(await ear.heard(octets.count) == octets)
        // What is held comes later, behind what has overtaken it.
        scene.client.release()
        let late = verdict == .hold ? octets + body(1, 7).octets : octets
        #expect(await ear.heard(late.count) == late)
        scene.client.close()
        #expect(await scene.atBroker.end() == .finished)
    }

    @Test(arguments: [Direction.toBroker, .toClient])
    func aCutBreaksBothEnds(direction: Direction) async {
        let scene = Scene(Rule(verdict: .cut))
        scene.send(body(2, 8), body(1, 7), body(2, 8), from: direction)
        for end in [await scene.atBroker.end(), await scene.atClient.end()] {
            guard case .reset? = end else {
                Issue.record("\(String(describing: end)) instead of a reset")
                continue
            }
        }
        scene.client.cut()
        scene.client.close()
        #expect(scene.atClient.ends == 1)
    }

    @Test func whatIsHeldIsLostWithACut() async {
        let scene = Scene(Rule(verdict: .hold))
        scene.send(body(1, 7), from: .toClient)
        scene.send(body(2, 8), from: .toClient)
        #expect(await scene.atClient.heard(9) == body(2, 8).octets)
        scene.client.cut()
        scene.client.release()
        #expect(await scene.atClient.end() == .reset("the connection was cut"))
        #expect(scene.atClient.octets == body(2, 8).octets)
    }

    /// As when a cable is pulled out: neither side hears anything more of the other, nor of its end.
    @Test func whatIsSeveredPassesNothing() async {
        let scene = Scene(Rule(verdict: .pass))
        scene.send(body(1, 7), from: .toClient)
        #expect(await scene.atClient.heard(9) == body(1, 7).octets)
        scene.client.sever()
        scene.send(body(1, 8), from: .toBroker)
        scene.send(body(1, 8), from: .toClient)
        scene.client.carryOut([.send(body(1, 8).octets, .toClient)])
        await eventually { scene.broker.isAtRest }
        scene.client.abort()
        #expect(await scene.atClient.end() == .closedHere)
        #expect(scene.atClient.octets == body(1, 7).octets)
        #expect(scene.atBroker.octets == [])
        #expect(scene.atBroker.ends == 0)
        scene.broker.abort()
        #expect(await scene.atBroker.end() == .closedHere)
        #expect(scene.atClient.ends == 1)
    }

    @Test func somethingIsPutInBetween() async {
        let scene = Scene(Rule(verdict: .drop))
        scene.send(body(2, 1), from: .toBroker)
        scene.client.carryOut([
            .send(body(1, 7).octets, .toBroker), .hold(body(1, 8).octets, .toBroker),
            .send(body(1, 9).octets, .toClient),
        ])
        scene.send(body(2, 2), from: .toBroker)
        scene.client.release()
        let octets = [body(2, 1), body(1, 7), body(2, 2), body(1, 8)].flatMap(\.octets)
        #expect(await scene.atBroker.heard(octets.count) == octets)
        #expect(await scene.atClient.heard(9) == body(1, 9).octets)
        scene.client.carryOut([.cut])
        #expect(await scene.atClient.end() == .reset("the connection was cut"))
    }

    @Test func aFrameThatNeverBecomesWholePassesAtTheEnd() async {
        let scene = Scene(Rule(verdict: .drop))
        let half = Array(body(1, 7).octets.dropLast())
        scene.client.send(half.span.bytes)
        scene.client.close()
        #expect(await scene.atBroker.end() == .finished)
        #expect(scene.atBroker.octets == half)
    }

    @Test func twoInARow() async {
        let (near, far) = MemoryStream.pair()
        let (client, broker) = (Ear(), Ear())
        let outer = Interceptor(Interceptor(near, Rule(verdict: .repeat(1))), Rule(channel: 2, verdict: .drop))
        far.start(broker)
        outer.start(client)
        let octets = body(1, 7).octets + body(2, 8).octets
        outer.send(octets.span.bytes)
        far.send(octets.span.bytes)
        let passed = body(1, 7).octets + body(1, 7).octets
        #expect(await broker.heard(passed.count) == passed)
        #expect(await client.heard(passed.count) == passed)
        outer.close()
        #expect(await client.end() == .closedHere)
    }
}
