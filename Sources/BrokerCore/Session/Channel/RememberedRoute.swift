import AMQPWire

/// Where the last message went. Programs publish to the same place again and again, so mostly the next goes there too.
struct RememberedRoute {
    /// So many queues are in what a channel is taken to cost.
    private static let fewQueues = 8

    let exchange: Exchange<any Queue>
    let exchangeName: ShortString
    let key: ShortString
    let queues: [any Queue]
    /// The virtual host's, when the route was found.
    let topologyVersion: UInt64

    /// What it takes up beyond that, in octets.
    var footprint: Int { max(0, queues.count - Self.fewQueues) * Load.ofRouteEnd }
}
