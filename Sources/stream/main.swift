import TutorialKit

// Step 11: a message that stays when it has been read, for readers that come late.
await Step(
    "stream",
    roles: [
        Role("publish", takes: "[MESSAGE]", options: [.count], does: "appends a message to the stream") {
            broker, arguments in
            try await publish(arguments.messages(or: "Hello World!"), to: broker)
        },
        Role(
            "read", takes: "[OFFSET]",
            does: "prints the stream from OFFSET on: first (if not given), last, next, a number, or a time such as 5m"
        ) { broker, arguments in
            let word = arguments.words.isEmpty ? "first" : arguments.words.joined(separator: " ")
            try await read(from: offset(word), on: broker)
        },
    ],
    play: { play in
        try await play.start("early") { try await read(from: "next", on: $0) }
        try await play.run("publish", then: 2) { try await publish(["Kick-off", "One nil"], to: $0) }
        // This one comes late, and gets everything from the beginning.
        try await play.start("late") { try await read(from: "first", on: $0) }
        try await play.watch(lines: 2)
        try await play.run("publish", then: 2) { try await publish(["Full time"], to: $0) }
    }
).run()
