import AMQPTransport
import BrokerCore
import BrokerServer
import Synchronization
import TestSupport

@testable import AMQPClient

/// A broker whose connections can be broken, and refused.
final class World: Sendable {
    let time = ManualTime()
    let broker: Broker
    private struct State: Sendable {
        var streams: [any ByteStream] = []
        var isAway = false
        var refusals = 0
        var attempts = 0
    }

    private let state = Mutex(State())

    init() {
        var configuration = BrokerConfiguration()
        configuration.handshakeTimeout = 600_000_000
        broker = Broker(configuration, time: time)
    }

    var attempts: Int { state.withLock { $0.attempts } }
    func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }
    /// The next attempts fail, so many; the one after them does not.
    func refuse(next attempts: Int) { state.withLock { $0.refusals = attempts } }
    func cut() { for stream in state.withLock({ $0.streams }) { stream.abort() } }

    func client(
        grace: Duration = .seconds(1_000), retry: RetryPolicy = .exponential(from: .seconds(1)),
        _ change: (inout ConnectionConfiguration) -> Void = { _ in }
    ) -> Client {
        var configuration = ConnectionConfiguration()
        (configuration.time, configuration.heartbeat) = (time, 0)
        configuration.connectionTimeout = .seconds(1_000_000)
        configuration.rpcTimeout = .zero
        change(&configuration)
        return Client([configuration], retry: retry, grace: grace) { _ in
            try self.state.withLock { state in
                state.attempts += 1
                if state.refusals > 0 {
                    state.refusals -= 1
                    throw AMQPError(.unreachable, scope: .connection, text: "refused")
                }
                if state.isAway { throw AMQPError(.unreachable, scope: .connection, text: "away") }
                let stream = self.broker.connect()
                state.streams.append(stream)
                return stream
            }
        }
    }

    /// Moves time on until `condition` holds.
    func pass(until condition: () -> Bool) async throws {
        try await until {
            time.advance(by: 100)
            return condition()
        }
    }
}

extension ManualTime {
    /// Milliseconds to the next appointment within a minute: a wait of a client, and not what a broker will do in an hour.
    var nextWait: Int64? { nextDue.map { $0 - now }.flatMap { $0 < 60_000 ? $0 : nil } }
}
