import AMQPTLS
import AMQPTransport

// How a connection comes about: the addresses of a host, the stream to one, encrypted or not, the login.

extension Connection {
    /// Connects and logs in.
    ///
    /// A name may have several addresses: `localhost` is mostly `::1` and `127.0.0.1`. They are tried in the order in which the
    /// system gives them. An address is passed over if the connection is refused there, or ends or stays silent before the
    /// broker has greeted, in the TLS handshake too. Each has an equal share of what is left of the configuration's
    /// `connectionTimeout`, until the greeting; the login then has the rest. An answer is final, and no other address is tried:
    /// a certificate that the client doesn't accept, a wrong password, something other than AMQP.
    ///
    /// - Parameter uri: see ``ConnectionConfiguration/init(uri:)``.
    /// - Throws: ``AMQPError``: what is wrong with the URI, nobody there (with host and port), the broker's own text for a
    ///   refused login or virtual host, no answer within the configuration's `connectionTimeout`. If no address answers, it is
    ///   the error of the last one that accepted the connection or, if none did, of the last one.
    public static func open(
        _ uri: String = "amqp://guest:guest@localhost:5672/"
    ) async throws(AMQPError) -> Connection {
        try await open(ConnectionConfiguration(uri: uri))
    }

    /// Connects over TCP, with TLS if the configuration says so, and logs in, as ``open(_:)-(String)`` does. Throws as that.
    public static func open(_ configuration: ConnectionConfiguration) async throws(AMQPError) -> Connection {
        try configuration.validate()
        if let here = InProcessHost.named(configuration.host) { return try await open(at: here, configuration) }
        var addresses = HostAddresses(host: configuration.host, port: configuration.port)
        return try await open(configuration) { milliseconds throws(AMQPError) in
            try await connect(to: &addresses, milliseconds)
        }
    }

    /// The same over streams of the caller's own.
    package static func open(
        _ configuration: ConnectionConfiguration, overEach next: NextAddress
    ) async throws(AMQPError) -> Connection {
        try await reach(configuration, next) { stream, share, end throws(Miss) in
            let stream = try await encrypt(stream, configuration, until: share)
            return try await logIn(over: stream, configuration, greetedBy: share, until: end)
        }
    }

    /// The way to a broker, with nothing said yet: over TCP, with TLS if the configuration says so. The caller closes it.
    ///
    /// - Throws: ``AMQPError``: nobody there, no encrypted connection and why, no answer within `connectionTimeout`.
    package static func stream(to configuration: ConnectionConfiguration) async throws(AMQPError) -> any ByteStream {
        var addresses = HostAddresses(host: configuration.host, port: configuration.port)
        return try await reach(configuration) { milliseconds throws(AMQPError) in
            try await connect(to: &addresses, milliseconds)
        } attempt: { stream, share, _ throws(Miss) in
            try await encrypt(stream, configuration, until: share)
        }
    }

    /// Logs in over a stream that is connected already, for instance to a broker in the same process; host and port of
    /// the configuration are not looked at. The connection closes the stream. Throws as ``open(_:)-(String)``.
    package static func open(
        over stream: any ByteStream, _ configuration: ConnectionConfiguration = .init()
    ) async throws(AMQPError) -> Connection {
        do throws(AMQPError) {
            try configuration.validate()
        } catch {
            stream.abort()
            throw error
        }
        let end = configuration.time.now + Int64(configuration.connectionMilliseconds)
        do throws(Miss) {
            return try await logIn(over: stream, configuration, greetedBy: end, until: end)
        } catch {
            throw error.reason
        }
    }

    // MARK: One address after the other

    /// Connects to the next address within so many milliseconds; tells how many there are besides.
    package typealias NextAddress = (Int) async throws(AMQPError) -> (stream: any ByteStream, others: Int)

    /// What an attempt at an address has come to.
    private struct Miss: Error {
        let reason: AMQPError
        /// Nobody has answered, so another address may be the better one.
        let isSilence: Bool
    }

    /// Tries one address after the other until one has answered.
    ///
    /// - Parameter attempt: has until the first time for an answer, and until the second for all else.
    private static func reach<Reached>(
        _ configuration: ConnectionConfiguration, _ next: NextAddress,
        attempt: (any ByteStream, Int64, Int64) async throws(Miss) -> Reached
    ) async throws(AMQPError) -> Reached {
        let time = configuration.time
        var left = Int64(configuration.connectionMilliseconds)
        let end = time.now + left
        var silence: AMQPError?
        while true {
            let way: (stream: any ByteStream, others: Int)
            do throws(AMQPError) {
                way = try await next(Int(left))
            } catch {
                throw error.kind == .cancelled ? error : silence ?? error
            }
            let now = time.now
            let share = way.others == 0 ? end : now + (end - now) / Int64(way.others + 1)
            do throws(Miss) {
                return try await attempt(way.stream, share, end)
            } catch {
                guard error.isSilence, way.others > 0 else { throw error.reason }
                silence = error.reason
            }
            left = max(1, end - time.now)
        }
    }

    private static func connect(
        to addresses: inout HostAddresses, _ milliseconds: Int
    ) async throws(AMQPError) -> (stream: any ByteStream, others: Int) {
        do throws(TransportError) {
            return (try await TCPStream.connect(to: &addresses, timeoutMilliseconds: milliseconds), addresses.count)
        } catch {
            throw AMQPError(error)
        }
    }

    // MARK: One address

    private static func encrypt(
        _ stream: any ByteStream, _ configuration: ConnectionConfiguration, until share: Int64
    ) async throws(Miss) -> any ByteStream {
        guard let tls = configuration.tls else { return stream }
        let time = configuration.time
        do throws(TLSError) {
            return try await TLSStream.connect(
                over: stream, tls, host: configuration.host, milliseconds: Int(max(1, share - time.now)), time: time)
        } catch {
            throw Miss(reason: AMQPError(error), isSilence: error.kind == .lost || error.kind == .timedOut)
        }
    }

    /// Waits for the greeting until the first time, and for the rest of the login until the second.
    private static func logIn(
        over stream: any ByteStream, _ configuration: ConnectionConfiguration, greetedBy share: Int64, until end: Int64
    ) async throws(Miss) -> Connection {
        let engine = ConnectionEngine(stream, configuration)
        stream.start(engine)
        func wait(until time: Int64) -> ConnectionEngine.Wait {
            .init(
                what: "the login", timeout: Int(max(1, time - configuration.time.now)),
                allowed: time == end ? configuration.connectionMilliseconds : nil)
        }
        var isGreeted = false
        do throws(AMQPError) {
            _ = try await engine.wait(wait(until: share)) { state, waiter throws(AMQPError) in
                try state.connection.start(waiter, &state.effects)
            }
            isGreeted = true
            _ = try await engine.wait(wait(until: end)) { state, waiter throws(AMQPError) in
                try state.connection.awaitOpening(waiter, &state.effects)
            }
        } catch {
            // Closes politely if the broker has spoken, drops a stream on which nothing is to be said.
            engine.step { $0.connection.close(nil, &$0.effects) }
            // In TLS 1.3 a broker says only after the handshake that it wants another certificate, or one at all.
            if error.kind == .connectionLost, let reason = (stream as? TLSStream)?.failure {
                throw Miss(reason: AMQPError(reason), isSilence: false)
            }
            throw Miss(
                reason: error, isSilence: !isGreeted && (error.kind == .connectionLost || error.kind == .timedOut))
        }
        return Connection(engine)
    }
}
