import AMQPWire

/// A message inside the broker: what was published, shared by every queue that holds a copy.
///
/// Properties and body stand in one run of octets, as they came in: a delivery copies them to the wire without decoding
/// or building anything, and a message costs two allocations, whatever its size.
///
/// Its one subclass is ``StoredMessage``; all else is final, so that nothing is looked up at run time.
public class Message {
    /// The exchange it was published to (or dead-lettered through).
    final let exchange: ShortString
    /// The key it was published with.
    final let routingKey: ShortString
    /// The octets, unless only the store has them; always for a message that is not stored.
    private final var resident: [UInt8]?
    /// Octets of ``content``.
    private final let contentSize: UInt32
    private final let propertiesSize: UInt32
    /// How many places in queues it has, unacknowledged deliveries included.
    final var placeCount: Int32 = 0
    /// Of the properties, what the broker looks at.
    final let traits: Traits

    /// What the broker needs to know of a message's properties, found without building them.
    struct Traits {
        /// The message's own time to live, in milliseconds.
        var expiration: Int64?
        var isPersistent = false
        var priority: UInt8 = 0
        var hasHeaders = false
        /// There is a `BCC` header: kept, because its keys serve again when the message is dead-lettered, and taken out
        /// of what is sent.
        var hasBlindCopies = false

        init(
            isPersistent: Bool = false, priority: UInt8 = 0, expiration: Int64? = nil, hasHeaders: Bool = false,
            hasBlindCopies: Bool = false
        ) {
            self.expiration = expiration
            self.isPersistent = isPersistent
            self.priority = priority
            self.hasHeaders = hasHeaders
            self.hasBlindCopies = hasBlindCopies
        }
    }

    init(exchange: ShortString, routingKey: ShortString, content: [UInt8], propertiesCount: Int, traits: Traits) {
        self.exchange = exchange
        self.routingKey = routingKey
        resident = content
        contentSize = UInt32(clamping: content.count)
        propertiesSize = UInt32(clamping: propertiesCount)
        self.traits = traits
    }

    /// A message whose octets are in the store.
    init(exchange: ShortString, routingKey: ShortString, contentCount: Int, propertiesCount: Int, traits: Traits) {
        self.exchange = exchange
        self.routingKey = routingKey
        resident = nil
        contentSize = UInt32(clamping: contentCount)
        propertiesSize = UInt32(clamping: propertiesCount)
        self.traits = traits
    }

    /// Itself, if it is in the store.
    var stored: StoredMessage? { nil }
    /// Reads the octets of a message that is not in memory.
    func readContent() -> [UInt8] { [] }

    /// Flag words and properties, then the body. Whoever needs both asks once: it may have to be read from disk.
    final var content: [UInt8] { resident ?? readContent() }
    /// Octets of ``content``.
    final var contentCount: Int { Int(contentSize) }
    /// Octets of ``content`` that are properties.
    final var propertiesCount: Int { Int(propertiesSize) }
    final var isResident: Bool { resident != nil }

    /// Lets the octets go; the store has them.
    final func letGo() { resident = nil }
    /// Has the octets in memory again.
    final func hold(_ content: [UInt8]) { resident = content }

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
                hasHeaders: properties.headers != nil, hasBlindCopies: properties.headers?["BCC"] != nil))
    }

    final var body: ArraySlice<UInt8> { content[propertiesCount...] }
    final var bodySize: Int { contentCount - propertiesCount }
    /// As on the wire: flag words first.
    final var propertyOctets: ArraySlice<UInt8> { content[..<propertiesCount] }

    /// The properties, decoded. They were checked when the message came in.
    final var properties: BasicProperties { (try? BasicProperties(octets: propertyOctets)) ?? BasicProperties() }

    final var headers: FieldTable { traits.hasHeaders ? properties.headers ?? [:] : [:] }

    /// The further routing keys that its `CC` and `BCC` headers name (RabbitMQ: "Sender-Selected Distribution").
    final var carbonCopyKeys: [ShortString] {
        guard traits.hasHeaders else { return [] }
        let headers = headers
        return (["CC", "BCC"] as [ShortString]).flatMap { name -> [ShortString] in
            (headers[name]?.array ?? []).compactMap { element in
                if case .longString(let octets) = element { try? ShortString(octets: octets) } else { nil }
            }
        }
    }
}
