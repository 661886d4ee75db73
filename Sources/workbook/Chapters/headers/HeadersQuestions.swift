import AMQPClient

/// What chapter 8 asks.
enum HeadersQuestions {
    static let all = [
        Question("all-or-any", variants: 2) { variant in
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
                        "'all' means all that the binding names; the message may have more. 'any' means one or more.")
            }
        },
        Question("key-and-header", variants: 1) { _ in
            try await Playground.play { playground in
                let channel = try await playground.channel()
                let exchange = try await channel.declareExchange("documents", type: .headers)
                for (name, fields) in [("A", ["format": "pdf"]), ("B", ["format": "zip"])] as [(String, FieldTable)] {
                    try await channel.declareQueue(name)
                    try await channel.bindQueue(name, to: exchange.name, routingKey: "pdf", arguments: fields)
                }
                let properties = BasicProperties(headers: ["format": "zip"])
                try await exchange.publish(Message("x", properties: properties), routingKey: "pdf")
                let got = try await channel.receivers(["A", "B"])
                return Outcome(
                    "Queue A is bound to a headers exchange with the key 'pdf' and the argument format: pdf, queue B with "
                        + "the key 'pdf' and format: zip. A message has the routing key 'pdf' and the header format: "
                        + "zip. Which queues get it?", which: ["A", "B"], right: got,
                    story: ["It was in \(enumerated(got))."], lesson: "A headers exchange does not look at keys.")
            }
        },
    ]

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
        let names = queues.map(\.name)
        return Outcome(asks, among: names, reached: try await channel.receivers(names), lesson: lesson)
    }

    private static func shown(_ fields: FieldTable) -> String {
        enumerated(fields.fields.map { "\($0.name.text): \($0.value.text ?? "\($0.value)")" })
    }
}
