import AMQPWire
import Interceptor

/// What makes a sound broker faulty to one client.
struct FaultHook: Hook {
    private let mind: FaultyMind
    private let connection: Int

    init(_ mind: FaultyMind) {
        self.mind = mind
        connection = mind.connect()
    }

    /// Cases send octets of every kind, and some wait for an answer to half a frame.
    var mode: WireReader.Mode { .atOnce }

    func steps(for pieces: [WirePiece], _ direction: Direction) -> [Step] {
        let changed = mind.change(Passing.parse(pieces), of: connection, isOut: direction == .toClient)
        return [.send(changed.octets, direction), .send(changed.extra, .toBroker)] + (changed.hangsUp ? [.cut] : [])
    }
}
