import AMQPWire

/// What passed between a case and a sound broker, so that a fault can be tried on it without running the case again.
///
/// Most faults have nothing to do with most cases: a broker that is wrong about `#` is right about everything else. Such a
/// fault leaves every octet of the rehearsal alone, and the case would only see once more what it has seen. Of all pairs of
/// a case and a fault, one in ten or so is left to be run.
struct Rehearsal: Sendable {
    enum Event: Sendable {
        /// What came at once on a connection: from the client, or to it.
        case passed([Passing], connection: Int, isOut: Bool)
        case elapsed(milliseconds: Int)
        case restarted
    }

    private(set) var events: [Event] = []
    private(set) var methods: Set<MethodID> = []
    private(set) var hasRestarts = false
    private(set) var hasElapsed = false
    /// The quirks that the sound broker came by; see `Quirk`.
    var quirks: Set<String> = []

    mutating func append(_ event: Event) {
        events.append(event)
        switch event {
        case .passed(let passing, _, _):
            for case .parcel(let parcel, _) in passing { methods.insert(parcel.method.id) }
        case .elapsed: hasElapsed = true
        case .restarted: hasRestarts = true
        }
    }

    /// False when all of it would have passed as it did.
    func isSpoilt(by fault: Fault) -> Bool {
        if let quirk = fault.quirk { return quirks.contains(quirk) }
        if fault.isAboutRestarts, !hasRestarts { return false }
        if fault.isAboutTime, !hasElapsed { return false }
        if fault.configure != nil { return true }
        if let clock = fault.clock, !isSpoilt(by: clock) { return false } else if fault.clock != nil { return true }
        guard fault.methods.isEmpty || !fault.methods.isDisjoint(with: methods) else { return false }
        let mind = FaultyMind(fault)
        return events.contains { event in
            switch event {
            case .passed(let passing, let connection, let isOut):
                let changed = mind.change(passing, of: connection, isOut: isOut)
                return changed.hangsUp || !changed.extra.isEmpty || changed.octets != passing.flatMap(\.octets)
            case .elapsed: return false
            case .restarted:
                mind.noteRestart()
                return false
            }
        }
    }

    private func isSpoilt(by clock: (Int) -> Int) -> Bool {
        events.contains {
            if case .elapsed(let milliseconds) = $0 { clock(milliseconds) != milliseconds } else { false }
        }
    }
}

/// What passes in one direction, as a fault sees it.
enum Passing: Sendable {
    /// A method, with its content if it carries some, and the octets that it came as.
    case parcel(Parcel, octets: [UInt8])
    /// A frame that is no part of a parcel, or octets that are no frame.
    case piece(WirePiece)

    var octets: [UInt8] {
        switch self {
        case .parcel(_, let octets): octets
        case .piece(let piece): piece.octets
        }
    }

    static func parse(_ pieces: [WirePiece]) -> [Passing] {
        var passing: [Passing] = []
        var rest = pieces[...]
        while let piece = rest.first {
            if let parcel = Parcel(rest) {
                passing.append(.parcel(parcel, octets: rest.prefix(parcel.frames).flatMap(\.octets)))
                rest = rest.dropFirst(parcel.frames)
            } else {
                passing.append(.piece(piece))
                rest = rest.dropFirst()
            }
        }
        return passing
    }
}
