import AMQPWire

/// The fields of `basic.publish`, left where they are in the frame's payload until they are needed.
struct PublishFields {
    var exchange: ArraySlice<UInt8>
    var routingKey: ArraySlice<UInt8>
    var mandatory: Bool
    var immediate: Bool

    /// nil when the payload is not a well-formed `basic.publish`.
    init?(_ payload: ArraySlice<UInt8>) {
        var reader = ByteReader(payload)
        guard let ids = try? reader.uint32(), ids == 60 << 16 | 40, (try? reader.uint16()) != nil,
            let exchange = try? reader.shortStringSlice(), let routingKey = try? reader.shortStringSlice(),
            let bits = try? reader.bits(), reader.remaining == 0
        else { return nil }
        self.exchange = exchange
        self.routingKey = routingKey
        mandatory = bits[0]
        immediate = bits[1]
    }
}

/// Puts a published message together from its frames: method, header, body (AMQP 0-9-1, 4.2.6).
struct ContentAssembly {
    private var publish: PublishFields?
    /// Flag words and properties, then what has come of the body.
    private var octets: [UInt8] = []
    private var propertiesCount = 0
    private var bodySize = 0
    private var hasHeader = false
    private var isTooLarge = false

    /// A message that is whole.
    struct Content {
        var octets: [UInt8]
        var propertiesCount: Int
    }

    var isUnderWay: Bool { publish != nil }

    mutating func begin(_ publish: PublishFields) { self.publish = publish }

    /// A method came where content was due.
    func interrupted() -> Failure {
        let expected =
            hasHeader
            ? "expected content body, got non content body frame instead"
            : "expected content header for class 60, got non content header frame instead"
        return Failure(BrokerError(.unexpectedFrame, expected), cause: BasicPublish.id)
    }

    private static let stray = Failure(
        BrokerError(.unexpectedFrame, "expected method frame, got non method frame instead"))

    mutating func header(_ payload: ArraySlice<UInt8>, limit: UInt64) throws(Failure) {
        guard publish != nil else { throw Self.stray }
        if hasHeader { throw interrupted() }
        var reader = ByteReader(payload)
        guard let classID = try? reader.uint16(), let weight = try? reader.uint16(), let size = try? reader.uint64(),
            reader.remaining >= 2
        else { throw Failure(.malformed("a content header of \(payload.count) octets")) }
        guard classID == MethodID.basic else {
            throw Failure(
                BrokerError(
                    .unexpectedFrame, "expected content header for class 60, got one for class \(classID) instead"),
                cause: BasicPublish.id)
        }
        if weight != 0 { throw interrupted() }
        hasHeader = true
        let properties = reader.rest()
        propertiesCount = properties.count
        // Nothing of a body over the limit is kept; it is refused when it is complete.
        isTooLarge = size > limit
        bodySize = isTooLarge ? Int(clamping: size) : Int(size)
        octets = []
        // A header may claim any size, so room is made ahead for a frame's worth only.
        octets.reserveCapacity(properties.count + min(bodySize, 131_072))
        octets.append(contentsOf: properties)
        received = 0
    }

    private var received = 0

    mutating func body(_ payload: ArraySlice<UInt8>) throws(Failure) {
        guard publish != nil else { throw Self.stray }
        guard hasHeader else { throw interrupted() }
        received += payload.count
        if received > bodySize {
            throw Failure(
                BrokerError(.unexpectedFrame, "a body of \(bodySize) octets was announced, \(received) came"),
                cause: BasicPublish.id)
        }
        if !isTooLarge { octets.append(contentsOf: payload) }
    }

    /// The message, once all of it is there; then the next may begin.
    mutating func complete() throws(Failure) -> (PublishFields, Content)? {
        guard let publish, hasHeader, received == bodySize else { return nil }
        let content = Content(octets: octets, propertiesCount: propertiesCount)
        let (size, tooLarge) = (bodySize, isTooLarge)
        self = ContentAssembly()
        if tooLarge {
            throw Failure(
                BrokerError(.preconditionFailed, "message size \(size) is larger than configured max size"),
                cause: BasicPublish.id)
        }
        return (publish, content)
    }
}
