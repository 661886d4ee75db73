import AMQPTransport
import Synchronization

/// A broker in this process that is reached under a host's name, and goes by a time of its own: so a program under test is
/// given a URI as ever, and nothing in it has to know. `BrokerTesting` makes them, under names that end in `.test`, which
/// no real host has (RFC 6761, 6.2).
package struct InProcessHost: Sendable {
    package typealias Connect = @Sendable (ConnectionConfiguration) throws(TransportError) -> any ByteStream

    private static let hosts = Mutex<[String: InProcessHost]>([:])

    let time: any TimeSource
    let connect: Connect

    package init(time: any TimeSource, connect: @escaping Connect) {
        self.time = time
        self.connect = connect
    }

    /// From now on there is such a host.
    package static func set(_ name: String, _ host: InProcessHost) { hosts.withLock { $0[name] = host } }

    static func named(_ name: String) -> InProcessHost? {
        name.hasSuffix(".test") ? hosts.withLock { $0[name] } : nil
    }
}

extension Connection {
    static func open(
        at host: InProcessHost, _ configuration: ConnectionConfiguration
    ) async throws(AMQPError) -> Connection {
        let stream: any ByteStream
        do {
            stream = try host.connect(configuration)
        } catch {
            throw AMQPError(error)
        }
        return try await open(over: stream, configuration.inTime(of: host))
    }
}

extension ConnectionConfiguration {
    func inTime(of host: InProcessHost?) -> Self {
        guard let host else { return self }
        var configuration = self
        configuration.time = host.time
        return configuration
    }
}
