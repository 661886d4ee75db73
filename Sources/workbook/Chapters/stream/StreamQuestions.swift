import AMQPClient

/// What chapter 11 asks.
enum StreamQuestions {
    private static let stream: FieldTable = ["x-queue-type": "stream"]

    static let all = [
        Question("from-where", variants: 3) { variant in
            let name = ["'first'", "number 2", "'next'"][variant]
            let offset: FieldValue = ["first", 2, "next"][variant]
            return try await Playground.play { playground in
                let channel = try await playground.channel()
                try await channel.declareQueue("ticker", durable: true, arguments: stream)
                for number in 0..<4 { try await channel.publish(Message("\(number)"), routingKey: "ticker") }
                // The answer to this comes when the broker has them.
                try await channel.declareQueue("ticker", passive: true)
                let reader = try await playground.consumer(
                    of: "ticker", prefetch: 10, arguments: ["x-stream-offset": offset])
                try await channel.publish(Message("4"), routingKey: "ticker")
                try await playground.wait("the reader has the last message") { reader.taken.contains("4") }
                return Outcome(
                    "A stream has messages 0 to 3. A reader begins at \(name). Then message 4 is published. "
                        + "Which messages does the reader get?",
                    which: (0..<5).map { "\($0)" }, right: reader.taken,
                    story: ["It got \(enumerated(reader.taken))."],
                    lesson: "A reader begins at the offset that it names, and gets everything from there on. "
                        + "The first message has number 0.")
            }
        },
        Question("second-reader", variants: 2) { variant in
            let isStream = variant == 0
            return try await Playground.play { playground in
                let channel = try await playground.channel()
                try await channel.declareQueue("ticker", durable: true, arguments: isStream ? stream : [:])
                for number in 0..<3 { try await channel.publish(Message("\(number)"), routingKey: "ticker") }
                let first: FieldTable = isStream ? ["x-stream-offset": "first"] : [:]
                let one = try await playground.consumer(of: "ticker", prefetch: 10, arguments: first)
                try await playground.wait("one reader has all") { one.taken.count == 3 }
                one.breakOff()
                let left = try await playground.count("ticker") ?? 0
                let two = try await playground.consumer(of: "ticker", prefetch: 10, arguments: first)
                try await playground.wait("the other has what is there") { two.taken.count == left }
                return Outcome(
                    "A \(isStream ? "stream" : "classic queue") has three messages. One reader takes and acknowledges all "
                        + "of them, and ends. Then another comes\(isStream ? ", and begins at the first message" : ""). How many "
                        + "does it get?",
                    counts: [0, 1, 3], right: two.taken.count,
                    story: ["The first got \(one.taken.count), the second \(two.taken.count)."],
                    lesson: isStream
                        ? "Reading takes nothing out of a stream."
                        : "An acknowledged message is gone from a classic queue, for everybody.")
            }
        },
    ]
}
