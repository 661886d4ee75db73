import AMQPClient
import Foundation

/// Measures what a broker takes up of the machine's memory: with idle connections, for each transient message, and with
/// a backlog on disk. Each figure is the resident size that Linux tells, of a broker that was started for it.
enum MemoryUse {
    struct TooMuch: Error, CustomStringConvertible {
        var description: String
    }

    static func run(broker: String, directory: String) async throws {
        var failed: [String] = []
        func report(_ what: String, _ value: Double, _ unit: String, limit: Double) {
            print(String(format: "%@: %.1f %@ (at most %.0f)", what, value, unit, limit))
            if value > limit { failed.append(what) }
        }
        let idle = try await idleConnections(broker, areFresh: true)
        report("a broker that has just started", idle.start, "MB", limit: 25)
        report("with 1,000 idle connections", idle.end, "MB", limit: 64)
        let used = try await idleConnections(broker, areFresh: false)
        report("with 1,000 idle connections that each had a message of 100 kB", used.end, "MB", limit: 64)
        for size in [0, 100, 1024] {
            report(
                "a transient message of \(size) octets, over its body", try await transient(broker, size: size),
                "octets", limit: 200)
        }
        let backlog = try await persistent(broker, directory: directory)
        report("with 1,000,000 persistent messages of 1 KiB", backlog, "MB", limit: 400)
        if !failed.isEmpty { throw TooMuch(description: "too much: \(failed.joined(separator: ", "))") }
    }

    private static func idleConnections(
        _ broker: String, areFresh: Bool
    ) async throws -> (start: Double, end: Double) {
        let process = try RunningBroker(broker, data: nil)
        defer { process.kill() }
        let start = process.residentOctets
        var connections: [Connection] = []
        for _ in 0..<1000 {
            let connection = try await Connection.open(process.uri)
            connections.append(connection)
            if areFresh { continue }
            let channel = try await connection.openChannel()
            let queue = try await channel.declareQueue(exclusive: true)
            try await queue.publish(Message(body: [UInt8](repeating: 1, count: 100_000)))
            guard try await queue.get(noAck: true) != nil else { throw TooMuch(description: "a message is gone") }
        }
        let end = process.residentOctets
        withExtendedLifetime(connections) {}
        return (Double(start) / 1e6, Double(end) / 1e6)
    }

    /// Octets of memory for each, without those of the body.
    private static func transient(_ broker: String, size: Int) async throws -> Double {
        let count = 500_000
        let process = try RunningBroker(broker, data: nil)
        defer { process.kill() }
        let channel = try await Connection.open(process.uri).openChannel()
        let queue = try await channel.declareQueue("memory")
        // What the publishing itself takes is there before.
        try await publish(20_000, to: queue, body: size, persistent: false)
        let start = process.residentOctets
        try await publish(count, to: queue, body: size, persistent: false)
        return Double(process.residentOctets - start) / Double(count) - Double(size)
    }

    private static func persistent(_ broker: String, directory: String) async throws -> Double {
        let process = try RunningBroker(broker, data: directory, ["--memory-high-water", "8000000000"])
        defer { process.kill() }
        let channel = try await Connection.open(process.uri).openChannel()
        let queue = try await channel.declareQueue("memory", durable: true)
        var most = 0
        for _ in 0..<20 {
            try await publish(50_000, to: queue, body: 1024, persistent: true)
            most = max(most, process.residentOctets)
        }
        return Double(most) / 1e6
    }

    private static func publish(_ count: Int, to queue: Queue, body: Int, persistent: Bool) async throws {
        let publisher = try await queue.channel.confirmedPublisher(limit: 5000)
        let message = Message(
            body: [UInt8](repeating: 32, count: body), properties: .init(deliveryMode: persistent ? 2 : nil))
        for _ in 0..<count { try await publisher.publish(message, routingKey: queue.name) }
        try await publisher.waitForAll()
    }
}
