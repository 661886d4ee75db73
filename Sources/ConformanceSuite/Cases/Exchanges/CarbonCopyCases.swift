import AMQPWire
import Testing

@Suite("Further routing keys from the sender: CC and BCC") struct CarbonCopyCases {
    @Test(
        "Each string in the CC array is one more routing key",
        .proves("copies.cc", ["rabbitmq/sender-selected/cc"]))
    func cc() async throws {
        let channel = try await Probe.openChannel()
        let queues = try await [channel.declareQueue(), channel.declareQueue(), channel.declareQueue()]
        channel.publish(
            "to three", to: "", queues[0],
            BasicProperties(headers: ["CC": [.longString(queues[1].octets), .longString(queues[2].octets)]]))
        for queue in queues { #expect(try await channel.drain(queue) == ["to three"]) }
    }

    @Test(
        "Each string in the BCC array is one more routing key, and no consumer sees that header",
        .proves("copies.bcc", ["rabbitmq/sender-selected/bcc"]))
    func bcc() async throws {
        let channel = try await Probe.openChannel()
        let queues = try await [channel.declareQueue(), channel.declareQueue()]
        channel.publish(
            "to two", to: "", queues[0],
            BasicProperties(headers: ["BCC": [.longString(queues[1].octets)], "kept": 1]))
        for queue in queues {
            let message = try #require(try await channel.get(queue))
            #expect(message.text == "to two")
            #expect(message.headers == ["kept": 1])
        }
    }

    @Test(
        "The CC header is still there on delivery",
        .proves("copies.cc-kept", ["rabbitmq/sender-selected/cc-kept"]))
    func ccKept() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        channel.publish("copied", to: "", queue, BasicProperties(headers: ["CC": ["elsewhere"]]))
        #expect(try await channel.get(queue)?.headers["CC"] == ["elsewhere"])
    }

    @Test(
        "A queue that several keys lead to gets one copy",
        .proves("copies.no-duplicates", ["rabbitmq/sender-selected/no-duplicates"]))
    func noDuplicates() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        for key in ["one", "two", "three"] as [ShortString] { try await channel.bind(queue, to: exchange, key) }
        channel.publish(
            "once", to: exchange, "one", BasicProperties(headers: ["CC": ["two", "one"], "BCC": ["three"]]))
        #expect(try await channel.drain(queue) == ["once"])
    }

    @Test(
        "A CC or BCC that is not an array closes the channel",
        .proves("copies.no-array", ["rabbitmq/sender-selected/not-array"]))
    func noArray() async throws {
        let channel = try await Probe.openChannel()
        for headers in [["CC": "key"], ["BCC": "key"], ["CC": 1]] as [FieldTable] {
            channel.publish("no such copy", to: "", unique("nobody"), BasicProperties(headers: headers))
            expect(try await channel.outcome(cause: BasicPublish.id), .channelClose(.preconditionFailed))
        }
    }

    @Test("cc and Bcc are headers as any other", .proves("copies.case-matters", ["rabbitmq/sender-selected/case"]))
    func caseMatters() async throws {
        let channel = try await Probe.openChannel()
        let queues = try await [channel.declareQueue(), channel.declareQueue()]
        let headers: FieldTable = ["cc": [.longString(queues[1].octets)], "Bcc": [.longString(queues[1].octets)]]
        channel.publish("to one", to: "", queues[0], BasicProperties(headers: headers))
        let seen = try await channel.get(queues[0])?.headers
        for field in headers.fields { #expect(seen?[field.name] == field.value) }
        #expect(try await channel.drain(queues[1]) == [])
    }

    @Test(
        "Elements of the array that are not strings are left out",
        .proves("copies.other-elements", ["rabbitmq/sender-selected/ignored-elements"]))
    func otherElements() async throws {
        let channel = try await Probe.openChannel()
        let queues = try await [channel.declareQueue(), channel.declareQueue()]
        channel.publish(
            "to two", to: "", queues[0],
            BasicProperties(headers: ["CC": [1, true, .longString(queues[1].octets), ["nested"]]]))
        for queue in queues { #expect(try await channel.drain(queue) == ["to two"]) }
    }

    @Test("CC keys match topic patterns, too", .proves("copies.topic", ["rabbitmq/sender-selected/topic"]))
    func topic() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("topic")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange, "orders.*")
        channel.publish("copied", to: exchange, "other", BasicProperties(headers: ["CC": ["orders.eu"]]))
        channel.publish("not copied", to: exchange, "other", BasicProperties(headers: ["CC": ["orders"]]))
        #expect(try await channel.drain(queue) == ["copied"])
    }

    @Test(
        "The routing key of each delivery is the published one",
        .proves("copies.delivered-key", ["rabbitmq/sender-selected/delivered-key"]))
    func deliveredKey() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let queue = try await channel.declareQueue()
        try await channel.bind(queue, to: exchange, "copy")
        channel.publish("copied", to: exchange, "published", BasicProperties(headers: ["CC": ["copy"]]))
        #expect(try await channel.get(queue)?.routingKey == "published")
    }

    @Test(
        "A mandatory message that only CC leads somewhere is not returned",
        .proves("copies.mandatory", ["rabbitmq/sender-selected/mandatory"]))
    func mandatory() async throws {
        let channel = try await Probe.openChannel()
        let queue = try await channel.declareQueue()
        try await channel.confirmSelect()
        channel.publish(
            "copied", to: "", unique("nobody"),
            BasicProperties(headers: ["CC": [.longString(queue.octets)]]), mandatory: true)
        #expect(Confirm(try await channel.next())?.acks(1) == true)
        #expect(try await channel.drain(queue) == ["copied"])
    }

    @Test(
        "A large message loses its BCC header as a small one does, in a fetch and a delivery",
        .proves("copies.bcc-of-a-large-message", ["rabbitmq/sender-selected/bcc", "spec/3.1.1/body-untouched"]))
    func bccOfALargeMessage() async throws {
        let channel = try await Probe.openChannel()
        let queues = try await [channel.declareQueue(), channel.declareQueue()]
        let body = [UInt8](repeating: 7, count: 300_000)
        channel.publish(
            body: body, to: "", queues[0],
            BasicProperties(headers: ["BCC": [.longString(queues[1].octets)], "kept": 1], messageID: "large"))
        try await channel.consume(queues[1], noAck: true)
        for message in [try #require(try await channel.get(queues[0])), try await channel.delivery()] {
            #expect(message.headers == ["kept": 1])
            #expect(message.properties.messageID == "large")
            let isUntouched = message.content.body == body
            #expect(isUntouched, "the body was changed on the way")
        }
    }
}
