import AMQPClient

/// Chapters 3 to 5 and 8: which queues get a message.
extension Question {
    static let pubsub = [
        Question("before-binding", chapter: 3, variants: 2) { variant in
            let type: ExchangeType = [.fanout, .topic][variant]
            return try await Playground.play { playground in
                let channel = try await playground.channel()
                let logs = try await channel.declareExchange("logs", type: type)
                try await logs.publish(Message("first"), routingKey: "info")
                let queue = try await channel.declareQueue(exclusive: true)
                try await queue.bind(to: logs, routingKey: "#")
                try await logs.publish(Message("second"), routingKey: "info")
                let got = try await contents(of: queue)
                return Outcome(
                    "A message is published to a \(type.rawValue) exchange. Then a receiver binds its queue to it, and a "
                        + "second message is published. Which messages does the receiver get?",
                    which: ["first", "second"], right: got,
                    story: ["The receiver's queue got \(enumerated(got))."],
                    lesson: "An exchange keeps nothing: what comes before a binding is gone, without an error.")
            }
        },
        Question("copies", chapter: 3, variants: 2) { variant in
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
                for queue in queues { counts.append(try await contents(of: queue).count) }
                let total = counts.reduce(0, +)
                return Outcome(
                    "\(receivers) receivers, each with a queue of its own, listen to a fanout exchange. Two messages "
                        + "are published. How many messages are received, all together?",
                    counts: [2, receivers, receivers * 2], right: total,
                    story: ["The queues got \(enumerated(counts.map { "\($0)" })): \(total) together."],
                    lesson: "A fanout exchange copies each message into every queue that is bound to it.")
            }
        },
        Question("away", chapter: 3, variants: 2) { variant in
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
                    ? "an exclusive queue with a made-up name" : "the durable queue 'reports', not exclusive"
                return Outcome(
                    "A receiver binds \(kind), and closes its connection. A message is published, and the receiver "
                        + "comes back. What does it find?",
                    options: [
                        "Its queue, with the message in it.", "Its queue, without the message.", "No queue.",
                    ], right: count.map { $0 > 0 ? 0 : 1 } ?? 2,
                    story: [
                        count.map { "The queue was there, with \($0) message\($0 == 1 ? "" : "s")." }
                            ?? "The queue was not there any more."
                    ],
                    lesson: isExclusive
                        ? "An exclusive queue goes with its connection. For logs that is right: who is away misses them."
                        : "A queue that belongs to nobody collects while nobody listens.")
            }
        },
    ]

    static let routing = [
        Question("exact-key", chapter: 4, variants: 3) { variant in
            let key = ["error", "warning", "Error"][variant]
            return try await Playground.play { playground in
                try await routed(
                    key, through: .direct,
                    [
                        ("alarm", ["error"]), ("all", ["info", "warning", "error"]), ("odd", ["Error"]),
                        ("star", ["*"]),
                    ],
                    on: playground, asks: "Which queues get a message",
                    lesson: "A direct exchange compares octet by octet: capitals count, and a star is a star.")
            }
        },
        Question("bound-twice", chapter: 4, variants: 2) { variant in
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
                let got = try await contents(of: queue)
                return Outcome(
                    "A queue is bound \(how). How many copies are in the queue?", counts: [0, 1, 2], right: got.count,
                    story: ["The queue had \(got.count)."],
                    lesson: variant == 0
                        ? "To bind again in the same way changes nothing, and an exchange collects queues, not bindings."
                        : "Two publishes are two messages. No exchange knows of the other.")
            }
        },
        Question("late-binding", chapter: 4, variants: 1) { _ in
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
                let got = try await contents(of: queue)
                return Outcome(
                    "A queue is bound with 'error'. Warnings A and B are published; 'warning' is bound too; warning C is "
                        + "published; 'warning' is unbound; warning D is published. Which are in the queue?",
                    which: ["A", "B", "C", "D"], right: got, story: ["The queue had \(enumerated(got))."],
                    lesson:
                        "A binding works from the moment it is made until it is taken away. It reaches nothing older.")
            }
        },
    ]

    static let topic = [
        Question("patterns", chapter: 5, variants: 3) { variant in
            let key = ["lazy.orange.new.rabbit", "quick.orange.rabbit", "lazy.orange.elephant"][variant]
            return try await Playground.play { playground in
                try await routed(
                    key, through: .topic,
                    ["*.orange.*", "*.*.rabbit", "lazy.#", "#"].map { ($0, [$0]) }, on: playground,
                    asks: "Which of these patterns fit a message",
                    lesson: "* is exactly one word, # is any number of words.")
            }
        },
        Question("one-word", chapter: 5, variants: 2) { variant in
            let (key, patterns) = [
                ("lazy", ["lazy.#", "lazy.*", "#.lazy", "*", "*.#"]), ("a", ["a.#", "#.a.#", "a.*", "#.*", "*.*"]),
            ][variant]
            return try await Playground.play { playground in
                try await routed(
                    key, through: .topic, patterns.map { ($0, [$0]) }, on: playground,
                    asks: "Which of these patterns fit a message",
                    lesson: "# fits no words at all, * always needs one.")
            }
        },
        Question("empty-words", chapter: 5, variants: 3) { variant in
            let key = ["a..b", "..", ""][variant]
            return try await Playground.play { playground in
                try await routed(
                    key, through: .topic, ["*", "*.*", "*.*.*", "#"].map { ($0, [$0]) }, on: playground,
                    asks: "Which of these patterns fit a message",
                    lesson: "Dots divide, and a word may be empty. A key without any octet has no words.")
            }
        },
    ]

    static let headers = [
        Question("all-or-any", chapter: 8, variants: 2) { variant in
            let fields: FieldTable = [["format": "pdf", "type": "log"], ["format": "zip", "type": "report"]][variant]
            return try await Playground.play { playground in
                let all: FieldTable = ["x-match": "all", "format": "pdf", "type": "report"]
                let any: FieldTable = ["x-match": "any", "format": "pdf", "type": "report"]
                let formatOnly: FieldTable = ["x-match": "all", "format": "pdf"]
                return try await matched(
                    fields, on: playground, [("all of both", all), ("any of both", any), ("format only", formatOnly)],
                    asks: """
                        Three queues are bound to a headers exchange:
                        'all of both' by x-match: all, format: pdf, type: report;
                        'any of both' by x-match: any, format: pdf, type: report;
                        'format only' by x-match: all, format: pdf.
                        Which get a message with \(shown(fields))?
                        """,
                    lesson:
                        "'all' means all that the binding names; the message may have more. 'any' means one of them.")
            }
        },
        Question("key-and-header", chapter: 8, variants: 1) { _ in
            try await Playground.play { playground in
                let channel = try await playground.channel()
                let exchange = try await channel.declareExchange("documents", type: .headers)
                for (name, fields) in [("A", ["format": "pdf"]), ("B", ["format": "zip"])] as [(String, FieldTable)] {
                    try await channel.declareQueue(name)
                    try await channel.bindQueue(name, to: exchange.name, routingKey: "pdf", arguments: fields)
                }
                let properties = BasicProperties(headers: ["format": "zip"])
                try await exchange.publish(Message("x", properties: properties), routingKey: "pdf")
                let got = try await receivers(["A", "B"], on: channel)
                return Outcome(
                    "Queue A is bound to a headers exchange with the key 'pdf' and the argument format: pdf, queue B with "
                        + "the key 'pdf' and format: zip. A message has the routing key 'pdf' and the header format: "
                        + "zip. Who gets it?", which: ["A", "B"], right: got,
                    story: ["It was in \(enumerated(got))."], lesson: "A headers exchange does not look at keys.")
            }
        },
    ]

    /// What a queue has, of somebody who may look into it although it is exclusive.
    private static func contents(of queue: Queue) async throws -> [String] {
        var contents: [String] = []
        while let message = try await queue.get(noAck: true) { contents.append(message.text) }
        return contents
    }

    /// Which of these queues have a message.
    private static func receivers(_ queues: [String], on channel: Channel) async throws -> [String] {
        var receivers: [String] = []
        for queue in queues where try await channel.get(queue, noAck: true) != nil { receivers.append(queue) }
        return receivers
    }

    /// Queues bound with keys, and who of them gets a message with `key`.
    private static func routed(
        _ key: String, through type: ExchangeType, _ queues: [(name: String, keys: [String])],
        on playground: Playground, asks: String, lesson: String
    ) async throws -> Outcome {
        let channel = try await playground.channel()
        let exchange = try await channel.declareExchange("logs", type: type)
        for queue in queues {
            try await channel.declareQueue(queue.name)
            for key in queue.keys { try await channel.bindQueue(queue.name, to: exchange.name, routingKey: key) }
        }
        try await exchange.publish(Message("x"), routingKey: key)
        let got = try await receivers(queues.map(\.name), on: channel)
        let isPattern = queues.allSatisfy { $0.keys == [$0.name] }
        let bound = queues.map { "'\($0.name)' with \(enumerated($0.keys.map { "'\($0)'" }))" }
        let setting =
            isPattern
            ? "\(queues.count) queues are bound to a \(type.rawValue) exchange, each with one pattern."
            : "Bound to a \(type.rawValue) exchange are the queues \(enumerated(bound))."
        return Outcome(
            "\(setting) \(asks) with the routing key '\(key)'?", which: queues.map(\.name), right: got,
            story: ["The message was in \(got.isEmpty ? "no queue" : enumerated(got.map { "'\($0)'" }))."],
            lesson: lesson)
    }

    private static func matched(
        _ fields: FieldTable, on playground: Playground, _ queues: [(name: String, arguments: FieldTable)],
        asks: String,
        lesson: String
    ) async throws -> Outcome {
        let channel = try await playground.channel()
        let exchange = try await channel.declareExchange("documents", type: .headers)
        for queue in queues {
            try await channel.declareQueue(queue.name)
            try await channel.bindQueue(queue.name, to: exchange.name, arguments: queue.arguments)
        }
        try await exchange.publish(Message("x", properties: BasicProperties(headers: fields)))
        let got = try await receivers(queues.map(\.name), on: channel)
        return Outcome(
            asks, which: queues.map(\.name), right: got,
            story: ["The message was in \(got.isEmpty ? "no queue" : enumerated(got.map { "'\($0)'" }))."],
            lesson: lesson)
    }

    private static func shown(_ fields: FieldTable) -> String {
        enumerated(fields.fields.map { "\($0.name.text): \($0.value.text ?? "\($0.value)")" })
    }
}
