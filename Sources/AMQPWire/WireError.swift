/// Octets that are not what the protocol calls for: what is wrong, where, and the reply code a peer answers with.
public struct WireError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The code of the close that this deserves.
    public var code: ReplyCode
    /// What is malformed, in words.
    public var reason: String
    /// Where: octets from the start of the frame's payload (of the frame itself for framing errors).
    public var offset: Int

    public init(_ code: ReplyCode, _ reason: String, at offset: Int) {
        self.code = code
        self.reason = reason
        self.offset = offset
    }

    public var description: String { "\(code): \(reason) (at octet \(offset))" }
}
