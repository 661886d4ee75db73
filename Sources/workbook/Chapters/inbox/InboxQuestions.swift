import AMQPClient

/// What chapter 13 asks.
enum InboxQuestions {
    static let all = [
        Question("same-id", variants: 2) { variant in
            let (count, word) = [(2, "two"), (3, "three")][variant]
            return try await Playground.play { playground in
                let channel = try await playground.channel()
                try await channel.declareQueue("shipments")
                let message = Message("A chair", properties: BasicProperties(messageID: "order-1"))
                for _ in 0..<count { try await channel.publishAndConfirm(message, routingKey: "shipments") }
                let ready = try await playground.count("shipments") ?? 0
                return Outcome(
                    "A producer publishes the same order \(word) times, each time with message-id 'order-1'. How many "
                        + "messages are in the queue?",
                    counts: [0, 1, count], right: ready, story: ["The queue had \(ready)."],
                    lesson: "The broker carries the message-id and doesn't look at it. Only the consumer compares.")
            }
        },
        Question("who-is-marked", variants: 2) { variant in
            let isKilled = variant == 1
            return try await Playground.play { playground in
                let channel = try await playground.channel()
                try await channel.declareQueue("shipments")
                let message = Message("A chair", properties: BasicProperties(messageID: "order-1"))
                try await channel.publishAndConfirm(message, routingKey: "shipments")
                if isKilled {
                    let worker = try await playground.consumer(of: "shipments", acknowledges: false)
                    try await playground.wait("the order is at the worker") { worker.taken == ["A chair"] }
                    worker.breakOff()
                    try await playground.wait("the order is back") { try await playground.count("shipments") == 1 }
                } else {
                    try await channel.get("shipments")?.ack()
                    try await channel.publishAndConfirm(message, routingKey: "shipments")
                }
                let second = try await channel.get("shipments", noAck: true)
                let how =
                    isKilled
                    ? "A worker gets an order and is killed before it acknowledges it. Another worker gets it."
                    : "A worker gets an order and acknowledges it. Its producer sends it again, with the same "
                        + "message-id, and the worker gets it."
                return Outcome(
                    how + " Is the order marked as redelivered this time?", options: ["Yes.", "No."],
                    right: second?.redelivered == true ? 0 : 1,
                    story: ["redelivered: \(second?.redelivered == true)"],
                    lesson: "The mark says that the broker has delivered this message before. An order that is "
                        + "published twice is two messages.")
            }
        },
    ]
}
