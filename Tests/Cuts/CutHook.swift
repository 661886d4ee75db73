import AMQPWire
import Interceptor
import Synchronization

/// Cuts one connection at its place, and watches what passes: an acknowledgement has to name a delivery that passed on this
/// channel and is not settled.
final class CutHook: Hook {
    private struct State: Sendable {
        var passed: [Direction: Int] = [:]
        var isOver = false
        var isSilent: Set<Direction> = []
        var delivered: [UInt16: Set<UInt64>] = [:]
        /// Channels on which the next header and body belong to a publish.
        var publishing: Set<UInt16> = []
    }

    private let plan: CutPlan
    private let tally: CutTally
    private let place: CutPlace
    private let state = Mutex(State())

    init(_ plan: CutPlan, _ tally: CutTally) {
        self.plan = plan
        self.tally = tally
        place = plan.next()
        tally.connectionBegan()
    }

    deinit { tally.connectionEnded() }

    func steps(for pieces: [WirePiece], _ direction: Direction) -> [Step] {
        state.withLock { state in pieces.flatMap { steps(for: $0, direction, &state) } }
    }

    private func steps(for piece: WirePiece, _ direction: Direction, _ state: inout State) -> [Step] {
        tally.passed()
        if state.isSilent.contains(direction) { return [] }
        let number = state.passed[direction, default: 0]
        state.passed[direction] = number + 1
        guard !state.isOver, direction == place.direction, number >= place.piece else {
            watch(piece, direction, &state)
            return [.send(piece.octets, direction)]
        }
        state.isOver = true
        guard plan.take(place, at: Self.name(of: piece)) else {
            watch(piece, direction, &state)
            return [.send(piece.octets, direction)]
        }
        switch place.kind {
        case .before: return [.cut]
        case .after:
            watch(piece, direction, &state)
            return [.send(piece.octets, direction), .cut]
        case .midFrame:
            let octets = piece.octets
            return [.send(Array(octets.prefix(octets.count * place.part / 256)), direction), .cut]
        case .silent: state.isSilent = [direction]
        case .silentBothWays: state.isSilent = [.toBroker, .toClient]
        }
        return []
    }

    private func watch(_ piece: WirePiece, _ direction: Direction, _ state: inout State) {
        guard let frame = piece.frame else { return }
        if frame.kind == .body, direction == .toBroker, state.publishing.remove(frame.channel) != nil {
            tally.published(String(decoding: frame.payload, as: UTF8.self))
        }
        guard frame.kind == .method, let method = try? Method(frame.payload) else { return }
        switch (direction, method) {
        case (.toBroker, .basicPublish): state.publishing.insert(frame.channel)
        case (.toClient, .basicDeliver(let deliver)):
            state.delivered[frame.channel, default: []].insert(deliver.deliveryTag)
        case (.toBroker, .basicAck(let ack)): settle(ack.deliveryTag, frame.channel, &state)
        case (.toBroker, .basicReject(let reject)): settle(reject.deliveryTag, frame.channel, &state)
        default: break
        }
    }

    private func settle(_ tag: UInt64, _ channel: UInt16, _ state: inout State) {
        if state.delivered[channel]?.remove(tag) == nil { tally.violated("tag \(tag) was settled, and is not out") }
    }

    private static func name(of piece: WirePiece) -> String {
        guard let frame = piece.frame else { return "the protocol header" }
        switch frame.kind {
        case .method: return (try? Method(frame.payload)).map { "\($0.id)" } ?? "a method"
        case .header: return "a content header"
        case .body: return "a body"
        case .heartbeat: return "a heartbeat"
        }
    }
}
