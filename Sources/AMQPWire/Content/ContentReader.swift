/// What a content becomes while it is read: a message of the client's, octets to be stored by a broker, a note.
public protocol ReadableContent: Sendable {
    /// The header has arrived. Memory for `bodySize` octets is not to be set aside at once: so far they are only announced.
    ///
    /// Throws ``WireError`` when the properties matter and are malformed.
    /// - Parameter properties: flag words and property list as they came (4.2.6.1), a part of the frame's buffer
    init(properties: ArraySlice<UInt8>, bodySize: Int) throws(WireError)

    /// The payload of the next body frame, a part of the frame's buffer.
    mutating func append(_ body: ArraySlice<UInt8>)
}

/// Why a frame does not continue the content of its channel (AMQP 0-9-1, 4.2.6). Which code it deserves is for each side
/// to say: RabbitMQ 3.10.8 answers with 505 to most, and to a body over its limit with 406.
public enum ContentError: Error, Equatable, Sendable {
    /// A header or a body that no method announced.
    case unannounced(Frame.Kind)
    /// Another frame than the one that is due: a method, a second header, a body before its header.
    case interrupted(due: Frame.Kind)
    /// A header that does not parse.
    case malformed(WireError)
    /// A header of another class than its method's.
    case wrongClass(UInt16)
    /// More octets of body than the header announced.
    case overrun(announced: Int, received: Int)
    /// More octets of body than are taken.
    case tooLarge(UInt64)
}

/// Reads the content of one channel: a method with content, its header, its body in any number of frames, an empty one
/// in none (AMQP 0-9-1, 4.2.6).
///
/// The only place where frames become messages. It holds what has arrived and no more, whatever a header announces; it
/// copies a body once, into `Content`. `Method` is what the caller wants to keep of the method.
public struct ContentReader<Method: Sendable, Content: ReadableContent>: Sendable {
    /// What happens to a body over the limit.
    public enum Excess: Sendable {
        /// The header is refused.
        case refused
        /// All of it is read and forgotten, then refused: a broker so keeps the connection and closes the channel alone.
        case skipped
    }

    @usableFromInline var carrier: Method?
    @usableFromInline var content: Content?
    @usableFromInline var announced = 0
    @usableFromInline var received = 0
    /// The header has come; without a content, what follows is skipped.
    @usableFromInline var hasHeader = false

    @inlinable public init() {}

    /// The method whose content is under way.
    @inlinable public var method: Method? { carrier }

    @inlinable public var isUnderWay: Bool { carrier != nil }

    /// Changes what is kept of the method whose content is under way.
    @inlinable public mutating func changeMethod(_ body: (inout Method) -> Void) {
        guard var method = carrier else { return }
        body(&method)
        carrier = method
    }

    /// The body that comes is over the limit, and forgotten as it comes.
    @inlinable public var isSkipping: Bool { hasHeader && content == nil }

    /// Octets of body that the header has announced.
    @inlinable public var announcedOctets: Int { announced }

    /// The frame that continues what is under way.
    @inlinable public var due: Frame.Kind { carrier == nil ? .method : hasHeader ? .body : .header }

    /// A method with content has arrived, and none was under way.
    @inlinable public mutating func begin(_ method: Method) {
        carrier = method
        hasHeader = false
    }

    /// The payload of a header frame. Returns the message when it has no body.
    ///
    /// After an error other than ``ContentError/tooLarge(_:)`` for what was skipped, nothing on the channel makes sense.
    /// - Parameter limit: octets of body that are taken
    @inlinable public mutating func header(
        _ payload: ArraySlice<UInt8>, limit: UInt64, excess: Excess = .refused
    ) throws(ContentError) -> (Method, Content)? {
        guard carrier != nil else { throw .unannounced(.header) }
        guard !hasHeader else { throw .interrupted(due: .body) }
        let (classID, size, properties): (UInt16, UInt64, ArraySlice<UInt8>)
        do throws(WireError) {
            (classID, size, properties) = try ContentHeader.fixedPart(of: payload)
        } catch {
            throw .malformed(error)
        }
        guard classID == MethodID.basic else { throw .wrongClass(classID) }
        if size > limit, excess == .refused { throw .tooLarge(size) }
        do throws(WireError) {
            content = size > limit ? nil : try Content(properties: properties, bodySize: Int(clamping: size))
        } catch {
            throw .malformed(error)
        }
        announced = Int(clamping: size)
        received = 0
        hasHeader = true
        return size == 0 ? try take() : nil
    }

    /// The payload of a body frame. Returns the message when it is complete.
    @inlinable public mutating func body(_ payload: ArraySlice<UInt8>) throws(ContentError) -> (Method, Content)? {
        guard carrier != nil else { throw .unannounced(.body) }
        guard hasHeader else { throw .interrupted(due: .header) }
        guard payload.count <= announced - received else {
            throw .overrun(announced: announced, received: received + payload.count)
        }
        received += payload.count
        content?.append(payload)
        return received == announced ? try take() : nil
    }

    @inlinable mutating func take() throws(ContentError) -> (Method, Content)? {
        let method = carrier.take()
        guard let method, let content = content.take() else { throw .tooLarge(UInt64(announced)) }
        return (method, content)
    }
}
