import BrokerCore

/// What a request's answer is made of.
struct ListingView: Sendable {
    var broker: BrokerSnapshot
    /// Where clients can connect.
    var listeners: [Listener]

    struct Listener: Sendable {
        /// As given.
        var host: String
        var port: Int
        var isTLS: Bool
        /// RabbitMQ's name for what is spoken there.
        var protocolName: String { isTLS ? "amqp/ssl" : "amqp" }
    }

    /// How many files and sockets this process may have open, and how many clients may be connected over TCP.
    var mostDescriptors: Int
    var mostConnections: Int

    /// What a user may see of it, as with RabbitMQ's tag `management`: what is in the virtual hosts that the user may
    /// open, and the user's own connections.
    func seen(by user: BrokerConfiguration.User) -> ListingView {
        var view = self
        if !broker.tracedSteps.isEmpty {
            let traced = Set(broker.tracedSteps.map(\.virtualHost)).filter(user.maySeeTraces)
            view.broker.tracedSteps.removeAll { !traced.contains($0.virtualHost) }
        }
        if user.isAdministrator { return view }
        view.broker.queues.removeAll { !user.mayOpen($0.virtualHost) }
        view.broker.exchanges.removeAll { !user.mayOpen($0.virtualHost) }
        view.broker.bindings.removeAll { !user.mayOpen($0.virtualHost) }
        view.broker.consumers.removeAll { !user.mayOpen($0.virtualHost) }
        if !user.isMonitor {
            view.broker.connections.removeAll { $0.user != user.name }
            view.broker.channels.removeAll { $0.user != user.name }
        }
        view.broker.policies.removeAll { !user.mayOpen($0.virtualHost) }
        view.broker.virtualHosts.removeAll { !user.mayOpen($0) }
        view.broker.tracedVirtualHosts.removeAll { !user.mayOpen($0) }
        return view
    }
}

extension ListingAPI {
    /// Where the paths get it from.
    struct Source: Sendable {
        /// To check a name and a password before anything else is looked at.
        var users: @Sendable () -> [BrokerConfiguration.User]
        /// One look at the broker.
        var look: @Sendable (_ parts: Set<BrokerSnapshot.Part>, _ virtualHost: String?) -> ListingView?
        /// A look into a queue.
        var peek: @Sendable (_ queue: String, _ virtualHost: String, _ user: BrokerConfiguration.User) -> Peek
        /// What an operator changes; see ``Broker/change(_:)``.
        var change: @Sendable ([BrokerChange]) -> [(place: Int, refusal: BrokerChange.Refusal)] = { _ in [] }
        var define: @Sendable (_ file: DefinitionsFile, _ withUsers: Bool) throws(DefinitionsFile.Malformed) -> Void =
            { (_, _) throws(DefinitionsFile.Malformed) in }
    }

    /// The lists that a path shows or counts.
    static func parts(of path: [String]) -> Set<BrokerSnapshot.Part> {
        switch (path.first, path.count) {
        case ("overview", _), ("metrics", _): [.queues, .exchanges, .consumers, .connections, .channels]
        case ("vhosts", _), ("queues", 1...2): [.queues]
        case ("definitions", _): [.queues, .exchanges, .bindings]
        case ("queues", 3): [.queues, .consumers]
        case ("queues", _): [.queues, .bindings]
        case ("exchanges", 1...3): [.exchanges]
        case ("exchanges", _): [.exchanges, .bindings]
        case ("bindings", _): [.bindings]
        case ("consumers", _): [.consumers]
        case ("connections", 1...2): [.connections]
        case ("connections", _): [.connections, .channels]
        case ("channels", _): [.channels]
        default: []
        }
    }
}
