import TutorialKit

// Step 4: receivers choose by one exact word.
await Step(
    "routing",
    roles: [
        Role(
            "emit", takes: "[SEVERITY [MESSAGE]]", options: [.count, .stamped],
            does: "sends a log message of a severity, 'info' if not given"
        ) { broker, arguments in
            try await emit(
                arguments.messages(skipping: 1, or: "Hello World!"), severity: arguments.words.first ?? "info",
                to: broker)
        },
        Role(
            "receive", takes: "SEVERITY...", options: [.stamped],
            does: "prints the log messages of these severities"
        ) { broker, arguments in
            try await receive(arguments.words, from: broker)
        },
    ],
    play: { play in
        try await play.start("receive error") { try await receive(["error"], from: $0) }
        try await play.start("receive info error") { try await receive(["info", "error"], from: $0) }
        try await play.run("emit", then: 1) { try await emit(["Hello World!"], severity: "info", to: $0) }
        try await play.run("emit", then: 0) { try await emit(["Nobody asked"], severity: "debug", to: $0) }
        try await play.run("emit", then: 2) { try await emit(["The disk is full"], severity: "error", to: $0) }
    }
).run()
