/// The reply codes of AMQP 0-9-1 (1.2, constants), with their names and scope.
///
/// A struct rather than an enum: a peer may send any number, and it must survive.
public struct ReplyCode: Hashable, Sendable, RawRepresentable {
    public var rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// What an error with a code closes.
    public enum Scope: Sendable, Equatable {
        /// The channel is closed; the connection and its other channels live on.
        case channel
        /// The whole connection is closed.
        case connection
    }

    public static let replySuccess = ReplyCode(rawValue: 200)
    public static let contentTooLarge = ReplyCode(rawValue: 311)
    public static let noRoute = ReplyCode(rawValue: 312)
    public static let noConsumers = ReplyCode(rawValue: 313)
    public static let connectionForced = ReplyCode(rawValue: 320)
    public static let invalidPath = ReplyCode(rawValue: 402)
    public static let accessRefused = ReplyCode(rawValue: 403)
    public static let notFound = ReplyCode(rawValue: 404)
    public static let resourceLocked = ReplyCode(rawValue: 405)
    public static let preconditionFailed = ReplyCode(rawValue: 406)
    public static let frameError = ReplyCode(rawValue: 501)
    public static let syntaxError = ReplyCode(rawValue: 502)
    public static let commandInvalid = ReplyCode(rawValue: 503)
    public static let channelError = ReplyCode(rawValue: 504)
    public static let unexpectedFrame = ReplyCode(rawValue: 505)
    public static let resourceError = ReplyCode(rawValue: 506)
    public static let notAllowed = ReplyCode(rawValue: 530)
    public static let notImplemented = ReplyCode(rawValue: 540)
    public static let internalError = ReplyCode(rawValue: 541)

    private static let names: [(ReplyCode, String)] = [
        (.replySuccess, "REPLY_SUCCESS"), (.contentTooLarge, "CONTENT_TOO_LARGE"), (.noRoute, "NO_ROUTE"),
        (.noConsumers, "NO_CONSUMERS"), (.connectionForced, "CONNECTION_FORCED"), (.invalidPath, "INVALID_PATH"),
        (.accessRefused, "ACCESS_REFUSED"), (.notFound, "NOT_FOUND"), (.resourceLocked, "RESOURCE_LOCKED"),
        (.preconditionFailed, "PRECONDITION_FAILED"), (.frameError, "FRAME_ERROR"), (.syntaxError, "SYNTAX_ERROR"),
        (.commandInvalid, "COMMAND_INVALID"), (.channelError, "CHANNEL_ERROR"),
        (.unexpectedFrame, "UNEXPECTED_FRAME"), (.resourceError, "RESOURCE_ERROR"), (.notAllowed, "NOT_ALLOWED"),
        (.notImplemented, "NOT_IMPLEMENTED"), (.internalError, "INTERNAL_ERROR"),
    ]

    /// Every code the specification defines.
    public static var all: [ReplyCode] { names.map(\.0) }

    /// The name as RabbitMQ writes it at the head of a reply text (`NOT_FOUND`); nil for a number nobody defined.
    public var name: String? { Self.names.first { $0.0 == self }?.1 }

    /// What the specification says a code closes ("soft" errors a channel, "hard" ones the connection); nil for
    /// success and for unknown numbers. 311, 312 and 313 are soft: the last two also come in `basic.return`.
    public var scope: Scope? {
        switch rawValue {
        case 311...313, 403...406: .channel
        case 320, 402, 501...506, 530, 540, 541: .connection
        default: nil
        }
    }
}

extension ReplyCode: CustomStringConvertible {
    public var description: String { name.map { "\(rawValue) \($0)" } ?? "\(rawValue)" }
}
