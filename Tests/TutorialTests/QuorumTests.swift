import AMQPClient
import TestSupport
import Testing

private let waitingForPayments = " [*] Waiting for payments. To exit press CTRL+C"

@Suite("Step 10: quorum", .watched)
struct QuorumTests {
    @Test("A payment that crashes its worker comes first, three times, and is put aside", arguments: Venue.all)
    func putAside(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            #expect(try await stage.run("quorum", "new-task", "Boom!").lines == [" [x] Confirmed 'Boom!'"])
            try await stage.run("quorum", "new-task", "Walk")
            let worker = try await stage.startReady("quorum", "work")
            _ = try await stage.lines(12, of: worker)
            #expect(
                try await stage.interrupt(worker) == [
                    waitingForPayments, " [x] Received 'Boom!'", " [!] Crashed",
                    waitingForPayments, " [x] Received 'Boom!' (failures: 1)", " [!] Crashed",
                    waitingForPayments, " [x] Received 'Boom!' (failures: 2)", " [!] Crashed",
                    waitingForPayments, " [x] Received 'Walk'", " [x] Paid",
                ])
            let connection = try await Connection.open(patiently: stage.uri)
            let channel = try await connection.openChannel()
            let dead = try #require(try await channel.get("payments.dead"))
            #expect(dead.text == "Boom!" && dead.properties.isPersistent)
            let death = try #require(dead.properties.headers?["x-death"]?.array?.first?.table)
            #expect(death["queue"]?.text == "payments" && death["reason"]?.text == "delivery_limit")
            #expect(death["count"]?.integer == 1)
            try await dead.ack()
            try await connection.close()
        }
    }

    @Test("A death of which no broker has told the reason", arguments: Venue.all)
    func noReason(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            let dead = try await stage.startReady("quorum", "dead")
            let connection = try await Connection.open(patiently: stage.uri)
            let channel = try await connection.openChannel()
            try await channel.publishAndConfirm(Message("No headers"), routingKey: "payments.dead")
            let lines = try await stage.lines(2, of: dead)
            #expect(lines.last == " [x] Dead: 'No headers' (nobody says why)")
            try await connection.close()
            _ = try await stage.interrupt(dead)
        }
    }

    @Test("A worker whose connection is cut comes back, and what it is sent meanwhile waits")
    func comesBack() async throws {
        try await onStage(.any) { stage in
            let wire = try Wire(to: stage.uri)
            defer { wire.close() }
            // The wire is in the process of these tests, and may come to its turn only after a thousand others.
            let uri = wire.uri + "?connection_timeout=900000"
            let worker = try await stage.startReady("quorum", "work", environment: ["AMQP_URL": uri])
            wire.cut()
            try await stage.run("quorum", "new-task", "Walk")
            _ = try await stage.lines(4, of: worker)
            #expect(
                try await stage.interrupt(worker) == [
                    waitingForPayments, waitingForPayments, " [x] Received 'Walk'", " [x] Paid",
                ])
        }
    }
}
