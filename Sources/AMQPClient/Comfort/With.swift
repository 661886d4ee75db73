/// Opens a connection, runs `body` with it, and closes it however `body` ends: by its result, its error, or the
/// cancellation of the task, in which the close is sent all the same.
///
/// ```swift
/// try await withConnection("amqp://localhost") { connection in
///     try await connection.withChannel { channel in
///         try await channel.publish(Message("Hello"), routingKey: "hello")
///     }
/// }
/// ```
/// - Parameters:
///   - uri: see ``ConnectionConfiguration/init(uri:)``.
///   - body: what is done with the connection.
/// - Throws: what `body` throws; else ``AMQPError``, when the connection could not be opened, or was
///   lost before its close was answered: what was sent last may not have arrived then. Or a publish that the broker has
///   refused, if no call has thrown that: confirms that are due are awaited, as by ``Connection/close()``.
nonisolated(nonsending)
    public func withConnection<Value>(
        _ uri: String = "amqp://guest:guest@localhost:5672/",
        _ body: (Connection) async throws -> Value
    ) async throws -> Value
{
    try await withConnection(ConnectionConfiguration(uri: uri), body)
}

/// The same with a configuration. Throws as ``withConnection(_:_:)-(String,_)`` does.
nonisolated(nonsending)
    public func withConnection<Value>(
        _ configuration: ConnectionConfiguration, _ body: (Connection) async throws -> Value
    ) async throws -> Value
{
    let connection = try await Connection.open(configuration)
    return try await closing({ $0 ? try await connection.close() : try await connection.closeAtOnce() }) {
        try await body(connection)
    }
}

extension Connection {
    /// Opens a channel, runs `body` with it, and closes it however `body` ends. Closing it gives back the deliveries that
    /// `body` has left unacknowledged.
    ///
    /// - Throws: what `body` throws; else ``AMQPError``, when the channel could not be opened, or why it was
    ///   closed, if no call has thrown that yet: an unconfirmed publish to an exchange that doesn't exist, say; or a publish
    ///   that the broker has refused, for confirms that are due are awaited, as by ``Channel/close()``.
    nonisolated(nonsending)
        public func withChannel<Value>(_ body: (Channel) async throws -> Value) async throws -> Value
    {
        let channel = try await openChannel()
        return try await closing({ $0 ? try await channel.close() : try await channel.closeAtOnce() }) {
            try await body(channel)
        }
    }
}

/// The error of `body` counts, not that of the close which follows from it, and it isn't kept waiting.
///
/// - Parameter close: with true, waits for the confirms that are due.
nonisolated(nonsending)
    private func closing<Value>(
        _ close: (_ isWell: Bool) async throws -> Void, after body: () async throws -> Value
    ) async throws -> Value
{
    let value: Value
    do {
        value = try await body()
    } catch {
        try? await close(false)
        throw error
    }
    try await close(true)
    return value
}
