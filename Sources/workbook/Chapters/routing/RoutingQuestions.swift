import AMQPClient

/// What chapter 4 asks.
enum RoutingQuestions {
    static let all = [
        Question("exact-key", variants: 3) { variant in
            let key = ["error", "warning", "Error"][variant]
            return try await Playground.play { playground in
                try await playground.routed(
                    key, through: .direct,
                    [
                        ("alarm", ["error"]), ("all", ["info", "warning", "error"]), ("odd", ["Error"]),
                        ("star", ["*"]),
                    ], asks: "Which queues get a message",
                    lesson: "A direct exchange compares byte by byte: capitals count, and a star is a star.")
            }
        },
        Question("bound-twice", variants: 2) { variant in
            try await Playground.play { playground in
                let channel = try await playground.channel()
                let first = try await channel.declareExchange("logs_1", type: .direct)
                let second = try await channel.declareExchange("logs_2", type: .direct)
                let queue = try await channel.declareQueue(exclusive: true)
                try await queue.bind(to: first, routingKey: "error")
                let how: String
                if variant == 0 {
                    try await queue.bind(to: first, routingKey: "error")
                    how =
                        "to one direct exchange, twice, both times with the key 'error'. A message with this key is published"
                } else {
                    try await queue.bind(to: second, routingKey: "error")
                    how = "to two exchanges with the key 'error'. The same text is published to both"
                    try await second.publish(Message("The disk is full"), routingKey: "error")
                }
                try await first.publish(Message("The disk is full"), routingKey: "error")
                let got = try await queue.contents()
                return Outcome(
                    "A queue is bound \(how). How many copies are in the queue?", counts: [0, 1, 2], right: got.count,
                    story: ["The queue had \(got.count)."],
                    lesson: variant == 0
                        ? "Binding the same way again changes nothing. An exchange collects queues, not bindings."
                        : "Two publishes are two messages. No exchange knows of the other.")
            }
        },
        Question("late-binding", variants: 1) { _ in
            try await Playground.play { playground in
                let channel = try await playground.channel()
                let logs = try await channel.declareExchange("direct_logs", type: .direct)
                let queue = try await channel.declareQueue(exclusive: true)
                try await queue.bind(to: logs, routingKey: "error")
                for text in ["A", "B"] { try await logs.publish(Message(text), routingKey: "warning") }
                try await queue.bind(to: logs, routingKey: "warning")
                try await logs.publish(Message("C"), routingKey: "warning")
                try await queue.unbind(from: logs, routingKey: "warning")
                try await logs.publish(Message("D"), routingKey: "warning")
                let got = try await queue.contents()
                return Outcome(
                    "A queue is bound with 'error'. Warnings A and B are published; 'warning' is bound too; warning C is "
                        + "published; 'warning' is unbound; warning D is published. Which are in the queue?",
                    which: ["A", "B", "C", "D"], right: got, story: ["The queue had \(enumerated(got))."],
                    lesson:
                        "A binding works from the moment it is made until it is removed. It reaches no older messages.")
            }
        },
    ]
}
