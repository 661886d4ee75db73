import AMQPWire
import DataStructures

/// A look at all queues and exchanges of a virtual host, because its policies have changed.
final class PolicyPass {
    /// The policies have changed since it began. When it is over another one begins, for all changes together: as many as come
    /// while one goes on make one more, and not one each.
    var isOutdated = false
    /// nil: it has not begun.
    private var names: (exchanges: [ShortString], queues: [ShortString])?

    /// A slice is over when the patterns of the policies may have taken so many steps: some milliseconds' worth.
    private static let stepsOfSlice = 50_000
    /// A queue that is longer than it may be now drops some at once.
    private static let stepsOfFollowing = 2500

    /// Looks at some more. False: those were the last.
    fileprivate func takeSlice(of host: VirtualHost) -> Bool {
        if names == nil {
            isOutdated = false
            names = (host.exchanges.keys, host.queues.keys)
        }
        var steps = 0
        defer { Steps.take(steps) }
        while steps < Self.stepsOfSlice {
            if let name = names?.exchanges.popLast() {
                steps += host.steps(forName: name.count)
                guard let exchange = host.exchanges[name] else { continue }
                let policy = host.policy(of: exchange)
                if policy == nil || !quirk(.policiesMissOldExchanges) { host.follow(policy, exchange) }
            } else if let name = names?.queues.popLast() {
                steps += host.steps(forName: name.count)
                if host.followPolicy(queue: name) { steps += Self.stepsOfFollowing }
            } else {
                names = nil
                return isOutdated
            }
        }
        return true
    }
}

extension VirtualHost {
    /// What a step of a pattern is beside what else is done for one client; see ``BrokerCore/spend(_:)``.
    private static let stepsOfUnit = 100
    /// What it takes besides to look at a thing.
    private static let stepsOfLook = 250

    /// How long it may take to find which of the policies acts on a name of so many octets, in steps of their patterns.
    fileprivate func steps(forName count: Int) -> Int {
        policies.reduce(Self.stepsOfLook) { $0 + $1.cost(ofName: count) }
    }

    func unitsOfPolicies(forName count: Int) -> Int { steps(forName: count) / Self.stepsOfUnit }

    /// Everything that is there is looked at again, in slices. Each look takes the policies as they are then, and what is made
    /// meanwhile has had its own.
    func followPolicies() {
        if let policyPass { return policyPass.isOutdated = true }
        let pass = PolicyPass()
        policyPass = pass
        // It begins when all changes that come together have been made.
        var hasBegun = false
        doInSlices { [self] in
            guard hasBegun else {
                hasBegun = true
                return true
            }
            if pass.takeSlice(of: self) { return true }
            policyPass = nil
            return false
        }
    }

    /// True: it means something else for the queue than before.
    fileprivate func followPolicy(queue name: ShortString) -> Bool {
        guard let hosted = queues[name], !hosted.queue.isDeleted else { return false }
        let policy = policy(ofQueue: name, hosted.arguments.kind)
        queues[name]?.policy = policy
        let arguments = arguments(hosted.arguments, ofQueue: name, under: policy)
        guard arguments != hosted.queue.arguments, !quirk(.policiesMissOldQueues) else { return false }
        hosted.queue.follow(arguments)
        return true
    }
}
