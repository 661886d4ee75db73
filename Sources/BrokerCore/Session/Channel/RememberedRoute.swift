import AMQPWire

/// Where the last message went. Programs publish to the same place again and again, so mostly the next goes there too.
///
/// A class, so that who looks at it for each publish doesn't copy it.
final class RememberedRoute {
    /// So many queues are in what a channel is taken to cost.
    private static let fewQueues = 8

    let exchange: Exchange<any Queue>
    let exchangeName: ShortString
    let key: ShortString
    let queues: [any Queue]
    /// The virtual host's, when the route was found.
    let topologyVersion: UInt64

    init(
        exchange: Exchange<any Queue>, exchangeName: ShortString, key: ShortString, queues: [any Queue],
        topologyVersion: UInt64
    ) {
        (self.exchange, self.exchangeName, self.key) = (exchange, exchangeName, key)
        (self.queues, self.topologyVersion) = (queues, topologyVersion)
    }

    /// A publish goes the same way, unless anything has changed.
    func isTaken(by publish: WholePublish, at version: UInt64) -> Bool {
        topologyVersion == version && publish.goes(to: exchangeName, with: key)
    }

    func message(_ publish: WholePublish, _ traits: Message.Traits) -> Message {
        Message(
            exchange: exchangeName, routingKey: key, content: publish.content(),
            propertiesCount: publish.propertiesCount, traits: traits)
    }

    /// What it takes up beyond that, in octets.
    var footprint: Int { max(0, queues.count - Self.fewQueues) * Load.ofRouteEnd }
}
