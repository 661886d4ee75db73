/// A message as whoever watches a conversation sees it.
public struct Content: Sendable, Equatable, ReadableContent {
    public var properties: BasicProperties
    public var body: [UInt8]
    /// Octets of body in each of its frames.
    public var pieces: [Int]

    public init(properties: BasicProperties, body: [UInt8] = [], pieces: [Int] = []) {
        (self.properties, self.body, self.pieces) = (properties, body, pieces)
    }

    public init(properties: ArraySlice<UInt8>, bodySize: Int) throws(WireError) {
        self.init(properties: try ContentHeader.properties(properties))
    }

    public mutating func append(_ body: ArraySlice<UInt8>) {
        self.body += body
        pieces.append(body.count)
    }
}

/// Makes methods with their content of the frames that pass one connection in one direction: for those who watch.
public struct MethodReader: Sendable {
    public enum Item: Sendable, Equatable {
        /// A method that is whole.
        case method(Method, Content?, channel: UInt16)
        case heartbeat
        /// A frame that makes no sense where it stands, or that does not parse. What was under way on its channel still is.
        case stray(Frame)
    }

    /// Octets of body over which a content is a stray frame: the most that RabbitMQ can be configured to carry.
    public static let maximumBody: UInt64 = 512 << 20

    private var channels: [UInt16: ContentReader<Method, Content>] = [:]

    public init() {}

    /// Nil: more frames are to come.
    public mutating func read(_ frame: Frame) -> Item? {
        if frame.kind == .heartbeat { return .heartbeat }
        if frame.kind == .method, channels[frame.channel] == nil {
            // Most methods carry no content, and then there is nothing to keep.
            guard let method = try? Method(frame.payload) else { return .stray(frame) }
            guard method.id.hasContent else { return .method(method, nil, channel: frame.channel) }
            channels[frame.channel, default: ContentReader()].begin(method)
            return nil
        }
        do throws(ContentError) {
            let whole =
                frame.kind == .header
                ? try channels[frame.channel]?.header(frame.payload, limit: Self.maximumBody)
                : frame.kind == .body ? try channels[frame.channel]?.body(frame.payload) : nil
            guard let (method, content) = whole ?? nil else {
                return frame.kind == .method || channels[frame.channel] == nil ? .stray(frame) : nil
            }
            channels[frame.channel] = nil
            return .method(method, content, channel: frame.channel)
        } catch {
            return .stray(frame)
        }
    }
}
