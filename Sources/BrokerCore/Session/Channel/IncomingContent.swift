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

    /// Copies what is left in the frame, for as long as it is there all that came with it is in memory.
    mutating func detach() {
        exchange = ArraySlice(Array(exchange))
        routingKey = ArraySlice(Array(routingKey))
    }
}

/// What is published: flag words and properties, undecoded, then the body.
struct IncomingContent: ReadableContent {
    var octets: [UInt8] = []
    var propertiesCount: Int
    /// Of it all, as announced.
    private let announced: Int

    init(properties: ArraySlice<UInt8>, bodySize: Int) throws(WireError) {
        // Two octets of flags at least.
        guard properties.count >= 2 else { throw WireError(.frameError, "no property flags", at: 12) }
        propertiesCount = properties.count
        announced = properties.count + bodySize
        // A header may claim any size, so room is made ahead for a frame's worth only.
        octets.reserveCapacity(properties.count + Self.room(for: bodySize))
        octets.append(contentsOf: properties)
    }

    /// What is made ahead for so much body, in octets.
    static func room(for bodySize: Int) -> Int { min(bodySize, 131_072) }

    mutating func append(_ body: ArraySlice<UInt8>) {
        // Once a part of it has come, room for the rest is made at once: growing little by little it would be copied
        // again and again, with both copies in memory. Room that is not used yet takes none.
        if octets.count + body.count > octets.capacity, octets.count >= 1 << 20 { octets.reserveCapacity(announced) }
        octets.append(contentsOf: body)
    }
}

extension Failure {
    /// What a publish is answered with whose content is not as it should be, as RabbitMQ words it.
    ///
    /// - Parameter headerCount: octets of the header, when it is one
    init(_ error: ContentError, in dialect: Dialect, headerCount: Int = 0) {
        let wording: String
        switch error {
        case .unannounced:
            self.init(BrokerError(.unexpectedFrame, "expected method frame, got non method frame instead"))
            return
        case .malformed(let error) where error.code != .unexpectedFrame:
            self.init(.malformed("a content header of \(headerCount) octets"))
            return
        case .tooLarge(let size):
            let code: ReplyCode = quirk(.tooLargeEndsTheConnection) ? .frameError : .preconditionFailed
            self.init(
                BrokerError(code, "message size \(size) is larger than configured max size"),
                cause: BasicPublish.id)
            return
        case .interrupted(due: .body): wording = "expected content body, got non content body frame instead"
        // A header with a weight is none to RabbitMQ.
        case .interrupted, .malformed:
            wording = "expected content header for class 60, got non content header frame instead"
        case .wrongClass(let classID):
            wording = "expected content header for class 60, got one for class \(classID) instead"
        case .overrun(let announced, let received):
            let wording = "a body of \(announced) octets was announced, \(received) came"
            self.init(BrokerError(dialect.overrunCode, wording), cause: BasicPublish.id)
            return
        }
        self.init(BrokerError(.unexpectedFrame, wording), cause: BasicPublish.id)
    }
}
