import AMQPClient

/// Chapters 1, 2 and 6: what a queue does, and who gets what is in it.
extension Question {
    static let hello = [
        Question("no-consumer-yet", chapter: 1, variants: 2) { variant in
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
                    "A producer sends \(sent) messages to a queue, and ends. Only then a consumer starts. How many "
                        + "messages does it get?",
                    counts: [0, 1, sent], right: got.count,
                    story: [
                        "The producer had gone, and \(waiting) messages were in the queue.",
                        "The consumer got \(enumerated(got)).",
                    ],
                    lesson: "A queue keeps messages until a consumer takes them. The two need not meet.")
            }
        },
        Question("other-name", chapter: 1, variants: 2) { variant in
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
                    "The queue 'hello' is there. A program sends its message to '\(key)' instead. No queue is called "
                        + "so. What becomes of the message?",
                    options: [
                        "The broker makes a queue '\(key)', which keeps it.",
                        "The broker answers with an error, and closes the channel.",
                        "The broker drops it, and says nothing.",
                        "It is put into 'hello'.",
                    ], right: right,
                    story: [
                        "The queue '\(key)' \(inKey.map { "has \($0) message\($0 == 1 ? "" : "s")" } ?? "does not exist").",
                        "The queue 'hello' has \(inHello ?? 0) messages. The channel is \(inHello == nil ? "closed" : "open").",
                    ],
                    lesson: "'Sent' means that the exchange has it. No queue of that name: it is dropped.")
            }
        },
        Question("two-consumers", chapter: 1, variants: 2) { variant in
            let (sent, asked) = [(4, 0), (6, 1)][variant]
            return try await Playground.play { playground in
                let (takers, all) = try await tasks(sent, to: 2, on: playground, prefetch: 0)
                return Outcome(
                    "Two consumers wait at one queue. Then the messages \(enumerated(all)) are sent. Which of them does "
                        + "the \(["first", "second"][asked]) consumer get?",
                    which: all, right: takers[asked].taken,
                    story: takers.enumerated().map { "Consumer \($0 + 1) got \(enumerated($1.taken))." },
                    lesson: "A message goes to one consumer of a queue, and consumers take turns.")
            }
        },
    ]

    static let worker = [
        Question("three-workers", chapter: 2, variants: 3) { variant in
            let (count, asked) = [(7, 4), (7, 6), (9, 7)][variant]
            return try await Playground.play { playground in
                let (takers, all) = try await tasks(count, to: 3, on: playground, prefetch: 0)
                let names = (1...3).map { "worker \($0)" }
                return Outcome(
                    "Three workers wait, each ready to take any number of tasks at once. Tasks 0 to \(count - 1) are handed out. Who gets task "
                        + "\(asked)?",
                    options: names, right: takers.firstIndex { $0.taken.contains(all[asked]) } ?? 0,
                    story: zip(names, takers).map { "\($0) got \(enumerated($1.taken))." },
                    lesson: "Round-robin: one task to each in turn, whatever is in it. Task \(asked) is the "
                        + "\(asked + 1)th.")
            }
        },
        Question("slow-and-fast", chapter: 2, variants: 2) { variant in
            let prefetch = [1, 2][variant]
            return try await Playground.play { playground in
                let channel = try await playground.channel()
                try await channel.declareQueue("task_queue")
                let busy = try await playground.consumer(of: "task_queue", prefetch: prefetch, acknowledges: false)
                let free = try await playground.consumer(of: "task_queue", prefetch: prefetch)
                let all = (0..<6).map { "\($0)" }
                for (number, task) in all.enumerated() {
                    try await channel.publish(Message(task), routingKey: "task_queue")
                    // One after the other, as from somebody who types them.
                    try await playground.wait("task \(number) is taken") {
                        busy.taken.count + free.taken.count == number + 1
                    }
                }
                return Outcome(
                    "Two workers, each of which may have \(prefetch) unacknowledged at a time (prefetch \(prefetch)). "
                        + "Worker 1 needs hours for a task, worker 2 is done at once. Tasks 0 to 5 come one by one. Which does worker 1 get?",
                    which: all, right: busy.taken,
                    story: [
                        "Worker 1 got \(enumerated(busy.taken)), worker 2 got \(enumerated(free.taken)).",
                        "Worker 1 had acknowledged none of its tasks.",
                    ],
                    lesson: "With prefetch \(prefetch) nobody has more than \(prefetch) unacknowledged: that is fair "
                        + "dispatch.")
            }
        },
        Question("crash", chapter: 2, variants: 2) { variant in
            let noAck = variant == 1
            return try await Playground.play { playground in
                let channel = try await playground.channel()
                try await channel.declareQueue("task_queue")
                let worker = try await playground.consumer(of: "task_queue", acknowledges: false, noAck: noAck)
                try await channel.publish(Message("Task"), routingKey: "task_queue")
                try await playground.wait("the task is at the worker") { worker.taken == ["Task"] }
                worker.breakOff()
                try await playground.wait("the broker has noticed") {
                    try await channel.declareQueue("task_queue", passive: true).consumerCount == 0
                }
                let found = try await channel.get("task_queue", noAck: true)
                let right = found.map { $0.redelivered ? 1 : 2 } ?? 0
                return Outcome(
                    "A worker that \(noAck ? "consumes with noAck" : "acknowledges its tasks when they are done") has a "
                        + "task, and is killed while it works. Where is the task then?",
                    options: [
                        "Nowhere: it is lost.", "In the queue again, marked as redelivered.",
                        "In the queue again, as if it were new.",
                    ], right: right,
                    story: [
                        found.map { "The queue had '\($0.text)', redelivered: \($0.redelivered)." }
                            ?? "The queue was empty."
                    ],
                    lesson: noAck
                        ? "With noAck a task counts as done when it is sent to the worker."
                        : "What is unacknowledged goes back to the queue when its consumer is gone.")
            }
        },
    ]

    static let rpc = [
        Question("server-dies", chapter: 6, variants: 2) { variant in
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
                        "The client's queue got \(answers) answers, all with the same correlation id.",
                    ],
                    lesson: "Unacknowledged means: given to the next. Serving twice must do no harm.")
            }
        },
        Question("client-gone", chapter: 6, variants: 1) { _ in
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
                        "The callback queue \(kept == nil ? "was gone with the client's connection" : "was still there").",
                        "After the answer, the server's channel was \(isOpen ? "open" : "closed").",
                    ],
                    lesson:
                        "A callback queue is exclusive: it goes with its connection. A key without a queue is no error."
                )
            }
        },
    ]

    /// Numbered tasks for some consumers of one queue; returns when all of them have arrived.
    private static func tasks(
        _ count: Int, to consumers: Int, on playground: Playground, prefetch: Int
    ) async throws -> (takers: [Playground.Taker], all: [String]) {
        let channel = try await playground.channel()
        try await channel.declareQueue("tasks")
        var takers: [Playground.Taker] = []
        for _ in 0..<consumers { takers.append(try await playground.consumer(of: "tasks", prefetch: prefetch)) }
        let all = (0..<count).map { "\($0)" }
        for task in all { try await channel.publish(Message(task), routingKey: "tasks") }
        try await playground.wait("all tasks are with somebody") { takers.map(\.taken.count).reduce(0, +) == count }
        return (takers, all)
    }

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
