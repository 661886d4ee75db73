/// One frame (AMQP 0-9-1, 4.2.3): kind, channel, payload.
public struct Frame: Sendable, Equatable {
    /// The four kinds of frame.
    public enum Kind: UInt8, Sendable {
        case method = 1
        case header = 2
        case body = 3
        case heartbeat = 8
    }

    /// The octet that ends every frame.
    public static let end: UInt8 = 0xCE
    /// Octets of a frame besides its payload: kind, channel and size before it, the end octet behind.
    public static let overhead = 8
    /// The frame size that everybody takes before tuning, and the smallest that may be agreed (4.2.3, `frame-min-size`).
    public static let minimumMax: UInt32 = 4096

    public var kind: Kind
    public var channel: UInt16
    /// A part of the buffer that the frame was read from, not a copy.
    public var payload: ArraySlice<UInt8>

    public init(_ kind: Kind, channel: UInt16, payload: ArraySlice<UInt8>) {
        self.kind = kind
        self.channel = channel
        self.payload = payload
    }
}
