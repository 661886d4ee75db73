import AMQPWire

/// A message inside the broker: what was published, shared by every queue that holds a copy.
///
/// Properties and body stand in one run of octets, as they came in: a delivery copies them to the wire without decoding
/// or building anything, and a message costs two allocations, whatever its size.
public final class Message {
    /// The exchange it was published to (or dead-lettered through).
    let exchange: ShortString
    /// The key it was published with.
    let routingKey: ShortString
    /// Flag words and properties, then the body.
    let content: [UInt8]
    /// Octets of ``content`` that are properties.
    let propertiesCount: Int
    /// Of the properties, what the broker looks at.
    let traits: Traits

    /// What the broker needs to know of a message's properties, found without building them.
    struct Traits {
        var isPersistent = false
        var priority: UInt8 = 0
        /// The message's own time to live, in milliseconds.
        var expiration: Int64?
        var hasHeaders = false
    }

    init(exchange: ShortString, routingKey: ShortString, content: [UInt8], propertiesCount: Int, traits: Traits) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.content = content
        self.propertiesCount = propertiesCount
        self.traits = traits
    }

    /// A message made by the broker itself.
    convenience init(
        exchange: ShortString, routingKey: ShortString, properties: BasicProperties, body: some Collection<UInt8>,
        expiration: Int64? = nil
    ) {
        var writer = ByteWriter()
        properties.write(to: &writer)
        let propertiesCount = writer.count
        writer.raw(body)
        self.init(
            exchange: exchange, routingKey: routingKey, content: writer.octets, propertiesCount: propertiesCount,
            traits: Traits(
                isPersistent: properties.isPersistent, priority: properties.priority ?? 0, expiration: expiration,
                hasHeaders: properties.headers != nil))
    }

    var body: ArraySlice<UInt8> { content[propertiesCount...] }
    var bodySize: Int { content.count - propertiesCount }
    /// As on the wire: flag words first.
    var propertyOctets: ArraySlice<UInt8> { content[..<propertiesCount] }

    /// The properties, decoded. They were checked when the message came in.
    var properties: BasicProperties { (try? BasicProperties(octets: propertyOctets)) ?? BasicProperties() }

    var headers: FieldTable { traits.hasHeaders ? properties.headers ?? [:] : [:] }

    /// The further routing keys that its `CC` and `BCC` headers name (RabbitMQ: "Sender-Selected Distribution").
    var carbonCopyKeys: [ShortString] {
        guard traits.hasHeaders else { return [] }
        let headers = headers
        return (["CC", "BCC"] as [ShortString]).flatMap { name -> [ShortString] in
            (headers[name]?.array ?? []).compactMap { element in
                if case .longString(let octets) = element { try? ShortString(octets: octets) } else { nil }
            }
        }
    }
}
