import AMQPWire
import Testing

@Suite("Dead letters: cycles of queues, and what is kept on the way") struct DeathCycleCases {
    @Test(
        "A cycle of three queues goes on when the message was rejected from one of them since it was there last",
        .proves("dead-letter.ring-with-a-rejection", ["rabbitmq/dead-letter/cycle-with-reject"]))
    func ringWithARejection() async throws {
        let cycle = try await Cycle(leadsFrom: [1, 2, 0])
        cycle.channel.publish("goes round", to: "", cycle.queues[0])
        let message = try #require(try await cycle.channel.get(cycle.queues[0], noAck: false))
        cycle.channel.reject(message, requeue: false)
        try await cycle.channel.barrier(behind: cycle.queues[0])
        try await cycle.pass()
        #expect(try await cycle.channel.drain(cycle.queues[0]) == ["goes round"])
    }

    @Test(
        "A rejection from before the cycle does not keep the cycle going",
        .proves("dead-letter.ring-behind-a-rejection", ["rabbitmq/dead-letter/automatic-cycle"]))
    func ringBehindARejection() async throws {
        // A cycle of one: RabbitMQ 3.10.8 turns the older entries of x-death round at each death, and so a longer cycle
        // never ends there.
        let cycle = try await Cycle(leadsFrom: [1, 1, 2])
        cycle.channel.publish("ends", to: "", cycle.queues[0])
        let message = try #require(try await cycle.channel.get(cycle.queues[0], noAck: false))
        cycle.channel.reject(message, requeue: false)
        try await cycle.channel.barrier(behind: cycle.queues[0])
        try await cycle.pass()
        for queue in cycle.queues { try await cycle.channel.expectReady(0, in: queue) }
    }

    @Test(
        "200 rejections by one queue are 200 in its entry",
        .proves("dead-letter.many-rejections", ["rabbitmq/dead-letter/x-death-count"]))
    func manyRejections() async throws {
        let channel = try await Probe.openChannel()
        let queue = unique("queue")
        try await channel.declareQueue(
            queue,
            arguments: ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(queue.octets)])
        channel.publish("again and again", to: "", queue)
        try await channel.consume(queue)
        for _ in 1...200 { channel.reject(try await channel.delivery(), requeue: false) }
        let deaths = try await channel.delivery().deaths
        #expect(deaths.map { $0["count"]?.integer } == [200])
    }

    @Test(
        "A rejected or dropped message loses its expiration as well, and does not expire where it goes",
        .proves("dead-letter.expiration-of-the-rejected", ["rabbitmq/dead-letter/original-expiration"]))
    func expirationOfTheRejected() async throws {
        let letters = try await DeadLetters.open(["x-max-length": 1])
        let expiring = BasicProperties(expiration: "60000")
        for text in ["dropped", "rejected"] { letters.publish(text, expiring) }
        try await letters.refuse()
        for text in ["dropped", "rejected"] {
            let message = try await letters.next()
            #expect(message.text == text)
            #expect(message.properties.expiration == nil)
            #expect(message.deaths.map { $0["original-expiration"]?.text } == ["60000"])
        }
    }

    @Test(
        "A dead letter keeps its priority",
        .proves("dead-letter.priority", ["rabbitmq/dead-letter/header-kept", "rabbitmq/priority-queue/order"]))
    func priority() async throws {
        let channel = try await Probe.openChannel()
        let dead = try await channel.declareQueue(arguments: ["x-max-priority": 5])
        let queue = try await channel.declareQueue(
            arguments: ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(dead.octets)])
        for priority in [1, 5, 3] as [UInt8] {
            channel.publish("\(priority)", to: "", queue, BasicProperties(priority: priority))
        }
        for _ in 1...3 {
            channel.reject(try #require(try await channel.get(queue, noAck: false)), requeue: false)
        }
        try await channel.barrier(behind: queue)
        try await channel.expectReady(3, in: dead)
        #expect(try await channel.drain(dead) == ["5", "3", "1"])
    }

    @Test(
        "Names of up to 255 octets do for a dead-letter exchange, its key and an alternate exchange",
        .proves(
            "dead-letter.long-names",
            ["rabbitmq/dead-letter/override-key", "rabbitmq/alternate-exchange/unroutable-goes-there"]))
    func longNames() async throws {
        let channel = try await Probe.openChannel()
        for length in [127, 128, 200, 255] {
            func long(_ name: ShortString) -> ShortString {
                ShortString(truncating: name.text + String(repeating: "x", count: length - name.count))
            }
            let (exchange, key) = (long(unique("exchange")), long("key"))
            try await channel.declareExchange("direct", exchange)
            let dead = try await channel.declareQueue()
            try await channel.bind(dead, to: exchange, key)
            let queue = try await channel.declareQueue(
                arguments: [
                    "x-dead-letter-exchange": .longString(exchange.octets),
                    "x-dead-letter-routing-key": .longString(key.octets), "x-max-length": 0,
                ])
            channel.publish("dead", to: "", queue)
            try await channel.barrier(behind: queue)
            let first = try await channel.declareExchange(
                "topic", arguments: ["alternate-exchange": .longString(exchange.octets)])
            try await channel.barrier(behind: dead)
            channel.publish("unroutable", to: first, key)
            #expect(try await channel.drain(dead) == ["dead", "unroutable"], "\(length) octets")
        }
    }

    @Test(
        "An empty dead-letter key is a key",
        .proves("dead-letter.empty-key", ["rabbitmq/dead-letter/override-key"]))
    func emptyKey() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let dead = try await channel.declareQueue()
        let queue = try await channel.declareQueue(
            arguments: [
                "x-dead-letter-exchange": .longString(exchange.octets), "x-dead-letter-routing-key": "",
                "x-max-length": 0,
            ])
        try await channel.bind(dead, to: exchange, "")
        channel.publish("dead", to: "", queue)
        try await channel.barrier(behind: queue)
        let message = try #require(try await channel.get(dead))
        #expect(message.routingKey == "")
    }

    @Test(
        "A dead-letter key replaces the keys of copies, too",
        .proves(
            "dead-letter.key-replaces-copies", ["rabbitmq/dead-letter/override-key"],
            rabbitmq: .from("4.0", "CC stays among the headers, and leads nowhere.")))
    func keyReplacesCopies() async throws {
        let channel = try await Probe.openChannel()
        let exchange = try await channel.declareExchange("direct")
        let (new, copies) = (try await channel.declareQueue(), try await channel.declareQueue())
        try await channel.bind(new, to: exchange, "new")
        for key: ShortString in ["cc", "bcc"] { try await channel.bind(copies, to: exchange, key) }
        let queue = try await channel.declareQueue(
            arguments: ["x-dead-letter-exchange": .longString(exchange.octets), "x-dead-letter-routing-key": "new"])
        channel.publish("dead", to: "", queue, BasicProperties(headers: ["CC": ["cc"], "BCC": ["bcc"]]))
        channel.reject(try #require(try await channel.get(queue, noAck: false)), requeue: false)
        try await channel.barrier(behind: queue)
        let message = try #require(try await channel.get(new))
        expect(message.headers["CC"], spec: nil, rabbitmq: ["cc"], from: "4.0", "the header CC")
        #expect(try await channel.drain(copies) == [])
    }

    /// Three queues, the second and third of which let what they hold expire, and where the dead of each go.
    private struct Cycle {
        let channel: ProbeChannel
        let queues: [ShortString]

        init(leadsFrom leads: [Int]) async throws {
            channel = try await Probe.openChannel()
            queues = [unique("first"), unique("second"), unique("third")]
            for (index, queue) in queues.enumerated() {
                var arguments: FieldTable = [
                    "x-dead-letter-exchange": "",
                    "x-dead-letter-routing-key": .longString(queues[leads[index]].octets),
                ]
                if index > 0 { arguments["x-message-ttl"] = 100 }
                try await channel.declareQueue(queue, arguments: arguments)
            }
        }

        /// Lets the message expire in the second queue, and in the third.
        func pass() async throws {
            for _ in 1...2 { try await elapse(milliseconds: 150) }
            for queue in queues { try await channel.barrier(behind: queue) }
        }
    }
}
