import AMQPClient
import TestSupport
import Testing

/// With a broker at the other end: many messages, many tasks, confirms, returns.
@Suite(.watched) struct BrokerLoadTests {
    @Test func aThousandConfirmedPublishesFromManyTasks() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue(exclusive: true)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<1_000 {
                group.addTask {
                    try await channel.publishAndConfirm(Message("\(number)"), routingKey: queue.name)
                }
            }
            try await group.waitForAll()
        }
        #expect(channel.unconfirmedCount == 0)
        var seen: Set<String> = []
        for try await delivery in try await queue.consume(noAck: true) {
            seen.insert(delivery.text)
            if seen.count == 1_000 { break }
        }
        #expect(seen == Set((0..<1_000).map { "\($0)" }))
        try await connection.close()
    }

    @Test func aWindowOfConfirms() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue(exclusive: true)
        let publisher = try await channel.confirmedPublisher(limit: 20)
        for number in 0..<500 { try await publisher.publish(Message("\(number)"), routingKey: queue.name) }
        try await publisher.waitForAll()
        #expect(try await channel.declareQueue(queue.name, passive: true).messageCount == 500)
        try await connection.close()
    }

    @Test func mandatoryComesBack() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.openChannel()
        var returns = channel.returns.makeAsyncIterator()
        try await channel.publish(Message("nobody's"), routingKey: TestBroker.name("none"), mandatory: true)
        let returned = try #require(try await returns.next())
        #expect(returned.text == "nobody's")
        #expect(returned.code == .noRoute)
        let error = await failure {
            try await channel.publishAndConfirm(Message("x"), routingKey: TestBroker.name("none"), mandatory: true)
        }
        guard case .returned? = error?.kind else {
            Issue.record("\(String(describing: error))")
            return
        }
        try await connection.close()
    }

    @Test func manyChannelsAtOnce() async throws {
        let connection = try await TestBroker.connect()
        try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<50 {
                group.addTask {
                    let channel = try await connection.openChannel()
                    let queue = try await channel.declareQueue(exclusive: true)
                    try await queue.publish(Message("\(number)"))
                    for try await delivery in try await queue.consume(noAck: true) {
                        #expect(delivery.text == "\(number)")
                        break
                    }
                    try await channel.close()
                    return channel.number
                }
            }
            for try await number in group { #expect(number > 0) }
        }
        try await connection.close()
    }

    @Test func aSlowConsumerIsNotFloodedAndLosesNothing() async throws {
        let connection = try await TestBroker.connect { $0.deliveryBufferLimit = 400_000 }
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue(exclusive: true)
        let count = 2_000
        for number in 0..<count { try await queue.publish(Message("\(number)")) }
        var next = 0
        for try await delivery in try await queue.consume(noAck: true) {
            #expect(delivery.text == "\(next)")
            next += 1
            // An answer from behind the flood.
            if next % 500 == 0 { try await channel.declareQueue(queue.name, passive: true) }
            if next == count { break }
        }
        try await connection.close()
    }
}
