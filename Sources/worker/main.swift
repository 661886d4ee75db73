import TutorialKit

// Step 2: tasks, shared by workers. None is lost when a worker dies.
let prefetch = Option("--prefetch", "N", "tasks that a worker may have at a time; 1 if not given, 0 for any number")
let secondsPerDot = "SECONDS_PER_DOT"

await Step(
    "worker",
    roles: [
        Role(
            "new-task", takes: "[MESSAGE]", options: [.count, .stamped],
            does: "hands out a task: a second of work for each dot"
        ) { broker, arguments in
            try await newTask(arguments.messages(or: "Hello World!"), to: broker)
        },
        Role(
            "work", options: [prefetch, .stamped],
            does: "does tasks, and acknowledges each when it is done"
        ) { broker, arguments in
            try await work(
                from: broker, prefetch: arguments.integer(prefetch, in: 0...65535) ?? 1,
                dot: Environment.seconds(secondsPerDot, or: .seconds(1)))
        },
    ],
    variables: [(secondsPerDot, "how long the work for a dot takes; if not set, 1")],
    play: { play in
        let dot = try Environment.seconds(secondsPerDot, or: .seconds(1))
        for name in ["worker 1", "worker 2"] {
            try await play.start(name) { try await work(from: $0, prefetch: 1, dot: dot) }
        }
        // While one worker is at the long task, the other does all the short ones.
        let tasks = ["A long task....", "Short task 1.", "Short task 2.", "Short task 3."]
        try await play.run("new-task", then: 2) { try await newTask(tasks, to: $0) }
        try await play.watch(lines: 6)
    }
).run()
