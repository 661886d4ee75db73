import AMQPClient

/// What chapter 1 asks.
enum HelloQuestions {
    static let all = [
        Question("no-consumer-yet", variants: 2) { variant in
            let sent = [3, 5][variant]
            return try await Playground.play { playground in
                let producer = try await playground.connect()
                let channel = try await producer.openChannel()
                try await channel.declareQueue("hello")
                for number in 0..<sent { try await channel.publish(Message("\(number)"), routingKey: "hello") }
                try await producer.close()
                let waiting = try await playground.count("hello") ?? 0
                let got = try await playground.contents(of: "hello")
                return Outcome(
                    "A producer sends \(sent) messages to a queue, and ends. Only then does a consumer start. How "
                        + "many messages does it get?",
                    counts: [0, 1, sent], right: got.count,
                    story: [
                        "The producer had gone, and \(waiting) messages were in the queue.",
                        "The consumer got \(enumerated(got)).",
                    ],
                    lesson: "A queue keeps messages until a consumer takes them. The two programs need not meet.")
            }
        },
        Question("other-name", variants: 2) { variant in
            let key = ["helo", "Hello"][variant]
            return try await Playground.play { playground in
                let channel = try await playground.channel()
                try await channel.declareQueue("hello")
                try await channel.publish(Message("Hello World!"), routingKey: key)
                // An answer to this comes after everything that the publish could have caused.
                let inHello = try? await channel.declareQueue("hello", passive: true).messageCount
                let inKey = try await playground.count(key)
                let right = inKey != nil ? 0 : inHello == nil ? 1 : inHello == 0 ? 2 : 3
                return Outcome(
                    "The queue 'hello' is there. A program sends its message to '\(key)' instead. No queue has "
                        + "that name. What becomes of the message?",
                    options: [
                        "The broker makes a queue '\(key)', which keeps it.",
                        "The broker refuses it, and the producer gets an error.",
                        "The broker drops it, and says nothing.",
                        "It is put into 'hello'.",
                    ], right: right,
                    story: [
                        "The queue '\(key)' \(inKey.map { "has \($0) message\($0 == 1 ? "" : "s")" } ?? "does not exist").",
                        "The queue 'hello' has \(inHello ?? 0) messages. The producer got \(inHello == nil ? "an" : "no") error.",
                    ],
                    lesson:
                        "'Sent' means that the message has left the producer. If no queue has that name, the broker drops it."
                )
            }
        },
        Question("two-consumers", variants: 2) { variant in
            let (sent, asked) = [(4, 0), (6, 1)][variant]
            return try await Playground.play { playground in
                let (takers, all) = try await playground.tasks(sent, to: 2, prefetch: 0)
                return Outcome(
                    "Two consumers wait at one queue. Then the messages \(enumerated(all)) are sent. Which of them does "
                        + "the \(["first", "second"][asked]) consumer get?",
                    which: all, right: takers[asked].taken,
                    story: takers.enumerated().map { "Consumer \($0 + 1) got \(enumerated($1.taken))." },
                    lesson: "A message goes to one consumer of a queue, and consumers take turns.")
            }
        },
    ]
}
