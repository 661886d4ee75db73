import AMQPClient

/// What chapter 9 asks.
enum RetryQuestions {
    static let all = [
        Question("refused", variants: 2) { variant in
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
                    "The queue 'tasks' passes the messages that it discards to an exchange, which puts them into 'dead'. "
                        + "A worker rejects a task with requeue: \(requeue). Where is it then?",
                    options: ["In 'tasks' again.", "In 'dead'.", "In both.", "Nowhere."],
                    right: inTasks > 0 ? (inDead > 0 ? 2 : 0) : inDead > 0 ? 1 : 3,
                    story: ["'tasks' had \(inTasks), 'dead' had \(inDead)."],
                    lesson:
                        "A requeued message is not discarded. A queue discards messages that are rejected "
                        + "without requeue, that expire, or that it has no room for.")
            }
        },
        Question("times-died", variants: 2) { variant in
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
