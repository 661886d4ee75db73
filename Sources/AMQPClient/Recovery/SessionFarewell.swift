/// The good-bye of a session whose closure has ended well: what became of the publishes that nobody has awaited.
extension Session {
    /// Waits for the confirms that are due, and closes the channel and the connection. When the task is cancelled, it waits
    /// no longer, and sends the closes all the same.
    ///
    /// Something is lost if the broker refuses a publish, sends it back or closes the channel over it, and nobody has heard
    /// so; or if the connection is gone, or the time is over, before the broker has answered for it. A publish with
    /// confirms is answered for by its confirm, any other by the answer to something that was sent after it on its channel,
    /// the close included. A connection that is lost with nothing left to be answered for has lost nothing.
    ///
    /// - Parameter grace: the milliseconds after which the task is cancelled.
    /// - Returns: the loss, if there was one.
    func end(within grace: Int64) async -> AMQPError? {
        var loss = await connection.engine.loss(of: .all).map { Self.unconfirmed($0, grace) }
        do throws(AMQPError) {
            try await channel.closeAtOnce()
        } catch {
            // Anything else ends the connection too, or is only late: its own close tells.
            if error.scope == .channel { loss = loss ?? error }
        }
        do throws(AMQPError) {
            try await connection.closeAtOnce()
        } catch {
            loss = loss ?? unanswered(error)
        }
        // The close of a cancelled task waits for no answer.
        if !connection.isGone { loss = loss ?? unanswered(.timedOut("connection.close", milliseconds: Int(grace))) }
        return loss
    }

    private static func unconfirmed(_ error: AMQPError, _ grace: Int64) -> AMQPError {
        var error = error.kind == .cancelled ? .timedOut("the confirms", milliseconds: Int(grace)) : error
        switch error.kind {
        case .nacked, .returned: break
        default:
            if error.scope != .channel {
                error.nextStep =
                    "The last publishes are not confirmed: send them again where twice is better than never."
            }
        }
        return error
    }

    /// What the lack of an answer to the close has lost.
    private func unanswered(_ error: AMQPError) -> AMQPError? {
        guard connection.endedWithOpenPublishes else { return nil }
        var error = error
        error.nextStep = AMQPError.openPublishes
        return error
    }
}

extension Connection {
    /// The very end, with the answer to the close or without.
    fileprivate var isGone: Bool { engine.state.withLock { $0.connection.phase == .closed } }

    fileprivate var endedWithOpenPublishes: Bool { engine.state.withLock { $0.connection.endedWithOpenPublishes } }
}
