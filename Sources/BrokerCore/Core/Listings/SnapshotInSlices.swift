/// A snapshot in the making, a slice at a time, so that no client waits for a long list.
///
/// What is listed is what there was at the beginning, without what has gone by its turn; how it is (counts of messages,
/// say) is of the moment when its slice was taken.
public final class SnapshotInSlices {
    /// What has been taken so far, in no order.
    public fileprivate(set) var taken: BrokerSnapshot
    private var slices: [() -> Bool] = []

    /// So many things are looked at in a slice.
    static let slice = 250

    fileprivate init(_ beginning: BrokerSnapshot) { taken = beginning }

    /// Takes the next slice. Only while nothing else happens to the core. False: that was the last one.
    public func takeSlice() -> Bool {
        guard let slice = slices.last else { return false }
        if !slice() { slices.removeLast() }
        return !slices.isEmpty
    }

    /// Lists things: each is looked at in its slice.
    fileprivate func list<Thing, Info>(
        _ things: [Thing], as part: WritableKeyPath<BrokerSnapshot, [Info]>,
        _ info: @escaping (Thing) -> [Info]
    ) {
        var next = 0
        slices.append { [unowned self] in
            let end = min(next + Self.slice, things.count)
            var infos: [Info] = []
            while next < end, infos.count < Self.slice {
                infos += info(things[next])
                next += 1
            }
            taken[keyPath: part] += infos
            return next < things.count
        }
    }
}

extension SnapshotInSlices {
    /// Lists what things have: of one that has many, some in each slice.
    fileprivate func list<Thing, Part, Info>(
        _ things: [Thing], as part: WritableKeyPath<BrokerSnapshot, [Info]>,
        of parts: @escaping (Thing) -> [Part], _ info: @escaping (Part) -> Info?
    ) {
        var (next, left) = (0, [] as ArraySlice<Part>)
        slices.append { [unowned self] in
            var most = Self.slice
            while most > 0, !left.isEmpty || next < things.count {
                if left.isEmpty {
                    left = parts(things[next])[...]
                    next += 1
                    most -= 1
                }
                let some = left.prefix(most)
                taken[keyPath: part] += some.compactMap(info)
                left = left.dropFirst(some.count)
                most -= some.count
            }
            return next < things.count || !left.isEmpty
        }
    }
}

extension BrokerCore {
    /// All of a snapshot at once; see ``beginSnapshot(of:in:)``.
    public func snapshot(of parts: Set<BrokerSnapshot.Part>, in virtualHost: String? = nil) -> BrokerSnapshot {
        let snapshot = beginSnapshot(of: parts, in: virtualHost)
        while snapshot.takeSlice() {}
        return snapshot.taken.sorted
    }

    /// Begins a snapshot, of which the slices are to be taken.
    ///
    /// - Parameter virtualHost: the one whose queues, exchanges, bindings and consumers are wanted; nil: those of all
    public func beginSnapshot(
        of parts: Set<BrokerSnapshot.Part>, in virtualHost: String? = nil
    ) -> SnapshotInSlices {
        let snapshot = SnapshotInSlices(
            BrokerSnapshot(
                users: configuration.users, virtualHosts: listVirtualHosts(),
                tracedVirtualHosts: listTracedVirtualHosts(),
                dialect: configuration.dialect,
                exchangeTypes: ExchangeTypes<any Queue>.all(in: configuration.dialect).map { $0.type },
                memoryAlarm: alarms.memory, diskAlarm: alarms.disk, memoryInUse: memoryInUse,
                memoryHighWater: configuration.memoryHighWater, diskFreeLimit: configuration.store.diskFreeLimit,
                counters: tally.counters,
                tracedSteps: virtualHosts.values.filter { virtualHost == nil || $0.name == virtualHost }.flatMap {
                    $0.tracedSteps.recent
                }))
        for host in virtualHosts.values {
            snapshot.taken.defaultQueueTypes[host.name] = host.defaultQueueType
            snapshot.taken.policies += host.policies
        }
        snapshot.taken.policies.sort { ($0.virtualHost, $0.name) < ($1.virtualHost, $1.name) }
        for host in virtualHosts.values where virtualHost == nil || host.name == virtualHost {
            list(parts, of: host, in: snapshot)
        }
        if parts.contains(.connections) {
            snapshot.list(allConnections, as: \.connections) { ConnectionInfo($0).map { [$0] } ?? [] }
        }
        if parts.contains(.channels) {
            snapshot.list(allConnections, as: \.channels) { connection in
                connection.channels.values.sorted { $0.number < $1.number }.map { ChannelInfo($0, of: connection) }
            }
        }
        return snapshot
    }

    private func list(_ parts: Set<BrokerSnapshot.Part>, of host: VirtualHost, in snapshot: SnapshotInSlices) {
        let needsQueues = !parts.isDisjoint(with: [.queues, .bindings, .consumers])
        let queues = needsQueues ? host.queues.values.map(\.queue) : []
        if parts.contains(.queues) {
            snapshot.list(queues, as: \.queues) { $0.isDeleted ? [] : [QueueInfo($0, in: host)] }
        }
        if parts.contains(.consumers) {
            snapshot.list(queues, as: \.consumers, of: { $0.consumers.compactMap { $0 as? Consumer } }) {
                // One that has ended meanwhile has no channel any more.
                $0.isCancelled ? nil : ConsumerInfo($0, in: host)
            }
        }
        let exchanges = parts.isDisjoint(with: [.exchanges, .bindings]) ? [] : Array(host.exchanges.values)
        if parts.contains(.exchanges) { snapshot.list(exchanges, as: \.exchanges) { [ExchangeInfo($0, in: host)] } }
        if parts.contains(.bindings) {
            snapshot.list(queues, as: \.bindings) { [BindingInfo(implicit: $0.name, in: host)] }
            snapshot.list(exchanges.flatMap(\.bindings), as: \.bindings) { binding in
                binding.destination.isRemoved ? [] : [BindingInfo(binding, in: host)]
            }
        }
    }
}
