import AMQPClient

/// Chapters 7 and 9: what the broker takes responsibility for, and what becomes of a message that nobody wants.
extension Question {
    static let confirms = [
        Question("publish-to-nobody", chapter: 7, variants: 1) { _ in
            try await Playground.play { playground in
                let channel = try await playground.channel()
                try await channel.selectConfirms()
                try await channel.publish(Message("x"), routingKey: "nowhere")
                var right = 0
                do throws(AMQPError) {
                    try await channel.waitForConfirms()
                } catch {
                    if case .nacked = error.kind { right = 1 } else { right = 2 }
                }
                return Outcome(
                    "A channel has confirms on. A message is published to a routing key that no queue has. What does the "
                        + "broker answer?",
                    options: ["It confirms the message.", "It refuses the message (basic.nack).", "Nothing."],
                    right: right,
                    story: [right == 0 ? "The broker sent basic.ack." : "The broker did not send basic.ack."],
                    lesson: "A confirm means that the broker has done what there was to do, not that a queue has it.")
            }
        },
        Question("mandatory-to-nobody", chapter: 7, variants: 1) { _ in
            try await Playground.play { playground in
                let channel = try await playground.channel()
                try await channel.selectConfirms()
                var returns = channel.returns.makeAsyncIterator()
                try await channel.publish(Message("x"), routingKey: "nowhere", mandatory: true)
                // A return is told by an error, once the confirm is there too.
                var isReturned = false
                do throws(AMQPError) {
                    try await channel.waitForConfirms()
                } catch {
                    if case .returned = error.kind { isReturned = true }
                }
                let isConfirmed = channel.unconfirmedCount == 0
                let text = isReturned ? try await returns.next(isolation: nil)?.replyText : nil
                return Outcome(
                    "A channel has confirms on. A mandatory message is published to a routing key that no queue has. "
                        + "What comes from the broker?",
                    options: [
                        "The message, in a basic.return, and no confirm.", "The message, and a confirm.",
                        "A confirm alone.", "Nothing.",
                    ],
                    right: isReturned ? (isConfirmed ? 1 : 0) : (isConfirmed ? 2 : 3),
                    story: [
                        "The message \(text.map { "came back, with the words \($0)" } ?? "did not come back").",
                        "It was \(isConfirmed ? "" : "not ")confirmed.",
                    ],
                    lesson: "The return comes first, then the confirm: who waits for the confirm knows both.")
            }
        },
    ]

    static let retry = [
        Question("refused", chapter: 9, variants: 2) { variant in
            let requeue = variant == 1
            return try await Playground.play { playground in
                let channel = try await playground.channel()
                try await channel.declareQueue("dead")
                let arguments: FieldTable = ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "dead"]
                try await channel.declareQueue("tasks", arguments: arguments)
                try await channel.publish(Message("Task"), routingKey: "tasks")
                try await channel.get("tasks")?.reject(requeue: requeue)
                let inTasks = try await playground.count("tasks") ?? 0
                let inDead = try await playground.count("dead") ?? 0
                return Outcome(
                    "The queue 'tasks' passes on what it gives up: to an exchange that puts it into the queue 'dead'. "
                        + "A worker rejects a task with requeue: \(requeue). Where is it then?",
                    options: ["In 'tasks' again.", "In 'dead'.", "In both.", "Nowhere."],
                    right: inTasks > 0 ? (inDead > 0 ? 2 : 0) : inDead > 0 ? 1 : 3,
                    story: ["'tasks' had \(inTasks), 'dead' had \(inDead)."],
                    lesson: "Requeued, it is not dead. Only what is rejected without requeue, or expires, or finds no "
                        + "room becomes a dead letter.")
            }
        },
        Question("times-died", chapter: 9, variants: 2) { variant in
            let rounds = [2, 3][variant]
            return try await Playground.play { playground in
                let channel = try await playground.channel()
                let toWait: FieldTable = ["x-dead-letter-exchange": "", "x-dead-letter-routing-key": "wait"]
                let toTasks: FieldTable = [
                    "x-dead-letter-exchange": "", "x-dead-letter-routing-key": "tasks", "x-message-ttl": 10,
                ]
                try await channel.declareQueue("tasks", arguments: toWait)
                try await channel.declareQueue("wait", arguments: toTasks)
                try await channel.publish(Message("Task"), routingKey: "tasks")
                var last: Delivery?
                for round in 0...rounds {
                    try await playground.wait("the task is in 'tasks'") {
                        last = try await channel.get("tasks")
                        return last != nil
                    }
                    if round < rounds { try await last?.reject(requeue: false) }
                }
                let deaths = last?.properties.headers?["x-death"]?.array ?? []
                return Outcome(
                    "Rejected tasks go from 'tasks' to 'wait', where they expire, and so back to 'tasks'. A task was "
                        + "rejected \(rounds) times, and is delivered again. How many entries does its header x-death "
                        + "have?",
                    counts: [1, 2, rounds * 2], right: deaths.count,
                    story: deaths.compactMap { entry in
                        guard let table = entry.table else { return nil }
                        let (queue, reason) = (table["queue"]?.text ?? "", table["reason"]?.text ?? "")
                        return "queue \(queue), reason \(reason), count \(table["count"]?.integer ?? 0)"
                    },
                    lesson: "One entry for each queue and reason, with a count in it: that is what a worker looks at "
                        + "before it gives up.")
            }
        },
    ]
}
