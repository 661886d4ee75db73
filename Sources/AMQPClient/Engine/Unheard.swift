import DataStructures
import Synchronization

/// What became of publishes that no call has waited for: each failure until a call has told it. Nobody may ever ask a
/// ``ConfirmedPublisher`` or a ``PendingConfirm``; the close of the channel, or of the connection, tells then.
///
/// Written under the engine's lock, in the step that settles the publish. So who closes after that finds it here.
final class Unheard: Sendable {
    private struct Failure: Sendable {
        var error: AMQPError
        var isForgotten = false
    }

    private struct State: Sendable {
        var lastNumber: UInt64 = 0
        /// By channel, so that the close of one of many looks only at its own.
        var failures: [ChannelID: [UInt64: Failure]] = [:]
        var forgotten = 0
    }

    private let state = Mutex(State())

    /// How many are kept that only a close can tell, of which one is told. The oldest are: for a program that lets go of all
    /// its confirms, on a connection that it never closes, they must not become more and more.
    static let limit = 100

    var count: Int { state.withLock { $0.failures.values.reduce(0) { $0 + $1.count } } }

    /// - Returns: a number by which it is heard, or forgotten.
    func add(_ error: AMQPError, on channel: ChannelID) -> UInt64 {
        state.withLock { state in
            state.lastNumber += 1
            state.failures[channel, default: [:]][state.lastNumber] = Failure(error: error)
            return state.lastNumber
        }
    }

    /// One that nobody but who closes can ask for.
    func addForgotten(_ error: AMQPError, on channel: ChannelID) { forget(add(error, on: channel), on: channel) }

    /// A call tells it.
    func markHeard(_ number: UInt64, on channel: ChannelID) { state.withLock { Self.remove(number, of: channel, &$0) } }

    /// Nobody but who closes can ask for it any more.
    func forget(_ number: UInt64, on channel: ChannelID) {
        state.withLock { state in
            guard let failure = state.failures[channel]?[number], !failure.isForgotten else { return }
            if state.forgotten == Self.limit { return Self.remove(number, of: channel, &state) }
            state.failures[channel]?[number]?.isForgotten = true
            state.forgotten += 1
        }
    }

    /// A call tells what ended the channel, and with it all publishes that were not answered.
    func markEndHeard(on channel: ChannelID) {
        state.withLock { state in
            for (number, failure) in state.failures[channel] ?? [:] {
                Steps.take()
                if failure.error.scope != .client { Self.remove(number, of: channel, &state) }
            }
        }
    }

    /// The first of a channel, or of all, to be told by who closes it. The others go with it.
    func take(of channel: ChannelID? = nil) -> AMQPError? {
        state.withLock { state in
            var first: (number: UInt64, error: AMQPError)?
            for channel in channel.map({ [$0] }) ?? Array(state.failures.keys) {
                for (number, failure) in state.failures.removeValue(forKey: channel) ?? [:] {
                    Steps.take()
                    if failure.isForgotten { state.forgotten -= 1 }
                    if number < first?.number ?? .max { first = (number, failure.error) }
                }
            }
            return first?.error
        }
    }

    private static func remove(_ number: UInt64, of channel: ChannelID, _ state: inout State) {
        if state.failures[channel]?.removeValue(forKey: number)?.isForgotten == true { state.forgotten -= 1 }
        if state.failures[channel]?.isEmpty == true { state.failures[channel] = nil }
    }
}
