import AMQPClient

// The client module on the broker under test, for cases about a pattern rather than about the wire. Its connections are
// recorded like a probe's, and closed when the case is over.

/// A connection of the client module. `options` changes the configuration.
func openConnection(
    _ options: (inout ConnectionConfiguration) -> Void = { _ in }
) async throws -> Connection {
    let run = try CaseRun.active()
    var configuration = ConnectionConfiguration()
    configuration.user = run.peer.login.user
    configuration.password = run.peer.login.password
    configuration.virtualHost = run.peer.login.virtualHost
    // The broker in process has a clock of its own, and would never hear of the time that passes for the client.
    configuration.heartbeat = 0
    options(&configuration)
    return try await Connection.open(over: try await run.connect().stream, configuration)
}

/// A channel of the client module, on a connection of its own.
func openClientChannel() async throws -> Channel { try await openConnection().openChannel() }
