import AMQPWire
import Testing

@Suite("Messages after a restart") struct RestartedMessageCases {
    @Test(
        "Messages acknowledged out of order stay gone, and no others",
        .proves("durability.acks-out-of-order", ["rabbitmq/restart/settled"], needs: [.restart]))
    func acksOutOfOrder() async throws {
        let before = try await Durable.open()
        try await before.publish((1...9).map { "\($0)" })
        let messages = try await before.fetch(9)
        for number in [7, 3, 4, 5, 9, 2] { before.channel.ack(messages[number - 1]) }
        try await before.channel.barrier(behind: before.queue)
        try await restartBroker()
        #expect(try await Durable.drain(before.queue) == ["1", "6", "8"])
    }

    @Test(
        "An acknowledgement of many over two queues is kept for both",
        .proves("durability.acks-over-two-queues", ["rabbitmq/restart/settled"], needs: [.restart]))
    func acksOverTwoQueues() async throws {
        let one = try await Durable.open()
        let other = Durable(channel: one.channel, queue: try await Durable.declareQueue(one.channel))
        for queue in [one, other] { try await queue.publish(["1", "2", "3", "4"]) }
        var last: [Received] = []
        for _ in 1...3 { for queue in [one, other] { last = try await queue.fetch(1) } }
        one.channel.ack(last[0], multiple: true)
        try await one.channel.barrier(behind: one.queue)
        try await one.channel.barrier(behind: other.queue)
        try await restartBroker()
        for queue in [one, other] { #expect(try await Durable.drain(queue.queue) == ["4"]) }
    }

    @Test(
        "Each copy of a message is kept and settled by itself",
        .proves("durability.copies", ["rabbitmq/restart/settled", "rabbitmq/restart/messages"], needs: [.restart]))
    func copies() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("fanout", durable: true)
        var queues: [Durable] = []
        for _ in 1...3 {
            queues.append(Durable(channel: channel, queue: try await Durable.declareQueue(channel)))
            try await channel.bind(queues[queues.count - 1].queue, to: exchange)
        }
        try await channel.confirmSelect()
        for text in ["both gone", "one left"] {
            channel.publish(text, to: exchange, "", BasicProperties(deliveryMode: 2))
        }
        for (index, count) in [1, 2].enumerated() {
            for message in try await queues[index].fetch(count) { channel.ack(message) }
        }
        for queue in queues { try await channel.barrier(behind: queue.queue) }
        try await restartBroker()
        #expect(try await Durable.drain(queues[0].queue) == ["one left"])
        #expect(try await Durable.drain(queues[1].queue) == [])
        #expect(try await Durable.drain(queues[2].queue) == ["both gone", "one left"])
    }

    @Test(
        "Messages handed out without acknowledgement stay gone, fetched or delivered from a backlog",
        .proves("durability.without-ack", ["rabbitmq/restart/settled"], needs: [.restart]))
    func withoutAck() async throws {
        let fetched = try await Durable.open()
        let consumed = Durable(channel: fetched.channel, queue: try await Durable.declareQueue(fetched.channel))
        for queue in [fetched, consumed] { try await queue.publish(["1", "2", "3"]) }
        _ = try await fetched.channel.get(fetched.queue)
        _ = try await fetched.channel.get(fetched.queue)
        try await consumed.channel.consume(consumed.queue, noAck: true)
        _ = try await consumed.channel.deliveries(3)
        try await restartBroker()
        #expect(try await Durable.drain(fetched.queue) == ["3"])
        #expect(try await Durable.drain(consumed.queue) == [])
    }

    @Test(
        "Messages that were refused, or dropped from a full queue, stay gone",
        .proves("durability.refused-and-dropped", ["rabbitmq/restart/settled"], needs: [.restart]))
    func refusedAndDropped() async throws {
        let refused = try await Durable.open()
        let full = Durable(
            channel: refused.channel, queue: try await Durable.declareQueue(refused.channel, ["x-max-length": 2]))
        for queue in [refused, full] { try await queue.publish(["1", "2", "3", "4"]) }
        for message in try await refused.fetch(2) { refused.channel.reject(message, requeue: false) }
        try await refused.channel.barrier(behind: refused.queue)
        try await restartBroker()
        #expect(try await Durable.drain(refused.queue) == ["3", "4"])
        #expect(try await Durable.drain(full.queue) == ["3", "4"])
    }

    @Test(
        "A dead letter is as durable as the message was, and what has expired dies once",
        .proves(
            "durability.dead-letters", ["rabbitmq/restart/settled", "rabbitmq/restart/messages"], needs: [.restart]))
    func deadLetters() async throws {
        let dead = try await Durable.open()
        let queue = Durable(
            channel: dead.channel,
            queue: try await Durable.declareQueue(
                dead.channel,
                [
                    "x-message-ttl": 600, "x-dead-letter-exchange": "",
                    "x-dead-letter-routing-key": .longString(dead.queue.octets),
                ]))
        try await queue.publish(["refused", "expired"])
        for message in try await queue.fetch(1) { queue.channel.reject(message, requeue: false) }
        try await queue.channel.barrier(behind: queue.queue)
        try await elapse(milliseconds: 700)
        try await queue.channel.awaitReady(2, in: dead.queue)
        try await restartBroker()
        #expect(try await Durable.drain(queue.queue) == [])
        #expect(try await Durable.drain(dead.queue) == ["refused", "expired"])
    }

    @Test(
        "A message that expires after the restart is dead-lettered, though nobody touches its queue",
        .proves("durability.expires-untouched", ["rabbitmq/restart/expiry"], needs: [.restart]))
    func expiresUntouched() async throws {
        let dead = try await Durable.open()
        let queue = Durable(
            channel: dead.channel,
            queue: try await Durable.declareQueue(
                dead.channel,
                ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(dead.queue.octets)]))
        try await queue.publish(["expired"], BasicProperties(deliveryMode: 2, expiration: "300"))
        try await restartBroker()
        try await elapse(milliseconds: 400)
        let after = try await Probe.openChannel()
        try await after.awaitReady(1, in: dead.queue)
        #expect(try await after.drain(dead.queue) == ["expired"])
    }

    @Test(
        "A restart does not start a time to live over",
        .proves("durability.expiry-is-not-renewed", ["rabbitmq/restart/expiry"], needs: [.restart]))
    func expiryIsNotRenewed() async throws {
        let queue = try await Durable.open(["x-message-ttl": 900])
        let own = Durable(channel: queue.channel, queue: try await Durable.declareQueue(queue.channel))
        try await queue.publish(["the queue's"])
        try await own.publish(["its own"], BasicProperties(deliveryMode: 2, expiration: "900"))
        try await elapse(milliseconds: 500)
        try await restartBroker()
        try await elapse(milliseconds: 500)
        for queue in [queue, own] { #expect(try await Durable.drain(queue.queue) == []) }
    }

    @Test(
        "Priorities count after the restart, too",
        .proves("durability.priorities", ["rabbitmq/restart/messages"], needs: [.restart]))
    func priorities() async throws {
        let queue = try await Durable.open(["x-max-priority": 5])
        for priority in [1, 5, 3] as [UInt8] {
            try await queue.publish(["\(priority)"], BasicProperties(deliveryMode: 2, priority: priority))
        }
        try await restartBroker()
        #expect(try await Durable.drain(queue.queue) == ["5", "3", "1"])
    }

    @Test(
        "Exchange and key are those that a message was published with, and of its copies' keys CC stays and BCC is not seen",
        .proves("durability.exchange-and-copies", ["rabbitmq/restart/messages"], needs: [.restart]))
    func exchangeAndCopies() async throws {
        let open = try await Durable.open()
        let other = try await Durable.declareQueue(open.channel)
        let exchange = try await open.channel.declareExchange("direct", durable: true)
        for queue in [open.queue, other] { try await open.channel.bind(queue, to: exchange, queue) }
        let headers: FieldTable = [
            "CC": ["nobody"], "BCC": .array([.longString(other.octets)]), "kept": "yes",
        ]
        open.channel.publish(
            "copied", to: exchange, open.queue, BasicProperties(headers: headers, deliveryMode: 2))
        for queue in [open.queue, other] { try await open.channel.barrier(behind: queue) }
        try await restartBroker()
        let after = try await Probe.openChannel()
        for queue in [open.queue, other] {
            let message = try #require(try await after.get(queue))
            #expect(message.exchange == exchange)
            #expect(message.routingKey == open.queue)
            #expect(message.headers == ["CC": ["nobody"], "kept": "yes"])
        }
    }

    @Test(
        "Bodies of all sizes come back whole",
        .proves("durability.bodies", ["rabbitmq/restart/messages"], needs: [.restart]))
    func bodies() async throws {
        let queue = try await Durable.open()
        let sizes = [0, 1, 127, 128, 255, 256, 4_096, 65_536, 131_072, 131_073, 600_000, 1_100_000]
        // A pattern whose length no frame is a multiple of: two parts of a body that change places differ.
        let pattern = Array(String(repeating: "the quick and dead", count: 1_100_000 / 18 + 1).utf8)
        func body(_ size: Int) -> [UInt8] { Array(pattern[..<size]) }
        for size in sizes {
            queue.channel.publish(body: body(size), to: "", queue.queue, BasicProperties(deliveryMode: 2))
        }
        try await queue.channel.barrier(behind: queue.queue)
        try await restartBroker()
        let after = try await Probe.openChannel()
        for size in sizes {
            let message = try #require(try await after.get(queue.queue))
            #expect(message.content.body.count == size)
            let isWhole = message.content.body == body(size)
            #expect(isWhole, "the body of \(size) octets")
        }
    }

    @Test(
        "1,500 purged messages stay gone, and of 1,500 fetched none comes back",
        .proves("durability.many", ["rabbitmq/restart/settled"], needs: [.restart]))
    func many() async throws {
        let purged = try await Durable.open()
        let acknowledged = Durable(channel: purged.channel, queue: try await Durable.declareQueue(purged.channel))
        for queue in [purged, acknowledged] { try await queue.publish((1...1500).map { "\($0)" }) }
        let count = try await purged.channel.call(QueuePurge(queue: purged.queue), QueuePurgeOk.self).messageCount
        #expect(count == 1500)
        try await acknowledged.channel.consume(acknowledged.queue)
        let messages = try await acknowledged.channel.deliveries(1500)
        acknowledged.channel.ack(messages[1498], multiple: true)
        try await acknowledged.channel.barrier(behind: acknowledged.queue)
        try await restartBroker()
        #expect(try await Durable.drain(purged.queue) == [])
        #expect(try await Durable.drain(acknowledged.queue) == ["1500"])
    }

    @Test(
        "All that was handed out at any time before is marked as redelivered",
        .proves(
            "durability.redelivered", ["rabbitmq/restart/messages", "domain.redelivered/implementation"],
            needs: [.restart]))
    func redelivered() async throws {
        let queue = try await Durable.open()
        try await queue.publish(["fetched", "delivered", "delivered later"])
        _ = try await queue.fetch(1)
        try await queue.channel.qos(1)
        for expected in ["delivered", "delivered later"] {
            let other = try await queue.channel.probe.openChannel()
            try await other.qos(1)
            try await other.consume(queue.queue)
            #expect(try await other.delivery().text == expected)
        }
        try await restartBroker()
        let after = try await Probe.openChannel()
        for text in ["fetched", "delivered", "delivered later"] {
            let message = try #require(try await after.get(queue.queue))
            #expect(message.text == text)
            #expect(message.redelivered, "\(text)")
        }
    }

    @Test(
        "Messages published between two restarts come behind older ones, and none is marked as redelivered",
        .proves("durability.messages-over-two-restarts", ["rabbitmq/restart/second"], needs: [.restart]))
    func overTwoRestarts() async throws {
        let first = try await Durable.open()
        try await first.publish(["1", "2", "3"])
        for message in try await first.fetch(1) { first.channel.ack(message) }
        try await first.channel.barrier(behind: first.queue)
        try await restartBroker()
        let second = Durable(channel: try await Probe.openChannel(), queue: first.queue)
        try await second.publish(["4", "5", "6"])
        for message in try await second.fetch(1) { second.channel.ack(message) }
        try await second.channel.barrier(behind: second.queue)
        try await restartBroker()
        let third = try await Probe.openChannel()
        var seen: [String] = []
        while let message = try await third.get(first.queue) {
            seen.append(message.text)
            #expect(!message.redelivered, "\(message.text)")
        }
        #expect(seen == ["3", "4", "5", "6"])
    }

    @Test(
        "A message that comes in after a restart is new, however many transient ones were handed out before it",
        .proves("durability.new-after-transient", ["rabbitmq/restart/second"], needs: [.restart]))
    func newAfterTransient() async throws {
        let first = try await Durable.open()
        try await first.publish(["a", "b", "c"], BasicProperties(deliveryMode: 1))
        for message in try await first.fetch(3) { first.channel.ack(message) }
        try await first.channel.barrier(behind: first.queue)
        try await restartBroker()
        let second = Durable(channel: try await Probe.openChannel(), queue: first.queue)
        try await second.publish(["new"])
        try await restartBroker()
        let message = try #require(try await Probe.openChannel().get(first.queue))
        #expect(message.text == "new")
        #expect(!message.redelivered)
    }
}

/// A durable queue, and a channel that uses it.
private struct Durable {
    let channel: ProbeChannel
    let queue: ShortString

    static func open(_ arguments: FieldTable = [:]) async throws -> Durable {
        let channel = try await Probe.openChannel()
        try await channel.confirmSelect()
        return Durable(channel: channel, queue: try await declareQueue(channel, arguments))
    }

    static func declareQueue(_ channel: ProbeChannel, _ arguments: FieldTable = [:]) async throws -> ShortString {
        try await channel.declareQueue(unique("durable"), durable: true, exclusive: false, arguments: arguments)
    }

    /// What is in a queue now, for somebody who comes new.
    static func drain(_ queue: ShortString) async throws -> [String] { try await Probe.openChannel().drain(queue) }

    /// Publishes messages, persistent unless asked otherwise, and waits until the queue has them.
    func publish(_ texts: [String], _ properties: BasicProperties = BasicProperties(deliveryMode: 2)) async throws {
        for text in texts { channel.publish(text, to: "", queue, properties) }
        try await channel.barrier(behind: queue)
    }

    /// Fetches so many, which are to be acknowledged.
    func fetch(_ count: Int) async throws -> [Received] {
        var messages: [Received] = []
        for _ in 0..<count { messages.append(try #require(try await channel.get(queue, noAck: false))) }
        return messages
    }
}
