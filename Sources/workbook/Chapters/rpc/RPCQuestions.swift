import AMQPClient

/// What chapter 6 asks.
enum RPCQuestions {
    static let all = [
        Question("server-dies", variants: 2) { variant in
            let dies = [1, 2][variant]
            return try await Playground.play { playground in
                let client = try await playground.channel()
                try await client.declareQueue("rpc_queue")
                let replies = try await client.declareQueue(exclusive: true)
                let question = Message(
                    "30", properties: BasicProperties(correlationID: "1", replyTo: try ShortString(replies.name)))
                try await client.publish(question, routingKey: "rpc_queue")
                for _ in 0..<dies { try await answer(on: playground, acknowledges: false) }
                try await answer(on: playground, acknowledges: true)
                var answers = 0
                while try await replies.get(noAck: true) != nil { answers += 1 }
                let servers =
                    dies == 1
                    ? "A server answers a question, and dies"
                    : "Two servers, one after the other, answer a question, and die"
                return Outcome(
                    "\(servers) before acknowledging it. Another server runs. How many answers does the client get?",
                    counts: [0, 1, 2], right: answers,
                    story: [
                        "The question went back to the queue \(dies == 1 ? "once" : "twice").",
                        "The client's queue got \(answers) answers, all to the same question.",
                    ],
                    lesson: "An unacknowledged question goes to the next server. Serving twice must do no harm.")
            }
        },
        Question("client-gone", variants: 1) { _ in
            try await Playground.play { playground in
                let client = try await playground.connect()
                let channel = try await client.openChannel()
                try await channel.declareQueue("rpc_queue")
                let replies = try await channel.declareQueue(exclusive: true)
                let question = Message("30", properties: BasicProperties(replyTo: try ShortString(replies.name)))
                try await channel.publish(question, routingKey: "rpc_queue")
                try await client.close()
                let server = try await playground.channel()
                let request = try await server.get("rpc_queue")
                try await server.publish(Message("832040"), routingKey: replies.name)
                // Fails if the answer to nobody was an error.
                let isOpen = (try? await server.declareQueue("rpc_queue", passive: true)) != nil
                try? await request?.ack()
                let kept = try await playground.count(replies.name)
                return Outcome(
                    "A client asks, loses patience, and closes its connection. An hour later a server takes the "
                        + "question, and answers. What happens?",
                    options: [
                        "The answer waits for the client to come back.",
                        "The answer is dropped, and the server does not notice.",
                        "The server gets an error: its channel is closed.",
                    ], right: kept != nil ? 0 : isOpen ? 1 : 2,
                    story: [
                        "The client's queue \(kept == nil ? "was gone with the client's connection" : "was still there").",
                        "After the answer, the server's channel was \(isOpen ? "open" : "closed").",
                    ],
                    lesson:
                        "The queue for the answers goes when the client goes. A key without a queue is not an error."
                )
            }
        },
    ]

    /// Takes a question and answers it; then it acknowledges, or its connection breaks.
    private static func answer(on playground: Playground, acknowledges: Bool) async throws {
        let connection = try await playground.connect()
        let server = try await connection.openChannel()
        var request: Delivery?
        try await playground.wait("the question is in the queue") {
            request = try await server.get("rpc_queue")
            return request != nil
        }
        guard let request else { return }
        try await server.publish(
            Message("832040", properties: BasicProperties(correlationID: request.properties.correlationID)),
            routingKey: request.properties.replyTo?.text ?? "")
        if acknowledges { try await request.ack() }
        // What it had unacknowledged goes back when it is gone, by whichever way.
        try await connection.close()
    }
}
