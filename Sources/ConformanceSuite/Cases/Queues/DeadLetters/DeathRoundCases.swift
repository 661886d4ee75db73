import AMQPWire
import Testing

@Suite("Dead letters: what is written on one that comes round again") struct DeathRoundCases {
    @Test(
        "A cycle of full queues is cut like one of time: a message that has died in a queue does not come there again",
        .proves("dead-letter.cycle-of-full-queues", ["rabbitmq/dead-letter/automatic-cycle"]))
    func cycleOfFullQueues() async throws {
        let channel = try await Probe.openChannel()
        func declare(_ queue: ShortString, leadingTo next: ShortString) async throws {
            let arguments: FieldTable = [
                "x-max-length": 1, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(next.octets),
            ]
            try await channel.declareQueue(queue, arguments: arguments)
        }
        let (one, other, own) = (unique("one"), unique("other"), unique("own"))
        try await declare(one, leadingTo: other)
        try await declare(other, leadingTo: one)
        try await declare(own, leadingTo: own)
        for number in 1...3 {
            channel.publish("\(number)", to: "", one)
            channel.publish("\(number)", to: "", own)
        }
        for queue in [one, own, other, one, other] { try await channel.barrier(behind: queue) }
        #expect(try await channel.drain(own) == ["3"])
        #expect(try await channel.drain(one) == ["3"])
        let letter = try #require(try await channel.get(other))
        #expect(letter.text == "2")
        #expect(letter.deaths.map { $0["count"]?.integer } == [1])
        #expect(try await channel.drain(other) == [])
    }

    @Test(
        "The latest event is the first entry, even one that is counted up",
        .proves("dead-letter.newest-first", ["rabbitmq/dead-letter/x-death-newest-first"]))
    func newestFirst() async throws {
        let round = try await Round()
        round.letters.publish("refused")
        for _ in 1...3 { _ = try await round.go() }
        let deaths = try await round.go().deaths
        #expect(deaths.map { $0["queue"]?.text } == [round.letters.queue.text, round.letters.dead.text])
        #expect(deaths.map { $0["count"]?.integer } == [2, 1])
    }

    @Test(
        "The time of an entry is that of its first event, in seconds",
        .proves("dead-letter.time", ["rabbitmq/dead-letter/x-death-time"]))
    func time() async throws {
        let round = try await Round()
        round.letters.publish("refused")
        _ = try await round.go()
        // Its first death is over when it has come from the other queue.
        let again = try await round.letters.next()
        try await elapse(milliseconds: 1100)
        round.refuse(again)
        let second = try await round.go()
        let third = try await round.go()
        let times = (second.deaths + third.deaths).map { death -> UInt64 in
            if case .timestamp(let seconds)? = death["time"] { seconds } else { 0 }
        }
        try #require(times.count == 4)
        let (later, earlier) = (times[0], times[1])
        #expect((earlier + 1...earlier + 60).contains(later), "\(later) is not a second or two behind \(earlier)")
        #expect(Array(times[2...]) == [earlier, later], "the time of the first event is kept")
    }

    @Test(
        "In the next queue time starts again: as long as that queue gives, and no end where it gives none",
        .proves(
            "dead-letter.time-starts-again",
            ["rabbitmq/dead-letter/expired", "rabbitmq/dead-letter/original-expiration"]))
    func timeStartsAgain() async throws {
        let channel = try await Probe.openChannel()
        let long = try await channel.declareQueue(arguments: ["x-message-ttl": 60_000])
        let lasting = try await channel.declareQueue()
        for next in [long, lasting] {
            let short = try await channel.declareQueue(
                arguments: ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(next.octets)])
            channel.publish("goes on", to: "", short, BasicProperties(expiration: "100"))
            try await channel.barrier(behind: short)
        }
        for _ in 1...2 { try await elapse(milliseconds: 150) }
        for queue in [long, lasting] { #expect(try await channel.drain(queue) == ["goes on"]) }
    }

    @Test(
        "A rejection by any queue on the way lets a message go round",
        .proves("dead-letter.round-with-a-rejection-on-the-way", ["rabbitmq/dead-letter/cycle-with-reject"]))
    func rejectionOnTheWay() async throws {
        let channel = try await Probe.openChannel()
        let (first, second) = (unique("first"), unique("second"))
        for (queue, other) in [(first, second), (second, first)] {
            try await channel.declareQueue(
                queue,
                arguments: ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(other.octets)])
        }
        channel.publish("goes round", to: "", first, BasicProperties(expiration: "100"))
        try await channel.barrier(behind: first)
        try await elapse(milliseconds: 150)
        try await channel.awaitReady(1, in: second)
        channel.reject(try #require(try await channel.get(second, noAck: false)), requeue: false)
        try await channel.barrier(behind: second)
        #expect(try await channel.drain(first) == ["goes round"])
    }

    @Test(
        "Of several deaths the latest comes first, then the one before it, and so on",
        .proves(
            "dead-letter.order-of-deaths", ["rabbitmq/dead-letter/x-death-newest-first"],
            rabbitmq: .before("4.0", "Each further death turns the order of those behind the latest round.")))
    func orderOfDeaths() async throws {
        let channel = try await Probe.openChannel()
        let queues = (1...5).map { _ in unique("queue") }
        for (queue, next) in zip(queues, queues.dropFirst()) {
            try await channel.declareQueue(
                queue, arguments: ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(next.octets)])
        }
        try await channel.declareQueue(queues[4])
        channel.publish("dies four times", to: "", queues[0])
        var names: [[Int?]] = []
        for queue in queues {
            try await channel.awaitReady(1, in: queue)
            let message = try #require(try await channel.get(queue, noAck: false))
            names.append(message.deaths.map { death in queues.firstIndex { death["queue"] == .longString($0.octets) } })
            channel.reject(message, requeue: false)
        }
        #expect(names[1...2] == [[0], [1, 0]])
        expect(
            names[3...].map { $0 }, spec: [[2, 1, 0], [3, 2, 1, 0]], rabbitmq: [[2, 0, 1], [3, 1, 0, 2]], before: "4.0",
            "whose deaths are told, in order")
    }

    /// Two queues whose dead go to each other, with a consumer on both.
    private struct Round {
        let letters: DeadLetters

        init() async throws {
            let channel = try await Probe.openChannel()
            let (first, second) = (unique("first"), unique("second"))
            for (queue, other) in [(first, second), (second, first)] {
                let arguments: FieldTable = [
                    "x-dead-letter-exchange": "", "x-dead-letter-routing-key": .longString(other.octets),
                ]
                try await channel.declareQueue(queue, arguments: arguments)
            }
            for queue in [first, second] { try await channel.consume(queue) }
            letters = DeadLetters(channel: channel, queue: first, exchange: "", dead: second)
        }

        /// Takes the message from the one and refuses it, which sends it on to the other. Returns what was refused.
        func go() async throws -> Received {
            let message = try await letters.next()
            refuse(message)
            return message
        }

        func refuse(_ message: Received) { letters.channel.reject(message, requeue: false) }
    }

}
