import AMQPWire

/// Ways to be wrong that the history checks have to notice; without them, a check that is always green would look right.
enum HistoryFault: String, CaseIterable, Sendable {
    case dropsRedelivered, marksAll, requeuesAtTheTail, losesOneInAThousand, deliversTwice, oneTooMany, forgetsAcks
    case confirmsTwice, forgetsAConfirm, swapsTwo, ackMultipleLeavesOneBehind, purgeMiscounts

    /// What reaches a client, of all that the broker has sent it.
    func spoil(_ received: [Received], _ random: inout HistoryRandom) -> [Received] {
        var bodies = received
        switch self {
        case .swapsTwo:
            let deliveries = received.indices.filter { received[$0].body != nil }
            if deliveries.count > 1 {
                (bodies[deliveries[0]].body, bodies[deliveries[1]].body) =
                    (received[deliveries[1]].body, received[deliveries[0]].body)
            }
        case .losesOneInAThousand: bodies.removeAll { $0.body != nil && random.next(1000) == 0 }
        case .deliversTwice:
            if let twice = received.last, twice.body != nil, random.next(20) == 0 { bodies.append(twice) }
        case .confirmsTwice:
            if let twice = received.last, case .basicAck = twice.method { bodies.append(twice) }
        case .forgetsAConfirm:
            bodies.removeAll { received in
                if case .basicAck = received.method { random.next(50) == 0 } else { false }
            }
        default: break
        }
        for index in bodies.indices {
            switch (self, bodies[index].method) {
            case (.dropsRedelivered, .basicDeliver(var deliver)):
                deliver.redelivered = false
                bodies[index].method = .basicDeliver(deliver)
            case (.marksAll, .basicDeliver(var deliver)):
                deliver.redelivered = true
                bodies[index].method = .basicDeliver(deliver)
            case (.purgeMiscounts, .queuePurgeOk(var ok)):
                ok.messageCount += 1
                bodies[index].method = .queuePurgeOk(ok)
            default: break
            }
        }
        return bodies
    }
}

/// Numbers that a seed decides (SplitMix64).
struct HistoryRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }

    /// 0 to `bound` - 1.
    mutating func next(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
