import AMQPWire

/// Where a message went. Programs publish to the same places again and again, so mostly another goes there too.
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

    var destinationHash: UInt64 { WholePublish.destinationHash(exchange: exchangeName, routingKey: key) }

    func message(_ publish: WholePublish, _ traits: Message.Traits) -> Message {
        Message(
            exchange: exchangeName, routingKey: key, content: publish.content(),
            propertiesCount: publish.propertiesCount, traits: traits)
    }

    /// What it takes up beyond that, in octets.
    var footprint: Int { max(0, queues.count - Self.fewQueues) * Load.ofRouteEnd }
}

/// Where a channel's last messages went, so that who publishes with some keys in turn finds each of them again.
struct RememberedRoutes {
    /// Beside the last one.
    private static let most = 128
    private static let octetsOfOne = 250

    private(set) var last: RememberedRoute?
    /// By ``RememberedRoute/destinationHash``, all found at one version of the topology: what was deleted is not kept.
    private var others: [UInt64: RememberedRoute] = [:]
    /// Where they lead, counted.
    private var endsOfOthers = 0

    /// What they take up beyond what a channel is taken to cost, in octets.
    var footprint: Int {
        (last?.footprint ?? 0) + others.count * Self.octetsOfOne + endsOfOthers * Load.ofRouteEnd
    }

    func route(of publish: WholePublish, at version: UInt64) -> RememberedRoute? {
        if let last, last.isTaken(by: publish, at: version) { return last }
        guard !others.isEmpty, let route = others[publish.destinationHash], route.isTaken(by: publish, at: version)
        else { return nil }
        return route
    }

    mutating func remember(_ route: RememberedRoute) {
        if last?.topologyVersion != route.topologyVersion || others.count == Self.most { forgetOthers() }
        // One alone needs no table.
        if let last, last.topologyVersion == route.topologyVersion {
            if others.isEmpty { add(last) }
            add(route)
        }
        last = route
    }

    private mutating func add(_ route: RememberedRoute) {
        let before = others.updateValue(route, forKey: route.destinationHash)
        endsOfOthers += route.queues.count - (before?.queues.count ?? 0)
    }

    private mutating func forgetOthers() {
        others.removeAll()
        endsOfOthers = 0
    }
}
