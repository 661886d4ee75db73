/// Turns values into octets. Foundation's `JSONEncoder` is one as it stands:
/// ```swift
/// extension JSONEncoder: @retroactive MessageEncoder {}
/// extension JSONDecoder: @retroactive MessageDecoder {}
/// let message = try Message(order, by: JSONEncoder())
/// let order = try delivery.decode(Order.self, by: JSONDecoder())
/// ```
/// The two lines are the application's, so that this module does without Foundation, which costs each program more to start
/// than the rest of it.
public protocol MessageEncoder {
    associatedtype Output: Sequence<UInt8>
    func encode<Value: Encodable>(_ value: Value) throws -> Output
}

/// Turns octets into values. See ``MessageEncoder``.
public protocol MessageDecoder {
    associatedtype Input: RangeReplaceableCollection<UInt8>
    func decode<Value: Decodable>(_ type: Value.Type, from input: Input) throws -> Value
}

extension Message {
    /// A message whose body is a value.
    ///
    /// - Parameters:
    ///   - value: what the body is to be.
    ///   - encoder: turns it into octets.
    ///   - contentType: at most 255 octets; nil: none.
    ///   - persistent: delivery mode 2: in a durable queue the message survives a restart of the broker.
    ///   - properties: what travels with it.
    /// - Throws: what the encoder throws; ``AMQPError`` for a content type that is too long.
    public init(
        _ value: some Encodable, by encoder: some MessageEncoder, contentType: String? = "application/json",
        persistent: Bool = false, properties: BasicProperties = BasicProperties()
    ) throws {
        self.init(body: Array(try encoder.encode(value)), properties: properties)
        if let contentType { self.properties.contentType = try ShortString(contentType, as: "content type") }
        if persistent { self.properties.deliveryMode = 2 }
    }

    /// The value that the body is. Throws what the decoder throws.
    public func decode<Value: Decodable, Decoder: MessageDecoder>(
        _ type: Value.Type = Value.self, by decoder: Decoder
    ) throws -> Value {
        try decoder.decode(type, from: Decoder.Input(body))
    }
}

extension Delivery {
    /// The value that the body is. Throws what the decoder throws.
    public func decode<Value: Decodable>(
        _ type: Value.Type = Value.self, by decoder: some MessageDecoder
    ) throws -> Value {
        try message.decode(type, by: decoder)
    }
}
