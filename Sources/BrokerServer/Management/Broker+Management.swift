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
                users: { [weak self] in self?.state.withLock { $0.core.configuration.users } ?? [] },
                look: { [weak self] parts, virtualHost in
                    guard let self else { return nil }
                    return state.withLock { state in
                        ListingView(
                            broker: state.core.snapshot(of: parts, in: virtualHost), listeners: state.addresses,
                            mostDescriptors: Machine.descriptorLimit, mostConnections: mostConnections)
                    }
                }))
    }
}
