import AMQPClient
import BrokerCore
import BrokerServer
import Foundation
import TestSupport

/// The broker under the tests that need one: `AMQP_URL` when it is set, else one in this process.
enum TestBroker {
    static let url = ProcessInfo.processInfo.environment["AMQP_URL"]

    private static let inMemory = Broker.patient

    /// A connection of its own for each test.
    static func connect(
        _ change: (inout ConnectionConfiguration) -> Void = { _ in }
    ) async throws -> Connection {
        var configuration = try url.map { try ConnectionConfiguration(uri: $0) } ?? ConnectionConfiguration()
        // On a machine that runs every test at once, an answer may be long in coming.
        (configuration.connectionTimeout, configuration.rpcTimeout) = (.patience, .patience)
        configuration.heartbeat = 0
        change(&configuration)
        if url != nil { return try await Connection.open(configuration) }
        return try await Connection.open(over: inMemory.connect(), configuration)
    }

    /// A name that no other test uses, in this run or another on the same broker.
    static func name(_ test: String = #function) -> String { "\(test)-\(UUID().uuidString)" }
}

extension Broker {
    /// In real time, but with patience for logins: a client's task may come to its turn only after a thousand others.
    static var patient: Broker { Broker(.patient) }
}
