import AMQPClient
import BrokerServer
import Foundation

/// The broker under the tests that need one: `AMQP_URL` when it is set, else one in this process.
enum TestBroker {
    static let url = ProcessInfo.processInfo.environment["AMQP_URL"]

    private static let inMemory = Broker()

    /// A connection of its own for each test.
    static func connect(
        _ change: (inout ConnectionConfiguration) -> Void = { _ in }
    ) async throws -> Connection {
        var configuration = try url.map { try ConnectionConfiguration(uri: $0) } ?? ConnectionConfiguration()
        // On a machine that runs every test at once, an answer may be long in coming.
        configuration.connectionTimeout = 180_000
        configuration.rpcTimeout = 180_000
        change(&configuration)
        if url != nil { return try await Connection.open(configuration) }
        return try await Connection.open(over: inMemory.connect(), configuration)
    }

    /// A name that no other test uses, in this run or another on the same broker.
    static func name(_ test: String = #function) -> String { "\(test)-\(UUID().uuidString)" }
}
