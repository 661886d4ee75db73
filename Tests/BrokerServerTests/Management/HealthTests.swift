import AMQPClient
import BrokerCore
import Foundation
import TestSupport
import Testing

@testable import BrokerServer

/// What the listing API says of the broker itself, as RabbitMQ 3.10.8 does.
@Suite(.watched) struct HealthTests {
    @Test func alarmsShowWhereTheyAreLookedFor() async throws {
        var configuration = BrokerConfiguration.patient
        configuration.memoryHighWater = 300_000
        let broker = Broker(configuration)
        func check(_ name: String) throws -> HTTPResponse { try get("health/checks/\(name)", from: broker) }
        func node() throws -> [JSON?] {
            let node = try get("nodes/broker@localhost", from: broker).body
            return [node?["mem_alarm"], node?["disk_free_alarm"]]
        }
        #expect(try check("alarms") == HTTPResponse(200, ["status": "ok"]))
        #expect(try node() == [false, false])
        let connection = try await broker.open()
        let queue = try await connection.openChannel().declareQueue("full")
        try await queue.publish(Message(String(repeating: "x", count: 2000)))
        try await connection.close()
        // Not before: whoever publishes when memory is low isn't heard.
        broker.step(.setMemoryHighWater(3000))
        broker.step(.diskIsLow(true))
        #expect(try node() == [true, true])
        let failed = try check("local-alarms")
        #expect(failed.status == 503 && failed.body?["reason"] == "There are alarms in effect on the node")
        #expect(failed.body?["alarms"]?.elements?.map { $0["resource"] } == ["disk space", "memory"])
        #expect(try check("alarms").body?["reason"] == "There are alarms in effect in the cluster")
        let metrics = try metrics(of: broker)
        for line in [
            "rabbitmq_alarms_memory_used_watermark 1", "rabbitmq_alarms_free_disk_space_watermark 1",
            "rabbitmq_resident_memory_limit_bytes 300000", "rabbitmq_queues 1", "rabbitmq_queue_messages_ready 1",
            "rabbitmq_queue_messages_ready_bytes 2000", "rabbitmq_connections 0",
        ] { #expect(metrics.contains(line), "\(line)") }
        broker.step(.diskIsLow(false))
        #expect(try node() == [true, false])
    }

    private func metrics(of broker: Broker) throws -> [String] {
        let response = try get("/metrics", from: broker)
        #expect(response.status == 200 && response.plain?.type == "text/plain; version=0.0.4")
        return response.plain?.text.components(separatedBy: "\n") ?? []
    }

    /// As RabbitMQ 3.10.8 answers.
    @Test func otherChecks() throws {
        let broker = Broker(.patient)
        defer { broker.shutDown() }
        let port = try broker.listen(port: 0)
        for good in [
            "virtual-hosts", "node-is-quorum-critical", "node-is-mirror-sync-critical", "port-listener/\(port)",
            "protocol-listener/amqp091", "protocol-listener/amqp0.9.1", "protocol-listener/amqp",
            "protocol-listener/http", "certificate-expiration/1/days", "certificate-expiration/1/weeks",
        ] { #expect(try get("health/checks/\(good)", from: broker).status == 200, "\(good)") }
        let missing = try get("health/checks/port-listener/1", from: broker)
        #expect(missing.status == 503 && missing.body?["missing"] == 1 && missing.body?["ports"] == [JSON(port)])
        #expect(try get("health/checks/port-listener/x", from: broker) == .failure(400, "bad_request", "Invalid port"))
        #expect(try get("health/checks/protocol-listener/mqtt", from: broker).body?["protocols"] == ["amqp", "http"])
        for (path, reason) in [
            ("x/days", "Invalid expiration value."),
            ("1/foo", "Time unit not recognised. Supported units: days, weeks, months, years."),
        ] {
            let answer = try get("health/checks/certificate-expiration/\(path)", from: broker)
            #expect(answer == .failure(400, "bad_request", reason))
        }
        for missing in ["health/checks/nope", "health/checks", "healthchecks/node/nope", "aliveness-test"] {
            #expect(try get(missing, from: broker) == .notFound, "\(missing)")
        }
        for good in ["healthchecks/node", "healthchecks/node/broker@localhost"] {
            #expect(try get(good, from: broker).body == ["status": "ok"], "\(good)")
        }
        #expect(try get("aliveness-test/%2F", from: broker).body == ["status": "ok"])
        #expect(try get("aliveness-test/nope", from: broker) == .notFound)
        #expect(
            try get("overview", from: broker).body?["exchange_types"]?.elements?.map { $0["name"] } == [
                "direct", "fanout", "headers", "topic", "x-consistent-hash",
            ])
    }
}
