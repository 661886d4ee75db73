import AMQPClient
import AMQPTransport
import AMQPWire

/// Tries, before the first case, whether there is a broker and whether it lets the suite do its work: where it doesn't, one
/// sentence says so, and not every case.
public enum Door {
    /// Why no case can be run.
    public struct Closed: Error, CustomStringConvertible {
        public let description: String
    }

    /// What a broker allows its clients, as far as can be found out without burdening it.
    public struct Limits: Sendable, Equatable {
        /// Channels of a connection; 0: it names no limit.
        public var channels: Int
        /// Bytes of a frame; 0: it names no limit.
        public var frame: Int
        /// Seconds between heartbeats that it asks for; 0: none.
        public var heartbeat: Int
        /// Bytes of the largest message that it took; more were not tried than ``mostTried``.
        public var message: Int
        /// Bytes of the longest queue name that it took, of 255 that the protocol allows.
        public var name: Int

        /// For people.
        public var text: String {
            func limit(_ number: Int, _ what: String) -> String { number == 0 ? "no limit" : "\(number)\(what)" }
            return [
                "channel-max \(limit(channels, ""))", "frame-max \(limit(frame, " bytes"))",
                "heartbeat \(heartbeat == 0 ? "none" : "\(heartbeat) s")",
                "messages up to \(message) bytes" + (message >= Door.mostTried ? " and perhaps more" : ""),
                "queue names up to \(name) bytes",
            ].joined(separator: ", ")
        }
    }

    /// The largest message that is tried, in bytes.
    static let mostTried = 16 << 20

    /// Connects, logs in, and does once what every case does.
    ///
    /// - Parameters:
    ///   - seconds: how long connecting, and each answer, may take
    ///   - time: what they are measured by; nil: the system's clock
    public static func open(
        _ url: String, seconds: Double = 10, time: (any TimeSource)? = nil
    ) async throws(Closed) -> Limits {
        let target: Target
        do throws(SuiteError) { target = try Target(url) } catch { throw Closed(description: "\(error)") }
        var configuration = target.configuration
        if let time { configuration.time = time }
        configuration.connectionTimeout = .seconds(seconds)
        configuration.rpcTimeout = .seconds(seconds)
        configuration.confirmTimeout = .seconds(seconds)
        do throws(AMQPError) {
            let connection = try await Connection.open(configuration)
            let (message, name) = try await work(over: connection, as: target.login)
            try? await connection.close()
            let tune = await Self.tune(target)
            return Limits(
                channels: Int(tune?.channelMax ?? 0), frame: Int(tune?.frameMax ?? 0),
                heartbeat: Int(tune?.heartbeat ?? 0), message: message, name: name)
        } catch {
            throw Closed(description: sentence(error, target))
        }
    }

    private static func sentence(_ error: AMQPError, _ target: Target) -> String {
        switch error.kind {
        case .connectionLost, .protocolViolation, .timedOut:
            return
                "\(target.place) does not speak AMQP 0-9-1 as it should: \(error.text). Is that the broker's port for "
                + "AMQP \(target.configuration.tls == nil ? "without" : "with") TLS?"
        case .closedByBroker where error.code == .accessRefused:
            return "User '\(target.login.user)' lacks rights in virtual host '\(target.login.virtualHost)': "
                + "\(error.text). The suite declares, binds, writes and reads under names of its own: grant "
                + "'.*' '.*' '.*' there."
        default: return "\(error)"
        }
    }

    /// The three rights, and the two limits that are found by trying.
    private static func work(
        over connection: Connection, as login: Login
    ) async throws(AMQPError) -> (message: Int, name: Int) {
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue(unique("door").text, exclusive: true)
        let exchange = try await channel.declareExchange(unique("door").text, type: .fanout, autoDelete: true)
        do throws(AMQPError) {
            try await queue.bind(to: exchange)
            try await exchange.publishAndConfirm(Message("knock"))
            _ = try await queue.get(noAck: true)
            try await queue.unbind(from: exchange)
        } catch {
            // It goes with its last binding, and may not have had a first.
            try? await connection.openChannel().deleteExchange(exchange.name)
            throw error
        }
        // The names first: a message that is too large may cost the connection.
        let name = await longestName(over: connection)
        return (await largestMessage(over: connection), name)
    }

    private static func largestMessage(over connection: Connection) async -> Int {
        var largest = 0
        var size = 1 << 16
        while size <= mostTried {
            do throws(AMQPError) {
                let channel = try await connection.openChannel()
                let queue = try await channel.declareQueue(exclusive: true)
                try await channel.publishAndConfirm(
                    Message(body: [UInt8](repeating: 0, count: size)), routingKey: queue.name)
                try await queue.delete()
                try await channel.close()
            } catch { break }
            largest = size
            size *= 4
        }
        return largest
    }

    private static func longestName(over connection: Connection) async -> Int {
        for length in [255, 127, 63] {
            do throws(AMQPError) {
                let channel = try await connection.openChannel()
                let name = unique("door").text
                try await channel.declareQueue(
                    name + String(repeating: "x", count: length - name.utf8.count), exclusive: true)
                try await channel.close()
                return length
            } catch { continue }
        }
        return 0
    }

    /// What the broker offers; our client would tell what was agreed on.
    private static func tune(_ target: Target) async -> ConnectionTune? {
        guard let stream = try? await Connection.stream(to: target.configuration) else { return nil }
        let probe = Probe(Tap(stream, name: "?"))
        defer { probe.abort() }
        return try? await probe.authenticate(Handshake(target.login))
    }
}
