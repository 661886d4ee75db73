import AMQPWire
import Testing

/// Limits, times and priorities of a queue, where what each does alone meets another.
@Suite("Queues: limits, times and priorities together") struct CombinedQueueCases {
    /// Waits until a queue has so many ready messages, though they come by another queue's way, hundreds at a time.
    private func awaitMany(_ count: Int, in queue: ShortString, on channel: ProbeChannel) async throws -> Int {
        for _ in 1...30 {
            try await channel.awaitReady(count, in: queue)
            let seen = try await channel.counts(of: queue).messages
            if seen >= count { return seen }
        }
        return try await channel.counts(of: queue).messages
    }

    private func leading(to dead: ShortString, _ more: FieldTable) -> FieldTable {
        FieldTable(
            more.fields + [
                .init("x-dead-letter-exchange", ""), .init("x-dead-letter-routing-key", .longString(dead.octets)),
            ])
    }

    @Test(
        "A message that alone has more octets than the queue may have does not stay",
        .proves(
            "length.alone-too-large",
            ["rabbitmq/max-length/bytes", "rabbitmq/max-length/drop-head", "rabbitmq/max-length/reject-publish-nack"]))
    func aloneTooLarge() async throws {
        let channel = try await Probe.openChannel()
        try await channel.confirmSelect()
        for overflow in ["drop-head", "reject-publish", "reject-publish-dlx"] {
            for more in [[:], ["x-max-length": 5]] as [FieldTable] {
                let dead = try await channel.declareQueue()
                var arguments = leading(to: dead, more)
                arguments["x-max-length-bytes"] = 10
                arguments["x-overflow"] = .string(overflow)
                let queue = try await channel.declareQueue(arguments: arguments)
                for text in ["eleven char", "fits", "eleven more"] {
                    channel.publish(text, to: "", queue)
                    let isTaken = overflow == "drop-head" || text == "fits"
                    #expect(try await channel.confirm().isAck == isTaken, "\(text), \(arguments)")
                    let count = try await channel.counts(of: queue).messages
                    // Dropping the head means what fitted, too: it stands before the one that does not fit.
                    let isLeft = text == "fits" || text == "eleven more" && overflow != "drop-head"
                    #expect(count == (isLeft ? 1 : 0), "\(text), \(arguments)")
                }
                let expected =
                    switch overflow {
                    case "drop-head": ["eleven char", "fits", "eleven more"]
                    case "reject-publish": [String]()
                    default: ["eleven char", "eleven more"]
                    }
                try await channel.awaitReady(expected.count, in: dead)
                #expect(try await channel.drain(dead) == expected, "\(arguments)")
            }
        }
    }

    @Test(
        "Messages behind a consumer that takes no more expire in time, and nobody has to touch the queue",
        .proves(
            "ttl.behind-a-busy-consumer",
            [
                "rabbitmq/message-ttl/queue-argument", "rabbitmq/per-message-ttl/expiration",
                "rabbitmq/dead-letter/expired",
            ]))
    func behindABusyConsumer() async throws {
        let observer = try await Probe.openChannel()
        var places: [(consumer: ProbeChannel, held: Received, queue: ShortString, dead: ShortString, what: String)] = []
        for isGlobal in [false, true] {
            for isOfTheQueue in [false, true] {
                let consumer = try await Probe.openChannel()
                let dead = try await observer.declareQueue()
                let queue = try await consumer.declareQueue(
                    arguments: leading(to: dead, isOfTheQueue ? ["x-message-ttl": 600] : [:]))
                try await consumer.qos(1, global: isGlobal)
                try await consumer.consume(queue)
                consumer.publish("held", to: "", queue)
                let held = try await consumer.delivery()
                for text in ["first", "second"] {
                    let expiration = isOfTheQueue ? nil : "600" as ShortString?
                    consumer.publish(text, to: "", queue, BasicProperties(expiration: expiration))
                }
                try await consumer.barrier(behind: queue)
                let what = "global \(isGlobal), time to live of the \(isOfTheQueue ? "queue" : "messages")"
                places.append((consumer, held, queue, dead, what))
            }
        }
        try await elapse(milliseconds: 700)
        for (consumer, held, queue, dead, what) in places {
            try await observer.awaitReady(2, in: dead)
            #expect(try await observer.drain(dead) == ["first", "second"], "\(what)")
            consumer.ack(held)
            try await consumer.barrier(behind: queue)
            #expect(consumer.deliveriesSoFar().map(\.text) == [], "\(what)")
        }
    }

    @Test(
        "Messages that come back one by one take their old places among those of their priority, in whatever order they come",
        .proves(
            "priority.returned-one-by-one",
            [
                "rabbitmq/priority-queue/requeue", "rabbitmq/priority-queue/fifo-within",
                "rabbitmq/basic.nack/original-position",
            ]))
    func returnedOneByOne() async throws {
        let channel = try await Probe.openChannel()
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        for arguments in [[:], ["x-max-priority": 5]] as [FieldTable] {
            let queue = try await channel.declareQueue(arguments: arguments)
            for (order, count) in orders.map({ ($0, 3) }) + orders.map({ ($0, 5) }) {
                for number in 1...count {
                    channel.publish("\(number)", to: "", queue, BasicProperties(priority: 4))
                }
                for number in 1...2 { channel.publish("low \(number)", to: "", queue, BasicProperties(priority: 1)) }
                try await channel.barrier(behind: queue)
                var held: [Received] = []
                for _ in 1...3 { held.append(try #require(try await channel.get(queue, noAck: false))) }
                for index in order {
                    channel.nack(held[index])
                    try await channel.barrier(behind: queue)
                }
                let expected = (1...count).map { "\($0)" } + ["low 1", "low 2"]
                #expect(try await channel.drain(queue) == expected, "\(order) of \(count), \(arguments)")
            }
        }
    }

    @Test(
        "More than a thousand that are driven out at once all go, and the second time as well",
        .proves(
            "length.many-driven-out-twice", ["rabbitmq/max-length/drop-head-dlx", "rabbitmq/max-length/bytes"]))
    func manyDrivenOutTwice() async throws {
        let channel = try await Probe.openChannel()
        let dead = try await channel.declareQueue()
        let queue = try await channel.declareQueue(arguments: leading(to: dead, ["x-max-length-bytes": 6000]))
        let large = String(repeating: "x", count: 6000)
        var expected = 0
        for round in 1...3 {
            for _ in 1...1200 { channel.publish("fives", to: "", queue) }
            channel.publish(large, to: "", queue)
            // The large one of the round before is the first to go.
            expected += 1200 + (round > 1 ? 1 : 0)
            #expect(try await awaitMany(expected, in: dead, on: channel) == expected, "round \(round)")
        }
        try await channel.consume(queue, noAck: true)
        #expect(try await channel.delivery().text.count == 6000)
        channel.publish("goes on", to: "", queue)
        #expect(try await channel.delivery().text == "goes on")
    }

    @Test(
        "More than a thousand that expire at once all go, the second time as well, and the queue then serves its consumers",
        .proves(
            "ttl.many-expire-twice", ["rabbitmq/message-ttl/queue-argument", "rabbitmq/dead-letter/expired"]))
    func manyExpireTwice() async throws {
        let channel = try await Probe.openChannel()
        let dead = try await channel.declareQueue()
        let queue = try await channel.declareQueue(arguments: leading(to: dead, ["x-message-ttl": 400]))
        for round in 1...3 {
            for _ in 1...1200 { channel.publish("short", to: "", queue) }
            try await channel.barrier(behind: queue)
            try await elapse(milliseconds: 500)
            #expect(try await awaitMany(1200 * round, in: dead, on: channel) == 1200 * round, "round \(round)")
        }
        channel.publish("goes on", to: "", queue)
        try await channel.consume(queue, noAck: true)
        #expect(try await channel.delivery().text == "goes on")
    }

    @Test(
        "A message that dies in eight queues tells of all eight, and counts on when it comes round",
        .proves(
            "dead-letter.eight-queues",
            [
                "rabbitmq/dead-letter/x-death-distinct", "rabbitmq/dead-letter/x-death-newest-first",
                "rabbitmq/dead-letter/x-death-count",
            ]))
    func eightQueues() async throws {
        let channel = try await Probe.openChannel()
        let queues = (1...8).map { _ in unique("cycle") }
        for (index, queue) in queues.enumerated() {
            try await channel.declareQueue(queue, arguments: leading(to: queues[(index + 1) % 8], [:]))
            try await channel.consume(queue)
        }
        channel.publish("goes round", to: "", queues[0])
        var message = try await channel.delivery()
        for death in 1...16 {
            channel.reject(message, requeue: false)
            message = try await channel.delivery()
            let deaths = message.deaths
            // RabbitMQ 3.10.8 turns the order of the others round at each death.
            let expected = queues.enumerated().prefix(death).map { index, queue in
                "\(queue) rejected \(index + 8 < death ? 2 : 1)"
            }
            let told = deaths.map { entry in
                "\(entry["queue"]?.text ?? "?") \(entry["reason"]?.text ?? "?") \(entry["count"]?.integer ?? 0)"
            }
            #expect(told.sorted() == expected.sorted(), "after death \(death)")
            #expect(deaths.first?["queue"]?.text == queues[(death - 1) % 8].text, "after death \(death)")
        }
    }
}
