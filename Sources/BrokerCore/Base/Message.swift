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
    /// Of the properties, what the broker looks at.
    let traits: Traits
    /// Flag words and properties, then the body.
    private(set) var content: Content
    private let contentSize: UInt32
    private let propertiesSize: UInt32
    /// How many places in queues it has, unacknowledged deliveries included; see ``Load``.
    private(set) var placeCount: Int32 = 0
    /// How many outputs it is being sent from; see ``Load``. Meanwhile its octets stay in memory.
    private(set) var outputCount: Int32 = 0
    /// Its entry in the store's table of messages; 0: none. Only the store sets it.
    private(set) var storeEntry: UInt32 = 0

    /// Where a message's octets are.
    enum Content {
        case resident([UInt8])
        /// Only in the store, in this record.
        case onDisk(RecordPlace)
    }

    init(exchange: ShortString, routingKey: ShortString, content: [UInt8], propertiesCount: Int, traits: Traits) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.content = .resident(content)
        contentSize = UInt32(clamping: content.count)
        propertiesSize = UInt32(clamping: propertiesCount)
        self.traits = traits
    }

    /// A message whose octets are on disk.
    init(
        onDisk place: RecordPlace, contentCount: Int, exchange: ShortString, routingKey: ShortString,
        propertiesCount: Int, traits: Traits
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        content = .onDisk(place)
        contentSize = UInt32(clamping: contentCount)
        propertiesSize = UInt32(clamping: propertiesCount)
        self.traits = traits
    }

    /// A message made by the broker itself.
    convenience init(
        exchange: ShortString, routingKey: ShortString, properties: BasicProperties, body: some Collection<UInt8>,
        traits: Traits? = nil
    ) {
        var writer = ByteWriter()
        properties.write(to: &writer)
        let propertiesCount = writer.count
        writer.raw(body)
        self.init(
            exchange: exchange, routingKey: routingKey, content: writer.octets, propertiesCount: propertiesCount,
            traits: traits ?? Traits(properties, expiration: nil))
    }

    /// Octets of properties and body.
    var contentCount: Int { Int(contentSize) }
    /// Octets of its exchange's name and its key, which messages seldom share that come from elsewhere each time.
    var nameCount: Int { exchange.count + routingKey.count }
    /// Octets of the content that are properties.
    var propertiesCount: Int { Int(propertiesSize) }
    var bodySize: Int { contentCount - propertiesCount }
    /// The octets, unless they are only on disk.
    var resident: [UInt8]? { if case .resident(let octets) = content { octets } else { nil } }
    var isResident: Bool { if case .resident = content { true } else { false } }

    // MARK: What the store and the load do with it

    /// Says where the octets are from now on.
    func move(to content: Content) { self.content = content }

    func enter(_ entry: UInt32) { storeEntry = entry }

    /// Adds or takes off places in queues. Returns how many there are then.
    func changePlaces(by difference: Int32) -> Int32 {
        placeCount += difference
        return placeCount
    }

    /// Adds or takes off outputs. Returns how many there are then.
    func changeOutputs(by difference: Int32) -> Int32 {
        outputCount += difference
        return outputCount
    }
}

/// Where the store has a record.
struct RecordPlace: Equatable {
    /// 0: nowhere yet.
    var segment: UInt32 = 0
    var offset: UInt32 = 0
    /// Octets of the record.
    var count: UInt32 = 0
}

extension Message {
    /// What the broker needs to know of a message's properties, found without building them.
    struct Traits {
        /// The message's own time to live, in milliseconds.
        var expiration: Int64?
        var isPersistent = false
        var priority: UInt8 = 0
        /// It says which ``priority`` it has.
        var hasPriority = false
        var hasHeaders = false
        /// There is a `BCC` header: kept, because its keys serve again when the message is dead-lettered, and taken out
        /// of what is sent.
        var hasBlindCopies = false
        /// Its `x-death` was written here, and not by the client that published it.
        var isDeadLetter = false
        /// How often its delivery had failed when it died, here and where it died before. Only as far as its dialect counts that.
        var failureCount: UInt32 = 0
        /// Its `CC` and `BCC` headers lead nowhere any more: another key was set where it died.
        var hasSpentCopies = false

        init(
            isPersistent: Bool = false, priority: UInt8 = 0, hasPriority: Bool = false, expiration: Int64? = nil,
            hasHeaders: Bool = false, hasBlindCopies: Bool = false, isDeadLetter: Bool = false,
            hasSpentCopies: Bool = false, failureCount: UInt32 = 0
        ) {
            self.hasPriority = hasPriority
            self.expiration = expiration
            self.isPersistent = isPersistent
            self.priority = priority
            self.hasHeaders = hasHeaders
            self.hasBlindCopies = hasBlindCopies
            self.isDeadLetter = isDeadLetter
            self.hasSpentCopies = hasSpentCopies
            self.failureCount = failureCount
        }

        init(_ properties: BasicProperties, expiration: Int64?) {
            self.init(
                isPersistent: properties.isPersistent, priority: properties.priority ?? 0,
                hasPriority: properties.priority != nil, expiration: expiration,
                hasHeaders: properties.headers != nil, hasBlindCopies: properties.headers?["BCC"] != nil)
        }

        /// The traits of a message that has at most a delivery mode of 1 or 2; nil for every other.
        init?(plain octets: ArraySlice<UInt8>) {
            let start = octets.startIndex
            guard octets.count >= 2, octets[start + 1] == 0 else { return nil }
            switch (octets[start], octets.count) {
            case (0, 2): self.init()
            case (0x10, 3) where (1...2).contains(octets[start + 2]): self.init(isPersistent: octets[start + 2] == 2)
            default: return nil
            }
        }
    }
}

/// A message's octets at hand: what ``Message`` holds, or what was read from disk for one that doesn't.
struct MessageContent {
    /// Flag words and properties, then the body.
    let octets: [UInt8]
    let propertiesCount: Int

    init(_ octets: [UInt8], of message: Message) {
        self.octets = octets
        propertiesCount = message.propertiesCount
    }

    /// As on the wire: flag words first.
    var propertyOctets: ArraySlice<UInt8> { octets[..<propertiesCount] }
    var body: ArraySlice<UInt8> { octets[propertiesCount...] }

    /// The properties, decoded. They were checked when the message came in.
    func properties() throws(BrokerError) -> BasicProperties {
        do throws(WireError) { return try BasicProperties(octets: propertyOctets) } catch {
            throw .broken("the properties of a message, which were checked when it came in: \(error)")
        }
    }
}

extension Message {
    /// The headers of a message that is resident, as every message is until it has been routed.
    func headers() throws(BrokerError) -> FieldTable {
        guard traits.hasHeaders else { return [:] }
        guard let resident else { throw .broken("a message was routed without its octets") }
        return try MessageContent(resident, of: self).properties().headers ?? [:]
    }
}

extension Message {
    /// What it counts to hand a message out: its octets are copied, and the system copies them again.
    var unitsOfDelivery: Int { 1 + contentCount >> 10 }

    /// The same where its headers are read, and written with one more.
    var unitsOfDeliveryAnew: Int { unitsOfDelivery + (traits.hasHeaders ? propertiesCount >> 4 : 0) }
}
