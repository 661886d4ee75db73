import AMQPWire
@_spi(Quirks) import BrokerCore
import Synchronization

/// What all connections to one broken broker share: its fault, and what that remembers.
final class FaultyMind: Sendable {
    private struct State: Sendable {
        var memory = Fault.Memory()
        var connections = 0
        var rehearsal = Rehearsal()
    }

    let fault: Fault
    /// Everything that passes is written down: for the sound broker that a case is run on first.
    private let isRehearsing: Bool
    private let state = Mutex(State())
    #if DEBUG
        private let quirks: QuirkWatch?
    #endif

    init(_ fault: Fault, isRehearsing: Bool = false) {
        self.fault = fault
        self.isRehearsing = isRehearsing
        #if DEBUG
            quirks = isRehearsing || fault.quirk != nil ? QuirkWatch(fault.quirk) : nil
        #endif
    }

    var rehearsal: Rehearsal {
        var rehearsal = state.withLock { $0.rehearsal }
        #if DEBUG
            rehearsal.quirks = quirks?.asked ?? []
        #endif
        return rehearsal
    }

    /// What is wrong in the broker itself, before it starts.
    func configure(_ configuration: inout BrokerConfiguration) {
        fault.configure?(&configuration)
        #if DEBUG
            configuration.quirks = quirks
        #endif
    }

    func connect() -> Int {
        state.withLock { state in
            state.connections += 1
            return state.connections
        }
    }

    func noteRestart() {
        state.withLock { state in
            state.memory.restarts += 1
            if isRehearsing { state.rehearsal.append(.restarted) }
        }
    }

    /// A case moves the broker's clock. Returns how far it goes.
    func advance(milliseconds: Int) -> Int {
        if isRehearsing { state.withLock { $0.rehearsal.append(.elapsed(milliseconds: milliseconds)) } }
        return fault.clock?(milliseconds) ?? milliseconds
    }

    /// What becomes of what passes in one direction; `extra` goes to the broker, whichever direction it is.
    func change(
        _ passing: [Passing], of connection: Int, isOut: Bool
    ) -> (octets: [UInt8], extra: [UInt8], hangsUp: Bool) {
        let (hook, octetsHook) = isOut ? (fault.reply, fault.octetsOut) : (fault.request, fault.octetsIn)
        return state.withLock { state in
            if isRehearsing { state.rehearsal.append(.passed(passing, connection: connection, isOut: isOut)) }
            state.memory.connection = connection
            var octets: [UInt8] = []
            for one in passing {
                switch one {
                case .parcel(let parcel, let original):
                    guard let hook else {
                        octets += original
                        continue
                    }
                    for parcel in hook(parcel, &state.memory) { octets += parcel.octets }
                case .piece(let piece):
                    var raw = piece.octets
                    octetsHook?(&raw, &state.memory)
                    octets += raw
                }
            }
            defer { (state.memory.extra, state.memory.hangsUp) = ([], false) }
            return (octets, state.memory.extra.flatMap(\.octets), state.memory.hangsUp)
        }
    }
}
