import BrokerCore

extension ListingAPI {
    /// What the paths need to know of the broker.
    struct Source: Sendable {
        var users: @Sendable () -> [BrokerConfiguration.User]
        var queues: @Sendable (_ virtualHost: String?) -> [QueueInfo]
        var exchanges: @Sendable (_ virtualHost: String?) -> [ExchangeInfo]
        var bindings: @Sendable (_ virtualHost: String?) -> [BindingInfo]
        var consumers: @Sendable (_ virtualHost: String?) -> [ConsumerInfo]
        var connections: @Sendable () -> [ConnectionInfo]
        var channels: @Sendable () -> [ChannelInfo]
        var virtualHosts: @Sendable () -> [String]
        /// Those whose firehose is on.
        var tracedVirtualHosts: @Sendable () -> [String]
        /// Where clients can connect: address as given, and port.
        var listeners: @Sendable () -> [(host: String, port: Int)]

        /// What a user may see of it, as with RabbitMQ's tag `management`: what is in the virtual hosts that the user may
        /// open, and the user's own connections.
        func seen(by user: BrokerConfiguration.User) -> Source {
            if user.isAdministrator { return self }
            return Source(
                users: users,
                queues: { host in queues(host).filter { user.mayOpen($0.virtualHost) } },
                exchanges: { host in exchanges(host).filter { user.mayOpen($0.virtualHost) } },
                bindings: { host in bindings(host).filter { user.mayOpen($0.virtualHost) } },
                consumers: { host in consumers(host).filter { user.mayOpen($0.virtualHost) } },
                connections: { connections().filter { $0.user == user.name } },
                channels: { channels().filter { $0.user == user.name } },
                virtualHosts: { virtualHosts().filter(user.mayOpen) },
                tracedVirtualHosts: { tracedVirtualHosts().filter(user.mayOpen) }, listeners: listeners)
        }
    }
}
