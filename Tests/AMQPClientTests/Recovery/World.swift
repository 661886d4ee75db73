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
    private let state = Mutex<(streams: [any ByteStream], isAway: Bool, attempts: Int)>(([], false, 0))

    init() {
        var configuration = BrokerConfiguration()
        configuration.handshakeTimeout = 600_000_000
        broker = Broker(configuration, time: time)
    }

    var attempts: Int { state.withLock { $0.attempts } }
    func setAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }
    func cut() { for stream in state.withLock({ $0.streams }) { stream.abort() } }

    func client(
        grace: Duration = .seconds(30), retry: RetryPolicy = .exponential(from: .seconds(1)),
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
