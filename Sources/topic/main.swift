import TutorialKit

// Step 5: receivers choose by a pattern over several words.
await Step(
    "topic",
    roles: [
        Role(
            "emit", takes: "[KEY [MESSAGE]]", options: [.count],
            does: "sends a log message under a key, 'anonymous.info' if not given"
        ) { broker, arguments in
            try await emit(
                arguments.messages(skipping: 1, or: "Hello World!"), key: arguments.words.first ?? "anonymous.info",
                to: broker)
        },
        Role(
            "receive", takes: "PATTERN...",
            does: "prints the log messages whose key matches: * is a word, # any number of words"
        ) { broker, arguments in
            try await receive(arguments.words, from: broker)
        },
    ],
    play: { play in
        try await play.start("receive 'kern.*'") { try await receive(["kern.*"], from: $0) }
        try await play.start("receive '#.critical'") { try await receive(["#.critical"], from: $0) }
        try await play.run("emit", then: 1) { try await emit(["A new mouse"], key: "kern.info", to: $0) }
        try await play.run("emit", then: 2) { try await emit(["A kernel error"], key: "kern.critical", to: $0) }
        try await play.run("emit", then: 1) { try await emit(["Wrong key"], key: "auth.ssh.critical", to: $0) }
        try await play.run("emit", then: 0) { try await emit(["Hello World!"], key: "anonymous.info", to: $0) }
    }
).run()
