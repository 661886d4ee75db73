import AMQPClient
import TestSupport
import Testing

@Suite("Step 12: order", .watched)
struct OrderTests {
    private static func received(_ line: String, again: Bool = false) -> [String] {
        [" [x] Received\(again ? " again" : "") \(line)", " [x] Done"]
    }

    @Test(
        "When a queue's one active worker leaves, the next begins with what was not done",
        arguments: Venue.all)
    func takenOver(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            let leaver = try await stage.startReady("order", "work", "1", "--leave", "3")
            let standby = try await stage.startReady("order", "work", "1")
            let third = try await stage.startReady("order", "work", "1")
            try await stage.run("order", "emit", "ann", "--count", "6", "deposit")
            let all = (0..<6).map { "'ann':'\($0) deposit'" }
            #expect(
                try await stage.finish(leaver).lines == [waitingForMessages] + Self.received(all[0])
                    + Self.received(all[1]) + [" [x] Received \(all[2])", " [!] Left before it was done"])
            _ = try await stage.lines(9, of: standby)
            #expect(
                try await stage.interrupt(standby) == [waitingForMessages] + Self.received(all[2], again: true)
                    + all[3...].flatMap { Self.received($0) })
            try await stage.run("order", "emit", "ann", "pay")
            _ = try await stage.lines(3, of: third)
            #expect(try await stage.interrupt(third) == [waitingForMessages] + Self.received("'ann':'pay'"))
        }
    }

    @Test(
        "An account's messages are all in one queue, in their order",
        arguments: Venue.all)
    func sharedOut(_ venue: Venue) async throws {
        try await onStage(venue) { stage in
            let connection = try await Connection.open(patiently: stage.uri)
            let channel = try await connection.openChannel()
            // The step declares what there is.
            try await stage.run("order", "emit", "ann", "first")
            let accounts = (0..<40).map { "account \($0)" }
            for round in 0..<3 {
                for account in accounts {
                    try await channel.exchange("accounts").publish(Message("\(round)"), routingKey: account)
                }
            }
            // A publish has no answer; this comes behind all of them.
            try await channel.qos(prefetchCount: 0)
            var places: [String: Set<Int>] = [:]
            var contents: [String: [String]] = [:]
            for queue in 1...2 {
                while let message = try await channel.get("accounts.\(queue)", noAck: true) {
                    places[message.routingKey, default: []].insert(queue)
                    contents[message.routingKey, default: []].append(message.text)
                }
            }
            #expect(contents["ann"] == ["first"])
            for account in accounts {
                #expect(places[account]?.count == 1 && contents[account] == ["0", "1", "2"], "\(account)")
            }
            #expect(Set(places.values) == [[1], [2]])
            try await connection.close()
        }
    }
}
