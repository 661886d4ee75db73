import AMQPClient

/// What chapter 3 asks.
enum PubsubQuestions {
    static let all = [
        Question("before-binding", variants: 2) { variant in
            let (early, late) = [("first", "second"), ("morning", "evening")][variant]
            return try await Playground.play { playground in
                let channel = try await playground.channel()
                let logs = try await channel.declareExchange("logs", type: .fanout)
                try await logs.publish(Message(early))
                let queue = try await channel.declareQueue(exclusive: true)
                try await queue.bind(to: logs)
                try await logs.publish(Message(late))
                let got = try await queue.contents()
                return Outcome(
                    "A message is published to a fanout exchange. Then a receiver binds its queue to it, and a "
                        + "second message is published. Which messages does the receiver get?",
                    which: [early, late], right: got,
                    story: ["The receiver's queue got \(enumerated(got))."],
                    lesson: "An exchange keeps nothing: what comes before a binding is gone, without an error.")
            }
        },
        Question("copies", variants: 2) { variant in
            let receivers = [3, 4][variant]
            return try await Playground.play { playground in
                let channel = try await playground.channel()
                let logs = try await channel.declareExchange("logs", type: .fanout)
                var queues: [Queue] = []
                for _ in 0..<receivers {
                    let queue = try await channel.declareQueue(exclusive: true)
                    try await queue.bind(to: logs)
                    queues.append(queue)
                }
                for number in 0..<2 { try await logs.publish(Message("\(number)")) }
                var counts: [Int] = []
                for queue in queues { counts.append(try await queue.contents().count) }
                let total = counts.reduce(0, +)
                return Outcome(
                    "\(receivers) receivers, each with a queue of its own, listen to a fanout exchange. Two messages "
                        + "are published. How many messages do the receivers get in total?",
                    counts: [2, receivers, receivers * 2], right: total,
                    story: ["The queues got \(enumerated(counts.map { "\($0)" })): \(total) in total."],
                    lesson: "A fanout exchange copies each message into every queue that is bound to it.")
            }
        },
        Question("away", variants: 2) { variant in
            let isExclusive = variant == 0
            return try await Playground.play { playground in
                let name = isExclusive ? "" : "reports"
                let receiver = try await playground.connect()
                let theirs = try await receiver.openChannel()
                let logs = try await theirs.declareExchange("logs", type: .fanout)
                let queue = try await theirs.declareQueue(name, durable: !isExclusive, exclusive: isExclusive)
                try await queue.bind(to: logs)
                try await receiver.close()
                let channel = try await playground.channel()
                try await channel.publish(Message("Meanwhile"), exchange: "logs")
                // Whatever the publish did is done when this is answered.
                try await channel.declareExchange("logs", type: .fanout)
                let count = try await playground.count(queue.name)
                let kind =
                    isExclusive
                    ? "a queue that belongs to its connection" : "the durable queue 'reports', which belongs to nobody"
                return Outcome(
                    "A receiver binds \(kind), and closes its connection. A message is published, and the receiver "
                        + "comes back. What does it find?",
                    options: [
                        "Its queue, with the message in it.", "Its queue, without the message.", "No queue.",
                    ], right: count.map { $0 > 0 ? 0 : 1 } ?? 2,
                    story: [
                        count.map { "The queue was there, with \($0) message\($0 == 1 ? "" : "s")." }
                            ?? "The queue no longer existed."
                    ],
                    lesson: isExclusive
                        ? "Such a queue goes with its connection. For logs that is right: a receiver that is away misses them."
                        : "A queue that belongs to nobody collects messages while nobody listens.")
            }
        },
    ]
}
