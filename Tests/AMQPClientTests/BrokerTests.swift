import AMQPClient
import TestSupport
import Testing

/// The whole way, with a broker at the other end: `AMQP_URL`, else the one in this process.
@Suite(.watched) struct BrokerTests {
    @Test func aMessageTravels() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue(exclusive: true)
        try await queue.publish(Message("Hello World!"))
        for try await delivery in try await queue.consume() {
            #expect(delivery.text == "Hello World!")
            #expect(delivery.deliveryTag == 1)
            #expect(!delivery.redelivered)
            #expect(delivery.routingKey == queue.name)
            #expect(delivery.exchange.isEmpty)
            try await delivery.ack()
            break
        }
        try await connection.close()
        #expect(!connection.isOpen)
        #expect(connection.closeReason?.kind == .closedByClient)
    }

    @Test func allPropertiesTravel() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue(exclusive: true)
        let properties = BasicProperties(
            contentType: "text/plain", contentEncoding: "identity",
            // By name: from 4.0 on RabbitMQ hands them out in that order.
            headers: ["b": true, "big": .int64(1 << 40), "n": 42, "s": "text", "t": ["nested": [1, 2, nil]]],
            deliveryMode: 2, priority: 5, correlationID: "c", replyTo: "r", expiration: "60000", messageID: "m",
            timestamp: 1_234_567_890, type: "t", userID: "guest", appID: "a")
        try await queue.publish(Message("x", properties: properties))
        let delivery = try #require(try await queue.get())
        #expect(delivery.properties == properties)
        #expect(delivery.messageCount == 0)
        try await delivery.ack()
        #expect(try await queue.get() == nil)
        try await connection.close()
    }

    /// Nothing, one frame to the octet, one octet more, many frames.
    @Test func bodiesOfAllSizes() async throws {
        let connection = try await TestBroker.connect { $0.frameMax = 8192 }
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue(exclusive: true)
        #expect(connection.frameMax == 8192)
        for size in [0, 1, 8184, 8185, 16_368, 16_369, 1_000_000] {
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try await queue.publish(Message(body: body))
            let delivery = try #require(try await queue.get(noAck: true))
            #expect(delivery.body == body, "\(size) octets")
        }
        try await connection.close()
    }

    @Test func everyExchangeTypeRoutes() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.openChannel()
        let cases: [(ExchangeType, String, FieldTable, String, FieldTable?, Bool)] = [
            (.direct, "a", [:], "a", nil, true), (.direct, "a", [:], "b", nil, false),
            (.fanout, "", [:], "whatever", nil, true),
            (.topic, "a.*.c.#", [:], "a.b.c", nil, true), (.topic, "a.*.c.#", [:], "a.b.c.d.e", nil, true),
            (.topic, "a.*.c.#", [:], "a.c", nil, false),
            (.headers, "", ["x-match": "all", "k": "v"], "", ["k": "v"], true),
            (.headers, "", ["x-match": "all", "k": "v"], "", ["k": "w"], false),
        ]
        for (number, (type, binding, arguments, key, headers, arrives)) in cases.enumerated() {
            let exchange = try await channel.declareExchange(
                TestBroker.name("\(type.rawValue)-\(number)"), type: type)
            let queue = try await channel.declareQueue(exclusive: true)
            try await queue.bind(to: exchange, routingKey: binding, arguments: arguments)
            let message = Message("x", properties: BasicProperties(headers: headers))
            try await exchange.publish(message, routingKey: key)
            let delivery = try await queue.get(noAck: true)
            #expect((delivery != nil) == arrives, "case \(number)")
            if let delivery {
                #expect(delivery.exchange == exchange.name)
                #expect(delivery.routingKey == key)
            }
            try await queue.unbind(from: exchange, routingKey: binding, arguments: arguments)
            try await exchange.publish(message, routingKey: key)
            #expect(try await queue.delete() == 0)
            try await exchange.delete()
        }
        try await connection.close()
    }

    @Test func exchangeToExchange() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.openChannel()
        let source = try await channel.declareExchange(TestBroker.name("source"), type: .fanout)
        let destination = try await channel.declareExchange(TestBroker.name("destination"), type: .fanout)
        let queue = try await channel.declareQueue(exclusive: true)
        try await destination.bind(to: source)
        try await queue.bind(to: destination)
        try await source.publish(Message("through"))
        #expect(try await queue.get(noAck: true)?.text == "through")
        try await destination.unbind(from: source)
        try await source.publish(Message("not through"))
        #expect(try await queue.get(noAck: true) == nil)
        try await source.delete()
        try await destination.delete()
        try await connection.close()
    }

    @Test func countsPurgeAndDelete() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.openChannel()
        let name = TestBroker.name("counts")
        let queue = try await channel.declareQueue(name, durable: true)
        #expect(queue.name == name)
        // Confirmed, because RabbitMQ's queues answer for their counts before they take in what is already on its way.
        for number in 0..<3 {
            try await channel.publishAndConfirm(Message("\(number)", persistent: true), routingKey: name)
        }
        #expect(try await queue.purge() == 3)
        try await channel.publishAndConfirm(Message("x"), routingKey: name)
        #expect(try await channel.declareQueue(name, passive: true).messageCount == 1)
        #expect(try await queue.delete() == 1)
        try await connection.close()
    }

    @Test func errorsOfTheBroker() async throws {
        let connection = try await TestBroker.connect()
        let name = TestBroker.name("errors")
        do {
            let channel = try await connection.openChannel()
            let error = await failure { try await channel.declareQueue(name, passive: true) }
            #expect(error?.code == .notFound)
            #expect(error?.scope == .channel)
            #expect(error?.method == MethodID(50, 10))
            #expect(error?.text.contains(name) == true)
            #expect(channel.closeReason == error)
        }
        do {
            let channel = try await connection.openChannel()
            try await channel.declareQueue(name, exclusive: true)
            let error = await failure {
                try await channel.declareQueue(name, exclusive: true, arguments: ["x-max-length": 3])
            }
            #expect(error?.code == .preconditionFailed)
        }
        do {
            // 404 of a publish, heard of by a consumer and a confirm.
            let channel = try await connection.openChannel()
            let queue = try await channel.declareQueue(exclusive: true)
            let consumer = try await queue.consume()
            async let consumed = failure { for try await _ in consumer {} }
            let error = await failure { try await channel.publishAndConfirm(Message("x"), exchange: name) }
            #expect(error?.code == .notFound)
            #expect(await consumed == error)
        }
        #expect(connection.isOpen)
        try await connection.close()
    }

    @Test func wrongPassword() async throws {
        let error = await failure { _ = try await TestBroker.connect { $0.password = "wrong" } }
        #expect(error?.kind == .loginRefused)
        #expect(error?.code == .accessRefused)
        #expect(error?.text.contains("ACCESS_REFUSED") == true)
    }

    @Test func unknownVirtualHost() async throws {
        let error = await failure { _ = try await TestBroker.connect { $0.virtualHost = "nowhere" } }
        #expect(error?.kind == .closedByBroker)
        #expect(error?.code == .notAllowed)
        #expect(error?.text.contains("nowhere") == true)
    }

    @Test func breakGivesBackWhatWaits() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue(exclusive: true)
        for number in 0..<10 { try await queue.publish(Message("\(number)")) }
        for try await delivery in try await queue.consume() {
            #expect(delivery.text == "0")
            try await delivery.ack()
            break
        }
        // Cancelled and given back in the order of the calls, so a get on the same channel finds them all.
        var texts: [String] = []
        while let delivery = try await queue.get() {
            texts.append(delivery.text)
            try await delivery.ack()
        }
        #expect(texts == (1..<10).map { "\($0)" })
        try await connection.close()
    }

    @Test func deletedQueueEndsTheLoop() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue(exclusive: true)
        let consumer = try await queue.consume()
        async let consumed = failure { for try await _ in consumer {} }
        try await queue.delete()
        #expect(await consumed?.kind == .consumerCancelled)
        #expect(channel.isOpen)
        try await connection.close()
    }

    @Test func prefetchAndRejectAndRecover() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.openChannel()
        try await channel.qos(prefetchCount: 1)
        let queue = try await channel.declareQueue(exclusive: true)
        for text in ["one", "two"] { try await queue.publish(Message(text)) }
        var deliveries = try await queue.consume().makeAsyncIterator()
        let first = try #require(try await deliveries.next())
        #expect(first.text == "one")
        try await first.nack(requeue: true)
        let again = try #require(try await deliveries.next())
        #expect(again.text == "one")
        #expect(again.redelivered)
        try await channel.recover()
        let third = try #require(try await deliveries.next())
        #expect(third.text == "one")
        try await third.reject(requeue: false)
        let second = try #require(try await deliveries.next())
        #expect(second.text == "two")
        try await second.ack()
        try await connection.close()
    }

    @Test func acknowledgingTwiceClosesTheChannel() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue(exclusive: true)
        try await queue.publish(Message("x"))
        let delivery = try #require(try await queue.get())
        try await delivery.ack()
        try await delivery.ack()
        let error = await failure { try await channel.declareQueue(queue.name, passive: true) }
        #expect(error?.code == .preconditionFailed)
        #expect(error?.text.contains("unknown delivery tag") == true)
        try await connection.close()
    }

    @Test func transactions() async throws {
        let connection = try await TestBroker.connect()
        let channel = try await connection.openChannel()
        let queue = try await channel.declareQueue(exclusive: true)
        try await channel.selectTransactions()
        try await queue.publish(Message("rolled back"))
        try await channel.rollback()
        try await queue.publish(Message("committed"))
        #expect(try await queue.get() == nil)
        try await channel.commit()
        let delivery = try #require(try await queue.get())
        #expect(delivery.text == "committed")
        try await connection.close()
    }

    @Test func flowCanBeResumed() async throws {
        let connection = try await TestBroker.connect()
        #expect(try await connection.openChannel().flow(active: true))
        try await connection.close()
    }
}
