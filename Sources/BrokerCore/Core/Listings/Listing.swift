import AMQPWire

/// What there is, for who wants to see inside: read only, in the order of names.
extension BrokerCore {
    public func listVirtualHosts() -> [String] { virtualHosts.keys.sorted() }

    /// The queues of a virtual host; nil: of all.
    public func listQueues(in virtualHost: String? = nil) -> [QueueInfo] {
        snapshot(of: [.queues], in: virtualHost).queues
    }

    public func listExchanges(in virtualHost: String? = nil) -> [ExchangeInfo] {
        snapshot(of: [.exchanges], in: virtualHost).exchanges
    }

    /// Every binding; first those that nobody made: of each queue to the default exchange.
    public func listBindings(in virtualHost: String? = nil) -> [BindingInfo] {
        snapshot(of: [.bindings], in: virtualHost).bindings
    }

    /// The consumers of each queue in the order they started.
    public func listConsumers(in virtualHost: String? = nil) -> [ConsumerInfo] {
        snapshot(of: [.consumers], in: virtualHost).consumers
    }

    /// The connections in the order they were made, those that are as good as closed left out.
    public func listConnections() -> [ConnectionInfo] { snapshot(of: [.connections]).connections }

    /// The names of the virtual hosts whose firehose is on.
    public func listTracedVirtualHosts() -> [String] {
        listVirtualHosts().filter { virtualHosts[$0]?.isTracingOn == true }
    }
}

// MARK: - Each thing as listings show it

extension QueueInfo {
    init(_ queue: any Queue, in host: VirtualHost) {
        let counts = queue.counts
        self.init(
            name: queue.name.text, virtualHost: host.name, type: queue.kind.rawValue,
            isDurable: queue.declaration.durable,
            autoDelete: queue.declaration.autoDelete,
            owner: queue.declaration.owner.map { host.core.connection($0)?.name ?? "" },
            arguments: queue.declaration.arguments, readyCount: counts.ready,
            unacknowledgedCount: counts.unacknowledged, readyOctets: counts.readyOctets,
            enteredCount: Int(clamping: queue.nextPosition), consumerCount: queue.consumerCount,
            exclusiveConsumerTag: queue.consumerList.first { $0.isExclusive }?.tag.text,
            singleActiveConsumerTag: queue.singleActiveConsumer?.tag.text,
            policy: host.queues[queue.name]?.policy)
    }
}

extension ExchangeInfo {
    init(_ exchange: Exchange<any Queue>, in host: VirtualHost) {
        let declaration = exchange.declaration
        self.init(
            name: exchange.name.text, virtualHost: host.name, type: declaration.type, isDurable: declaration.durable,
            autoDelete: declaration.autoDelete, isInternal: declaration.isInternal, arguments: declaration.arguments,
            policy: exchange.policy)
    }
}

extension BindingInfo {
    init(_ binding: Binding<any Queue>, in host: VirtualHost) {
        self.init(
            source: binding.source.name.text, virtualHost: host.name, destination: binding.destination.name.text,
            destinationKind: binding.destination.kind, routingKey: binding.key.text, arguments: binding.arguments)
    }

    /// The one that nobody made.
    init(implicit queue: ShortString, in host: VirtualHost) {
        self.init(
            source: "", virtualHost: host.name, destination: queue.text, destinationKind: "queue",
            routingKey: queue.text, arguments: [:])
    }
}

extension ConsumerInfo {
    init(_ consumer: Consumer, in host: VirtualHost) {
        self.init(
            tag: consumer.tag.text, queue: consumer.queue.name.text, virtualHost: host.name,
            connection: consumer.channel.connection.name, channel: consumer.channel.number,
            user: consumer.channel.connection.session.user, needsAcknowledgement: !consumer.noAck,
            isExclusive: consumer.isExclusive,
            isActive: consumer.queue.singleActiveConsumer.map { $0 === consumer } ?? true,
            prefetchCount: consumer.prefetchCount, unacknowledgedCount: consumer.unacknowledged,
            deliveredCount: consumer.deliveredCount, arguments: consumer.arguments)
    }
}

extension ConnectionInfo {
    /// nil: it is as good as closed.
    init?(_ connection: BrokerConnection) {
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
        self.init(
            name: connection.name, user: session.user, virtualHost: session.virtualHost?.name ?? "", state: state,
            channelCount: connection.channels.count, clientProperties: session.clientProperties,
            connectedAt: session.openedAt, channelMax: session.channelMax, frameMax: session.frameMax,
            heartbeat: session.heartbeat, unsentOctets: connection.output.unread)
    }
}

extension ChannelInfo {
    init(_ channel: BrokerChannel, of connection: BrokerConnection) {
        self.init(
            connection: connection.name, number: channel.number, user: connection.session.user,
            virtualHost: channel.virtualHost.name, consumerCount: channel.consumers.count,
            unacknowledgedCount: channel.unacknowledged.count, prefetchCount: channel.consumerPrefetch,
            globalPrefetchCount: channel.channelPrefetch, isConfirming: channel.confirms != nil,
            isTransactional: channel.transaction != nil, publishedCount: channel.publishedCount,
            lastExchange: channel.lastExchange?.text)
    }
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
