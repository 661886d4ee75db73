import AMQPWire

// Policies, and what they change in the queues and exchanges of a virtual host.

extension VirtualHost {
    func policy(of exchange: Exchange<any Queue>) -> Policy? {
        if policies.isEmpty || exchange.name.isEmpty { return nil }
        let name = exchange.name.text
        return policies.first { $0.matches(exchange: name) }
    }

    func policy(ofQueue name: ShortString, _ kind: QueueKind) -> Policy? {
        if policies.isEmpty { return nil }
        let name = name.text
        return policies.first { $0.matches(queue: name, ofType: kind.rawValue) }
    }

    func follow(_ policy: Policy?, _ exchange: Exchange<any Queue>) {
        if exchange.follow(policy) { topologyVersion += 1 }
    }

    func set(_ policy: Policy) {
        policies.removeAll { $0.name == policy.name }
        let place = policies.firstIndex { policy.precedes($0) } ?? policies.endIndex
        policies.insert(policy, at: place)
        policiesHaveChanged()
    }

    /// False: there is none of that name.
    func clearPolicy(_ name: String) -> Bool {
        let count = policies.count
        policies.removeAll { $0.name == name }
        guard policies.count < count else { return false }
        policiesHaveChanged()
        return true
    }
}
