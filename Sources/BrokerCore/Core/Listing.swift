import AMQPWire

/// What there is, for who wants to see inside: read only, in the order of names.
extension BrokerCore {
    public func listVirtualHosts() -> [String] { virtualHosts.keys.sorted() }

    private func virtualHosts(named name: String?) -> [VirtualHost] {
        virtualHosts.values.filter { name == nil || $0.name == name }.sorted { $0.name < $1.name }
    }

    /// The queues of a virtual host; nil: of all.
    public func listQueues(in virtualHost: String? = nil) -> [QueueInfo] {
        virtualHosts(named: virtualHost).flatMap { host in
            host.hostedQueues.map { info($0, in: host) }
        }
    }

    private func info(_ queue: any Queue, in host: VirtualHost) -> QueueInfo {
        let counts = queue.counts
        return QueueInfo(
            name: queue.name.text, virtualHost: host.name, isDurable: queue.declaration.durable,
            autoDelete: queue.declaration.autoDelete,
            owner: queue.declaration.owner.map { connection($0)?.name ?? "" },
            arguments: queue.declaration.arguments, readyCount: counts.ready,
            unacknowledgedCount: counts.unacknowledged, readyOctets: counts.readyOctets,
            consumerCount: queue.consumers.count,
            exclusiveConsumerTag: queue.consumers.first { $0.isExclusive }?.tag.text,
            singleActiveConsumerTag: queue.singleActiveConsumer?.tag.text)
    }

    public func listExchanges(in virtualHost: String? = nil) -> [ExchangeInfo] {
        virtualHosts(named: virtualHost).flatMap { host in
            host.exchanges.values.sorted { $0.name < $1.name }.map { exchange in
                ExchangeInfo(
                    name: exchange.name.text, virtualHost: host.name, type: exchange.declaration.type,
                    isDurable: exchange.declaration.durable, autoDelete: exchange.declaration.autoDelete,
                    isInternal: exchange.declaration.isInternal, arguments: exchange.declaration.arguments)
            }
        }
    }

    /// Every binding; first those that nobody made: of each queue to the default exchange.
    public func listBindings(in virtualHost: String? = nil) -> [BindingInfo] {
        virtualHosts(named: virtualHost).flatMap { host in
            let implicit = host.queues.keys.sorted().map { name in
                BindingInfo(
                    source: "", virtualHost: host.name, destination: name.text, destinationKind: "queue",
                    routingKey: name.text, arguments: [:])
            }
            let made = host.exchanges.values.sorted { $0.name < $1.name }.flatMap { exchange in
                exchange.bindings.map { ($0.destination.name, $0.key, $0) }.sorted {
                    ($0.0, $0.1) < ($1.0, $1.1)
                }.map { _, _, binding in
                    BindingInfo(
                        source: exchange.name.text, virtualHost: host.name, destination: binding.destination.name.text,
                        destinationKind: binding.destination.kind, routingKey: binding.key.text,
                        arguments: binding.arguments)
                }
            }
            return implicit + made
        }
    }

    /// The consumers of each queue in the order they started.
    public func listConsumers(in virtualHost: String? = nil) -> [ConsumerInfo] {
        virtualHosts(named: virtualHost).flatMap { host in
            host.hostedQueues.flatMap { queue in
                queue.consumers.compactMap { $0 as? Consumer }.map { consumer in
                    ConsumerInfo(
                        tag: consumer.tag.text, queue: queue.name.text, virtualHost: host.name,
                        connection: consumer.channel.connection.name, channel: consumer.channel.number,
                        user: consumer.channel.connection.session.user, needsAcknowledgement: !consumer.noAck,
                        isExclusive: consumer.isExclusive,
                        isActive: queue.singleActiveConsumer.map { $0 === consumer } ?? true,
                        prefetchCount: consumer.prefetchCount, unacknowledgedCount: consumer.unacknowledged,
                        arguments: consumer.arguments)
                }
            }
        }
    }

    /// The connections in the order they were made, those that are as good as closed left out.
    public func listConnections() -> [ConnectionInfo] {
        allConnections.compactMap { connection in
            let state: String
            switch connection.state {
            case .handshake(let handshake):
                switch handshake.step {
                case .header, .startOk, .loginCheck: state = "starting"
                case .tuneOk: state = "tuning"
                case .open: state = "opening"
                }
            case .running: state = "running"
            case .closing: state = "closing"
            case .ended: return nil
            }
            let session = connection.session
            return ConnectionInfo(
                name: connection.name, user: session.user, virtualHost: session.virtualHost?.name ?? "", state: state,
                channelCount: connection.channels.count, clientProperties: session.clientProperties,
                connectedAt: session.openedAt, channelMax: session.channelMax, frameMax: session.frameMax,
                heartbeat: session.heartbeat, unsentOctets: connection.output.unread)
        }
    }

    /// The channels of all connections, by connection and number.
    public func listChannels() -> [ChannelInfo] {
        allConnections.flatMap { connection in
            connection.channels.values.sorted { $0.number < $1.number }.map { channel in
                ChannelInfo(
                    connection: connection.name, number: channel.number, user: connection.session.user,
                    virtualHost: channel.virtualHost.name, consumerCount: channel.consumers.count,
                    unacknowledgedCount: channel.unacknowledged.count, prefetchCount: channel.consumerPrefetch,
                    globalPrefetchCount: channel.channelPrefetch, isConfirming: channel.confirms != nil,
                    isTransactional: channel.transaction != nil)
            }
        }
    }

    /// The names of the virtual hosts whose firehose is on.
    public func listTracedVirtualHosts() -> [String] {
        listVirtualHosts().filter { virtualHosts[$0]?.isTracingOn == true }
    }
}

extension VirtualHost {
    /// By name.
    fileprivate var hostedQueues: [any Queue] { queues.values.map(\.queue).sorted { $0.name < $1.name } }
}

extension Destination {
    /// As the listings say.
    fileprivate var kind: String {
        switch self {
        case .target: "queue"
        case .exchange: "exchange"
        }
    }
}
