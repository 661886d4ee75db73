import AMQPClient

/// What chapter 12 asks.
enum OrderQuestions {
    static let all = [
        Question("same-account", variants: 2) { variant in
            let (count, word) = [(5, "Five"), (8, "Eight")][variant]
            return try await Playground.play { playground in
                let channel = try await playground.channel()
                let exchange = try await channel.declareExchange("accounts", type: "x-consistent-hash")
                let queues = ["A", "B", "C"]
                for queue in queues {
                    try await channel.declareQueue(queue).bind(to: exchange, routingKey: "1")
                }
                for number in 0..<count { try await exchange.publish(Message("\(number)"), routingKey: "ann") }
                let got = try await channel.receivers(queues)
                return Outcome(
                    "Three queues are bound to an exchange of type x-consistent-hash, each with the key '1'. \(word) "
                        + "messages have the routing key 'ann'. How many of the queues get one?",
                    counts: [1, 2, 3], right: got.count, story: ["They were in \(enumerated(got))."],
                    lesson: "The exchange chooses by a hash of the routing key: the same key, the same queue.")
            }
        },
        Question("standby", variants: 2) { variant in
            let prefetch = [1, 2][variant]
            return try await Playground.play { playground in
                let (first, _) = try await twoWorkers(on: playground, prefetch)
                let waiting = try await playground.count("tasks") ?? 0
                let got = 4 - waiting - first.taken.count
                return Outcome(
                    "A queue has a single active consumer. Worker A came first, then worker B; each has a "
                        + "prefetch of \(prefetch). Four tasks arrive, and A is still busy with its first. How many "
                        + "does B have?",
                    counts: [0, prefetch, 4 - prefetch], right: got,
                    story: ["A had \(enumerated(first.taken)), and \(waiting) waited in the queue."],
                    lesson: "As long as A is there, the others stand by, however much work waits.")
            }
        },
        Question("successor", variants: 2) { variant in
            let prefetch = [1, 2][variant]
            return try await Playground.play { playground in
                let (first, second) = try await twoWorkers(on: playground, prefetch)
                first.breakOff()
                try await playground.wait("B has a task") { !second.taken.isEmpty }
                return Outcome(
                    "A queue has a single active consumer. Worker A came first, then worker B. Tasks 1 to 4 arrive, in this "
                        + "order. A has a prefetch of \(prefetch), finishes none, and is killed. Which task does B get first?",
                    options: ["1", "2", "3", "4"], right: (Int(second.taken[0]) ?? 1) - 1,
                    story: ["B got \(second.taken[0])."],
                    lesson: "A's tasks go back to their old place, and B begins with the first that isn't done.")
            }
        },
    ]

    /// Both wait, the first has as many of four tasks as it may, and finishes none.
    private static func twoWorkers(
        on playground: Playground, _ prefetch: Int
    ) async throws -> (Playground.Taker, Playground.Taker) {
        let channel = try await playground.channel()
        try await channel.declareQueue("tasks", arguments: ["x-single-active-consumer": true])
        let first = try await playground.consumer(of: "tasks", prefetch: prefetch, acknowledges: false)
        let second = try await playground.consumer(of: "tasks", prefetch: prefetch, acknowledges: false)
        for task in 1...4 { try await channel.publish(Message("\(task)"), routingKey: "tasks") }
        // A publish has no answer; this comes behind all of them.
        try await channel.declareQueue("tasks", passive: true)
        try await playground.wait("A has its tasks") { first.taken.count == prefetch }
        return (first, second)
    }
}
