import AMQPClient

/// What chapter 10 asks.
enum QuorumQuestions {
    private static func arguments(limit: Int64, deadLetters: Bool = true) -> FieldTable {
        var arguments: FieldTable = ["x-queue-type": "quorum", "x-delivery-limit": .int64(limit)]
        if deadLetters {
            arguments["x-dead-letter-exchange"] = ""
            arguments["x-dead-letter-routing-key"] = "dead"
        }
        return arguments
    }

    static let all = [
        Question("over-the-limit", variants: 2) { variant in
            let limit = [2, 3][variant]
            return try await Playground.play { playground in
                let channel = try await playground.channel()
                try await channel.declareQueue("dead")
                try await channel.declareQueue("payments", durable: true, arguments: arguments(limit: Int64(limit)))
                try await channel.publish(Message("Payment"), routingKey: "payments")
                var count = 0
                while let payment = try await channel.get("payments") {
                    count += 1
                    try await payment.reject(requeue: true)
                }
                let inDead = try await playground.count("dead") ?? 0
                return Outcome(
                    "A quorum queue with a delivery limit of \(limit) holds one payment. A worker puts the payment back each "
                        + "time (basic.reject, with requeue). How many times does the worker get it?",
                    counts: [1, limit], right: count,
                    story: ["It got the payment \(count) times. Then 'dead' had \(inDead)."],
                    lesson: "The limit counts returns, and the first delivery isn't one. A message that comes back "
                        + "more often than the limit allows is dead.")
            }
        },
        Question("three-deaths", variants: 3) { variant in
            let isQuorum = variant > 0
            return try await Playground.play { playground in
                let channel = try await playground.channel()
                try await channel.declareQueue("dead")
                let classic: FieldTable = ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"]
                try await channel.declareQueue(
                    "payments", durable: true,
                    arguments: isQuorum ? arguments(limit: 2, deadLetters: variant == 1) : classic)
                try await channel.publish(Message("Payment"), routingKey: "payments")
                for round in 1...3 {
                    let worker = try await playground.consumer(of: "payments", acknowledges: false)
                    try await playground.wait("worker \(round) has it") { worker.taken == ["Payment"] }
                    worker.breakOff()
                    try await playground.wait("the broker has noticed") {
                        try await channel.declareQueue("payments", passive: true).consumerCount == 0
                    }
                }
                let inPayments = try await playground.count("payments") ?? 0
                let inDead = try await playground.count("dead") ?? 0
                return Outcome(
                    "Three workers, one after the other, crash on the same payment. Its queue is a "
                        + (isQuorum ? "quorum queue with a delivery limit of 2" : "classic queue") + ", and "
                        + (variant == 2 ? "has no dead-letter exchange" : "passes its dead letters on to 'dead'")
                        + ". Where is the payment then?",
                    options: ["In 'payments' again.", "In 'dead'.", "Nowhere."],
                    right: inPayments > 0 ? 0 : inDead > 0 ? 1 : 2,
                    story: ["'payments' had \(inPayments), 'dead' had \(inDead)."],
                    lesson: isQuorum
                        ? "A quorum queue counts crashes too. A message over the limit dies, and a dead letter that has "
                            + "nowhere to go is gone."
                        : "A classic queue doesn't count how often a message comes back.")
            }
        },
    ]
}
