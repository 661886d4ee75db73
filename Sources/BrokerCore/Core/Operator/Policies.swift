import AMQPWire

// Policies, and what they change in the queues and exchanges of a virtual host.

extension VirtualHost {
    /// Queues that are looked at again in one go after a start.
    private static let namesOfSlice = 100

    func policy(of exchange: Exchange<any Queue>) -> Policy? {
        if policies.isEmpty || exchange.name.isEmpty { return nil }
        let name = exchange.name.text
        return policies.first { $0.matches(exchange: name) }
    }

    func policy(ofQueue name: ShortString, _ kind: QueueKind) -> Policy? {
        if policies.isEmpty { return nil }
        let name = name.text
        let dialect = core.configuration.dialect
        return policies.first { $0.matches(queue: name, ofType: kind.rawValue, in: dialect) }
    }

    /// A queue's arguments as they are to act under the policy that acts on it, from those it was declared with.
    func arguments(_ arguments: QueueArguments, ofQueue name: ShortString, under policy: Policy?) -> QueueArguments {
        guard policies.count > 1, quirk(.policiesAddUp) else { return arguments.under(policy) }
        let (dialect, type) = (core.configuration.dialect, arguments.kind.rawValue)
        return policies.filter { $0.matches(queue: name.text, ofType: type, in: dialect) }
            .reduce(arguments) { $0.combined(with: $1.definition) }
    }

    func follow(_ policy: Policy?, _ exchange: Exchange<any Queue>) {
        if exchange.follow(policy), !quirk(.routesOutlivePolicies) { topologyVersion += 1 }
    }

    func set(_ policy: Policy) {
        put(policy)
        if !quirk(.policiesAreNotWritten) { core.journal?.declare(.policySet(description(of: policy))) }
        followPolicies()
    }

    /// Takes over a policy that the store knows, when nothing is here yet but what every virtual host has.
    func restore(_ policy: Policy) {
        put(policy)
        for exchange in exchanges.values {
            let policy = self.policy(of: exchange)
            if policy == nil || !quirk(.restoredPoliciesMissPredeclaredExchanges) { follow(policy, exchange) }
        }
    }

    private func put(_ policy: Policy) {
        if let place = policies.firstIndex(where: { $0.name == policy.name }), quirk(.policySetAgainKeepsItsPlace) {
            return policies[place] = policy
        }
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
        if !quirk(.clearedPolicyIsFollowed) { followPolicies() }
        return true
    }

    /// What a policy says was written down, and perhaps not all that had to go by it: the queues that are under one look again.
    func catchUpWithPolicies() {
        var names = queues.values.filter { $0.arguments != $0.queue.arguments }.map(\.queue.name).sorted()
        if names.isEmpty { return }
        doInSlices { [self] in
            for name in names.suffix(Self.namesOfSlice) {
                if let queue = queues[name]?.queue, !queue.isDeleted { queue.follow(queue.arguments) }
            }
            names.removeLast(min(Self.namesOfSlice, names.count))
            return !names.isEmpty
        }
    }
}
