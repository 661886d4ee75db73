/// What a good-bye waits for, so that nothing is taken for sent that the broker has refused.
extension ConnectionEngine {
    /// Which confirms it waits for.
    enum Confirms: Sendable {
        /// Those that no call waits for. A call that waits hears for itself what the close means for it.
        case due
        case all
    }

    /// Waits for confirms of a channel, or of all: no longer for all of them together than for one.
    ///
    /// - Returns: the first refusal, return or loss that no call has told, once all channels have their confirms; `cancelled`
    ///   if there is none, and the wait was cut short by a cancellation.
    func loss(of confirms: Confirms, on channel: ChannelRecord? = nil) async -> AMQPError? {
        // Those without anything outstanding as well: a refusal may have come before.
        let records = state.withLock { state in
            (channel.map { [$0] } ?? state.channels.values.sorted { $0.id.number < $1.id.number })
                .filter { state.connection.isConfirming($0.id) }
        }
        var failure: AMQPError?
        let allowed = configuration.confirmMilliseconds
        let begin = configuration.time.now
        for record in records {
            let left = Int64(allowed) - (configuration.time.now - begin)
            do throws(AMQPError) {
                _ = try await wait(
                    .init(
                        what: "the confirms", place: .confirm, channel: record,
                        timeout: allowed == 0 ? 0 : Int(max(1, left)), allowed: allowed,
                        isOver: allowed > 0 && left <= 0, isFarewell: true)
                ) { state, waiter throws(AMQPError) in
                    try state.connection.waitForConfirms(on: record.id, waiter, for: confirms, &state.effects)
                }
            } catch {
                if !isHeard(error, record) { failure = failure ?? error }
            }
        }
        // First, as it says of which message it is.
        return unheard.take(of: channel?.id) ?? failure
    }

    /// Without a call of its own.
    func isHeard(_ error: AMQPError, _ record: ChannelRecord) -> Bool {
        switch error.kind {
        // A channel that was closed on this side meanwhile is the affair of who has closed it.
        case .closedByClient: true
        // Of a plain publish: who listens to what comes back is told so.
        case .returned: !record.returns.isEmpty
        default: false
        }
    }
}
