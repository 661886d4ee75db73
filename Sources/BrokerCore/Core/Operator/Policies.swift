import AMQPWire

// Policies, and what they change in the queues and exchanges of a virtual host.

extension VirtualHost {
    /// So many queues or exchanges are looked at in a slice.
    private static let slice = 100

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

    /// A queue's arguments as they are to act, from those it was declared with.
    func underPolicy(_ name: ShortString, _ arguments: QueueArguments) -> QueueArguments {
        guard let policy = policy(ofQueue: name, arguments.kind) else { return arguments }
        guard policies.count > 1, quirk(.policiesAddUp) else { return arguments.combined(with: policy.definition) }
        return policies.filter { $0.matches(queue: name.text, ofType: arguments.kind.rawValue) }
            .reduce(arguments) { $0.combined(with: $1.definition) }
    }

    func follow(_ policy: Policy?, _ exchange: Exchange<any Queue>) {
        let name = policy?.definition[PolicyKey.alternateExchange.name]?.text
        exchange.follow(alternate: name.map(ShortString.init(truncating:)))
    }

    func set(_ policy: Policy) {
        put(policy)
        if !quirk(.policiesAreNotWritten) { core.journal?.declare(.policySet(description(of: policy))) }
        policiesHaveChanged()
    }

    /// Takes over a policy that the store knows, when nothing is here yet but what every virtual host has.
    func restore(_ policy: Policy) {
        put(policy)
        for exchange in exchanges.values { follow(self.policy(of: exchange), exchange) }
    }

    private func put(_ policy: Policy) {
        policies.removeAll { $0.name == policy.name && !quirk(.policySetAgainIsAnother) }
        let place = policies.firstIndex { policy.precedes($0) } ?? policies.endIndex
        policies.insert(policy, at: place)
    }

    /// False: there is none of that name.
    func clearPolicy(_ name: String) -> Bool {
        let count = policies.count
        policies.removeAll { $0.name == name }
        guard policies.count < count else { return false }
        if !quirk(.clearsAreNotWritten) { core.journal?.declare(.policyCleared(virtualHost: self.name, name: name)) }
        if !quirk(.clearedPolicyIsFollowed) { policiesHaveChanged() }
        return true
    }

    /// Everything that is there is looked at again, in slices. Each look takes the policies as they are then, so a change in the
    /// middle does no harm.
    private func policiesHaveChanged() {
        var names = (exchanges: Array(exchanges.keys), queues: Array(queues.keys))
        later { [self] in
            for _ in 0..<Self.slice {
                if let name = names.exchanges.popLast() {
                    guard let exchange = exchanges[name] else { continue }
                    let policy = policy(of: exchange)
                    if policy == nil || !quirk(.policiesMissOldExchanges) { follow(policy, exchange) }
                } else if let name = names.queues.popLast() {
                    followPolicy(queue: name)
                }
            }
            if !quirk(.routesOutlivePolicies) { topologyVersion += 1 }
            return !names.exchanges.isEmpty || !names.queues.isEmpty
        }
    }

    /// What a policy says was written down, and perhaps not all that had to go by it: the queues that are under one look again.
    func catchUpWithPolicies() {
        var names = queues.filter { $0.value.arguments != $0.value.queue.arguments }.keys.sorted()
        if names.isEmpty { return }
        later { [self] in
            for name in names.suffix(Self.slice) {
                if let queue = queues[name]?.queue, !queue.isDeleted { queue.follow(queue.arguments) }
            }
            names.removeLast(min(Self.slice, names.count))
            return !names.isEmpty
        }
    }

    private func followPolicy(queue name: ShortString) {
        guard let hosted = queues[name], !hosted.queue.isDeleted else { return }
        let arguments = underPolicy(name, hosted.arguments)
        guard arguments != hosted.queue.arguments, !quirk(.policiesMissOldQueues) else { return }
        hosted.queue.follow(arguments)
    }
}
