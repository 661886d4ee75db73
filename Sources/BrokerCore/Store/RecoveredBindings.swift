import AMQPWire

/// The bindings that a log tells of. What goes with a queue or an exchange is found by it: a client may make and delete as
/// many of them as there are bindings.
struct RecoveredBindings {
    private struct Entry {
        var order: Int
        var binding: StoreRecovery.Found<StoredBinding>
    }

    /// What a binding hangs on: where it begins, and where it leads.
    private enum End: Hashable {
        case exchange(StoreRecovery.ExchangeKey)
        case queue(number: UInt64)
    }

    /// By their octets in the log.
    private var entries: [[UInt8]: Entry] = [:]
    private var keys: [End: Set<[UInt8]>] = [:]
    /// Those that were told of since the last description, and the segments.
    private var told: [(segment: UInt32, key: [UInt8])] = []
    private var count = 0

    mutating func bind(_ key: [UInt8], _ binding: StoreRecovery.Found<StoredBinding>, in segment: UInt32) {
        count += 1
        if quirk(.boundAgainIsForgotten), told.contains(where: { $0.key == key }) { return }
        told.append((segment, key))
        if entries[key] != nil { return }
        entries[key] = Entry(order: count, binding: binding)
        for end in Self.ends(of: binding.value) { keys[end, default: []].insert(key) }
    }

    mutating func unbind(_ key: [UInt8]) {
        guard let entry = entries.removeValue(forKey: key) else { return }
        for end in Self.ends(of: entry.binding.value) { keys[end]?.remove(key) }
    }

    mutating func removeAll(of exchange: StoreRecovery.ExchangeKey) { removeAll(of: .exchange(exchange)) }

    mutating func removeAll(ofQueue number: UInt64) { removeAll(of: .queue(number: number)) }

    private mutating func removeAll(of end: End) {
        for key in keys.removeValue(forKey: end) ?? [] { unbind(key) }
    }

    /// A description has told of all that there are, since this segment: in the order in which they were made, which those
    /// found before, alone, need not have been in.
    mutating func noteDescription(since segment: UInt32) {
        for (number, key) in told where number >= segment {
            count += 1
            entries[key]?.order = count
        }
        told = []
    }

    /// In the order in which they were made.
    var sorted: [StoreRecovery.Found<StoredBinding>] {
        entries.values.sorted { $0.order < $1.order }.map(\.binding)
    }

    private static func ends(of binding: StoredBinding) -> [End] {
        func exchange(_ name: ShortString) -> End {
            .exchange(StoreRecovery.ExchangeKey(virtualHost: binding.virtualHost, name: name))
        }
        return switch binding.destination {
        case .exchange(let name):
            quirk(.incomingBindingsOutliveTheirExchange)
                ? [exchange(binding.source)] : [exchange(binding.source), exchange(name)]
        case .queue(let number): [exchange(binding.source), .queue(number: number)]
        }
    }
}
