import AMQPTransport
import BrokerCore

extension Broker {
    /// Opens a port for the listing API, on this machine's loopback addresses only; 0 takes a free one. Returns the
    /// port. Throws when it can't be had, and says why.
    ///
    /// It is HTTP, with RabbitMQ's paths and JSON: `GET /api/queues`, with a user's name and password.
    @discardableResult
    public func listenForManagement(port: Int) throws(TransportError) -> Int {
        let server = ManagementServer(listingAPI, time: time, loginChecker)
        let port = try server.listen(host: "localhost", port: port)
        state.withLock { $0.management = server }
        return port
    }

    var listingAPI: ListingAPI {
        ListingAPI(
            source: ListingAPI.Source(
                users: { [weak self] in self?.inspect { $0.configuration.users } ?? [] },
                queues: { [weak self] host in self?.inspect { $0.listQueues(in: host) } ?? [] },
                exchanges: { [weak self] host in self?.inspect { $0.listExchanges(in: host) } ?? [] },
                bindings: { [weak self] host in self?.inspect { $0.listBindings(in: host) } ?? [] },
                consumers: { [weak self] host in self?.inspect { $0.listConsumers(in: host) } ?? [] },
                connections: { [weak self] in self?.inspect { $0.listConnections() } ?? [] },
                channels: { [weak self] in self?.inspect { $0.listChannels() } ?? [] },
                virtualHosts: { [weak self] in self?.inspect { $0.listVirtualHosts() } ?? [] },
                tracedVirtualHosts: { [weak self] in self?.inspect { $0.listTracedVirtualHosts() } ?? [] },
                listeners: { [weak self] in self?.state.withLock { $0.addresses } ?? [] }))
    }

    private func inspect<Result: Sendable>(_ body: (BrokerCore) -> Result) -> Result {
        state.withLock { body($0.core) }
    }
}
