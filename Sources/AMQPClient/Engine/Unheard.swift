import Synchronization

/// What became of publishes that no call has waited for: each failure until a call has told it. Nobody may ever ask a
/// ``ConfirmedPublisher`` or a ``PendingConfirm``; the close of the channel, or of the connection, tells then.
///
/// Written under the engine's lock, in the step that settles the publish. So who closes after that finds it here.
final class Unheard: Sendable {
    private struct Failure: Sendable {
        var channel: ChannelID
        var error: AMQPError
        var isForgotten = false
    }

    private struct State: Sendable {
        var lastNumber: UInt64 = 0
        var failures: [UInt64: Failure] = [:]
        var forgotten = 0
    }

    private let state = Mutex(State())

    /// How many are kept that only a close can tell, of which one is told. The oldest are: for a program that lets go of all
    /// its confirms, on a connection that it never closes, they must not become more and more.
    static let limit = 100

    var count: Int { state.withLock { $0.failures.count } }

    /// - Returns: a number by which it is heard, or forgotten.
    func add(_ error: AMQPError, on channel: ChannelID) -> UInt64 {
        state.withLock { state in
            state.lastNumber += 1
            state.failures[state.lastNumber] = Failure(channel: channel, error: error)
            return state.lastNumber
        }
    }

    /// One that nobody but who closes can ask for.
    func addForgotten(_ error: AMQPError, on channel: ChannelID) { forget(add(error, on: channel)) }

    /// A call tells it.
    func markHeard(_ number: UInt64) { state.withLock { Self.remove(number, &$0) } }

    /// Nobody but who closes can ask for it any more.
    func forget(_ number: UInt64) {
        state.withLock { state in
            guard let failure = state.failures[number], !failure.isForgotten else { return }
            if state.forgotten == Self.limit { return Self.remove(number, &state) }
            state.failures[number]?.isForgotten = true
            state.forgotten += 1
        }
    }

    /// A call tells what ended the channel, and with it all publishes that were not answered.
    func markEndHeard(on channel: ChannelID) {
        state.withLock { state in
            for (number, failure) in state.failures where failure.channel == channel && failure.error.scope != .client {
                Self.remove(number, &state)
            }
        }
    }

    /// The first of a channel, or of all, to be told by who closes it. The others go with it.
    func take(of channel: ChannelID? = nil) -> AMQPError? {
        state.withLock { state in
            let failures = state.failures.filter { channel == nil || $0.value.channel == channel }
            for number in failures.keys { Self.remove(number, &state) }
            return failures.min { $0.key < $1.key }?.value.error
        }
    }

    private static func remove(_ number: UInt64, _ state: inout State) {
        if state.failures.removeValue(forKey: number)?.isForgotten == true { state.forgotten -= 1 }
    }
}
