import AMQPWire

/// Where the last message went. Programs publish to the same place again and again, so mostly the next goes there too.
struct RememberedRoute {
    let exchange: Exchange<any Queue>
    let exchangeName: ShortString
    let key: ShortString
    let queues: [any Queue]
    /// The virtual host's, when the route was found.
    let topologyVersion: UInt64
}
