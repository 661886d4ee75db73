import AMQPClient
import TestSupport
import Testing

@testable import confirms

private let waitingForOrders = " [*] Waiting for orders. To exit press CTRL+C"

@Suite("Step 7: confirms", .watched)
struct ConfirmsTests {
    @Test("Without a queue an order comes back, and is not confirmed", arguments: Venue.all)
    func returned(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            let output = try await stage.run("confirms", "publish", "--count", "2", status: 1)
            #expect(
                output.lines == [
                    " [x] Sent '0 Hello World!'", " [x] Sent '1 Hello World!'",
                    " [!] Returned '0 Hello World!'", " [!] Returned '1 Hello World!'",
                ])
            #expect(output.errors.count == 1)
            #expect(output.errors.first?.hasPrefix("confirms: The broker did not take: 2.") == true)
        }
    }

    @Test("Each order is confirmed, fifty at most are on their way, all are received", arguments: Venue.all)
    func confirmed(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            let receiver = try await stage.startReady("confirms", "receive")
            let lines = try await stage.run("confirms", "publish", "--count", "200").lines
            let orders = (0..<200).map { "'\($0) Hello World!'" }
            #expect(lines.filter { $0.contains("Sent") } == orders.map { " [x] Sent \($0)" })
            #expect(lines.filter { $0.contains("Confirmed") } == orders.map { " [x] Confirmed \($0)" })
            #expect(lines.count == 400)
            var (onTheirWay, most) = (0, 0)
            for line in lines {
                onTheirWay += line.contains("Sent") ? 1 : -1
                most = max(most, onTheirWay)
            }
            #expect(most == 50)
            _ = try await stage.lines(201, of: receiver)
            #expect(try await stage.interrupt(receiver) == [waitingForOrders] + orders.map { " [x] Received \($0)" })
        }
    }

    @Test("What is unconfirmed when the connection is cut is published again: some twice, all at least once")
    func cut() async throws {
        try await onStage(.any) { stage in
            let connection = try await Connection.open(patiently: stage.uri)
            let channel = try await connection.openChannel()
            try await channel.declareQueue("orders", durable: true)
            let wire = try Wire(to: stage.uri)
            defer { wire.close() }

            let words = ["publish", "--count", "60"]
            let publisher = try await stage.startReady("confirms", words: words, environment: ["AMQP_URL": wire.uri])
            // No confirm arrives, so it stops at fifty. The broker has them all before the cut.
            let sent = (0..<60).map { " [x] Sent '\($0) Hello World!'" }
            #expect(try await stage.lines(50, of: publisher) == Array(sent.prefix(50)))
            while try await channel.declareQueue("orders", passive: true).messageCount < 50 {}
            #expect(publisher.lines.count == 50)
            wire.cut()

            let lines = try await stage.finish(publisher).lines
            try #require(lines.count > 50, "\(publisher.account)")
            #expect(lines[50] == " [!] Connection lost. Unconfirmed, and sent again: 50")
            #expect(lines.dropFirst(51).filter { $0.contains("Sent") } == sent)
            #expect(
                lines.filter { $0.contains("Confirmed") } == (0..<60).map { " [x] Confirmed '\($0) Hello World!'" })

            let receiver = try await stage.startReady("confirms", "receive")
            _ = try await stage.lines(111, of: receiver)
            let numbers = Array(0..<50) + Array(0..<60)
            #expect(
                try await stage.interrupt(receiver)
                    == [waitingForOrders] + numbers.map { " [x] Received '\($0) Hello World!'" })
            try await connection.close()
        }
    }

    @Test("A broker that stays away: the reason, status 1")
    func brokerGone() async throws {
        let house = Stage(uri: "")
        let broker = try await house.startReady("broker", words: Stage.brokerWords)
        let words = try #require(broker.lines.first).split(separator: " ")
        let stage = Stage(uri: String(try #require(words.first { $0.hasPrefix("amqp://") })))
        let receiver = try await stage.startReady("confirms", "receive")
        let publisher = try await stage.startReady("confirms", "publish", "--count", "1000000000")
        broker.signal(9)
        try await stage.finish(receiver, status: 1)
        let output = try await stage.finish(publisher, status: 1)
        #expect(output.lines.last?.hasPrefix(" [!] Connection lost.") == true)
        #expect(output.errors.count == 1)
        #expect(output.errors.first?.contains("swift run broker") == true)
        await stage.end()
        await house.end()
    }

    @Test("A node that is killed: the publisher goes on at the next address")
    func nextAddress() async throws {
        try await onStage(.inThisProcess) { stage in
            let house = Stage(uri: "")
            let node = try await house.startReady("broker", words: Stage.brokerWords)
            let words = try #require(node.lines.first).split(separator: " ")
            let first = String(try #require(words.first { $0.hasPrefix("amqp://") }))
            let doomed = try await stage.startReady("confirms", "receive", environment: ["AMQP_URL": first])
            let receiver = try await stage.startReady("confirms", "receive")
            let publisher = try await stage.startReady(
                "confirms", "publish", "--count", "1000000000", environment: ["AMQP_URL": "\(first) \(stage.uri)"])
            node.signal(9)
            try await stage.finish(doomed, status: 1)
            _ = try await stage.lines(2, of: receiver)
            #expect(try await stage.interrupt(publisher).contains { $0.hasPrefix(" [!] Connection lost.") })
            _ = try await stage.interrupt(receiver)
            await house.end()
        }
    }

    @Test("The outbox: what is unconfirmed comes first, and never more than fifty")
    func outbox() {
        var outbox = Outbox((0..<60).map { "\($0)" })
        for number in 0..<50 { #expect(outbox.next(after: number) == "\(number)") }
        #expect(outbox.next(after: 50) == nil)
        outbox.settleOldest(isTaken: true)
        outbox.settleOldest(isTaken: false)
        #expect(outbox.refused == 1)
        #expect(outbox.next(after: 48) == "50")
        // A new connection, on which nothing is on its way.
        #expect(outbox.unconfirmed == (2..<51).map { "\($0)" })
        #expect((0..<50).map { outbox.next(after: $0) } == (2..<52).map { "\($0)" })
    }
}
