/// Whose fault it is that the broker closed the channel: of several messages on their way one was refused, and the broker
/// says which only in words.
struct Culprits: Sendable {
    private let text: String
    /// It was some message; if none on its way is named, nobody knows which.
    let exist: Bool

    init(_ error: AMQPError) {
        exist = error.kind == .closedByBroker && error.scope == .channel
        text = error.text
    }

    /// NOT_FOUND - no exchange 'orders' in vhost '/'. Looked for by the name, which may have apostrophes of its own.
    /// PRECONDITION_FAILED - message size 20000000 is larger than configured max size 16777216
    func include(_ publish: AMQPError.Publish) -> Bool {
        exist
            && (text.contains("exchange '\(publish.exchange)' in vhost '")
                || text.contains("message size \(publish.message.body.count) is larger than"))
    }
}

extension AMQPError {
    static func unknownOutcome(_ publish: Publish, _ cause: AMQPError) -> AMQPError {
        var error = AMQPError(
            .unknownOutcome, scope: .client, code: cause.code,
            text: "Nobody knows whether the message to exchange '\(publish.exchange)' with routing key "
                + "'\(publish.routingKey)' arrived: \(cause.text)")
        error.publish = publish
        return error
    }

    /// For what is not settled when a publisher is closed.
    static let publisherClosed = AMQPError(
        .closedByClient, scope: .client, text: "The publisher was closed before the message was confirmed",
        nextStep: "Publish it again: the publisher connects again by itself.")

    static func notSent(_ whileDown: Publisher.WhileDown, _ cause: AMQPError?) -> AMQPError {
        let why = cause.map { ": \($0.text)" } ?? ""
        return switch whileDown {
        case .fail: AMQPError(.unreachable, scope: .client, text: "No connection, so the message was not sent\(why)")
        case .wait(let limit):
            AMQPError(
                .timedOut, scope: .client, text: "No connection within \(limit), so the message was not sent\(why)",
                nextStep: Advice.next(kind: .unreachable))
        }
    }

    /// There is a connection, and it takes nothing.
    ///
    /// - Parameters:
    ///   - milliseconds: how long the message has waited; nil: it was not to wait.
    ///   - reason: the broker's, if it has said one.
    static func held(_ milliseconds: Int64?, _ reason: String?) -> AMQPError {
        let why = reason.map { ": the broker takes no publishes at present: \($0)" } ?? ""
        return milliseconds.map {
            AMQPError(
                .timedOut, scope: .client,
                text: "The connection had no room within \($0) ms, so the message was not sent\(why)",
                nextStep: reason == nil ? nil : Advice.next(kind: .blocked))
        } ?? AMQPError(.blocked, scope: .client, text: "The message was not sent\(why)")
    }
}
