import AMQPTransport
import BrokerCore

extension Broker {
    /// Opens a port for the listing API, on this machine's loopback addresses only; 0 takes a free one. Returns the
    /// port. Throws when it can't be had, and says why.
    ///
    /// It is HTTP, with RabbitMQ's paths and JSON: `GET /api/queues`, with a user's name and password.
    ///
    /// - Parameter names: those by which it may be asked beside localhost and loopback addresses.
    @discardableResult
    public func listenForManagement(port: Int, names: [String] = []) throws(TransportError) -> Int {
        let server = ManagementServer(listingAPI, time: time, loginChecker, names: HostNames(names))
        let port = try server.listen(host: "localhost", port: port)
        state.withLock { $0.management = server }
        return port
    }

    /// Switches copies of all that is published and delivered in a virtual host on or off (RabbitMQ: "Firehose Tracer").
    /// False: there is no such virtual host.
    @discardableResult
    public func setTracing(_ isOn: Bool, in virtualHost: String = "/") -> Bool {
        state.withLock { state in
            guard state.core.listVirtualHosts().contains(virtualHost) else { return false }
            step(.setTracing(isOn, virtualHost: virtualHost), &state)
            return true
        }
    }

    /// How many watch the live page.
    package var watcherCount: Int { state.withLock { $0.management }?.watchers.count ?? 0 }

    var listingAPI: ListingAPI {
        ListingAPI(
            source: ListingAPI.Source(
                users: { [weak self] in self?.state.withLock { $0.core.configuration.users } ?? [] },
                look: { [weak self] parts, virtualHost in
                    guard let self, let broker = snapshot(of: parts, in: virtualHost) else { return nil }
                    return ListingView(
                        broker: broker, listeners: state.withLock { $0.addresses },
                        mostDescriptors: Machine.descriptorLimit, mostConnections: mostConnections)
                },
                peek: { [weak self] queue, virtualHost, user in
                    self?.state.withLock { $0.core.peek(into: queue, in: virtualHost, by: user) } ?? .notFound
                },
                change: { [weak self] in self?.change($0) ?? [] },
                define: { [weak self] (file, withUsers) throws(DefinitionsFile.Malformed) in
                    try self?.define(file, withUsers: withUsers)
                }))
    }

    /// Takes a snapshot, and gives the lock away after each slice.
    package func snapshot(of parts: Set<BrokerSnapshot.Part>, in virtualHost: String?) -> BrokerSnapshot? {
        let number = state.withLock { state in
            state.snapshotCount += 1
            state.snapshots[state.snapshotCount] = state.core.beginSnapshot(of: parts, in: virtualHost)
            return state.snapshotCount
        }
        while state.withLock({ $0.snapshots[number]?.takeSlice() ?? false }) {}
        return state.withLock { $0.snapshots.removeValue(forKey: number)?.taken }?.sorted
    }
}
