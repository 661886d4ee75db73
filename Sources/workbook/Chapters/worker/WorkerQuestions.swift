import AMQPClient

/// What chapter 2 asks.
enum WorkerQuestions {
    static let all = [
        Question("three-workers", variants: 3) { variant in
            let (count, asked) = [(7, 4), (7, 6), (9, 7)][variant]
            return try await Playground.play { playground in
                let (takers, all) = try await playground.tasks(count, to: 3, prefetch: 0)
                let names = (1...3).map { "worker \($0)" }
                return Outcome(
                    "Three workers wait, each ready to take any number of tasks at once. Tasks 0 to \(count - 1) are handed out. Who gets task "
                        + "\(asked)?",
                    options: names, right: takers.firstIndex { $0.taken.contains(all[asked]) } ?? 0,
                    story: zip(names, takers).map { "\($0) got \(enumerated($1.taken))." },
                    lesson: "The broker hands out tasks in turn, one to each worker, whatever is in them. "
                        + "Task \(asked) is the \(asked + 1)th.")
            }
        },
        Question("slow-and-fast", variants: 2) { variant in
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
                    "Each of two workers may have \(counted(prefetch, "unacknowledged task")) at a time. "
                        + "Worker 1 needs hours for a task; worker 2 is done at once. Tasks 0 to 5 arrive one by one. Which does worker 1 get?",
                    which: all, right: busy.taken,
                    story: [
                        "Worker 1 got \(enumerated(busy.taken)), worker 2 got \(enumerated(free.taken)).",
                        "Worker 1 had acknowledged none of its tasks.",
                    ],
                    lesson:
                        "Neither has more than \(counted(prefetch, "unacknowledged task")), so the others go to the worker that is free."
                )
            }
        },
        Question("crash", variants: 2) { variant in
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
                        : "Unacknowledged messages go back to the queue when their consumer is gone.")
            }
        },
    ]
}
