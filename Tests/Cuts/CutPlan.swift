import AMQPClient
import Interceptor
import SeededGenerator
import Synchronization

/// How a connection is cut.
public enum CutKind: String, Sendable, CaseIterable {
    case before, after
    case midFrame = "in the middle of"
    /// From there on nothing passes, in this direction, and nobody is told.
    case silent = "silent from"
    case silentBothWays = "silent both ways from"
}

/// Where a connection is cut: at one of the pieces that pass it.
struct CutPlace: Sendable {
    var kind: CutKind
    var direction: Direction
    /// Pieces of that direction that pass before.
    var piece: Int
    /// Where in the frame, as a part of 256.
    var part: Int
}

/// Decides from a seed where each connection is cut, and counts until there have been enough cuts.
final class CutPlan: Sendable {
    private struct State: Sendable {
        var random: SeededGenerator
        var left: Int
        var connections = 0
        var cuts: [CutKind: Int] = [:]
        var places: [String: Int] = [:]
    }

    private let state: Mutex<State>

    init(seed: UInt64, cuts: Int) { state = Mutex(State(random: SeededGenerator(seed: seed), left: cuts)) }

    var isDone: Bool { state.withLock { $0.left == 0 } }
    var cuts: [CutKind: Int] { state.withLock { $0.cuts } }
    var places: [String: Int] { state.withLock { $0.places } }

    /// Every third connection falls during login and set-up, the others at work.
    func next() -> CutPlace {
        state.withLock { state in
            state.connections += 1
            func random(_ bound: Int) -> Int { Int(state.random.next() % UInt64(bound)) }
            let kinds = CutKind.allCases + [.before, .after, .midFrame]
            return CutPlace(
                kind: kinds[random(kinds.count)], direction: random(2) == 0 ? .toBroker : .toClient,
                piece: random(3) == 0 ? random(12) : 8 + random(150), part: random(256))
        }
    }

    /// The place has come. False: there have been enough cuts, and this connection lives.
    func take(_ place: CutPlace, at what: String) -> Bool {
        state.withLock { state in
            guard state.left > 0 else { return false }
            state.left -= 1
            state.cuts[place.kind, default: 0] += 1
            let arrow = place.direction == .toBroker ? "to the broker" : "to the client"
            state.places["\(place.kind.rawValue) \(what) \(arrow)", default: 0] += 1
            return true
        }
    }
}
