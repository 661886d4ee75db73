import TutorialKit

// Step 3: every receiver gets every message.
await Step(
    "pubsub",
    roles: [
        Role(
            "emit", takes: "[MESSAGE]", options: [.count, .stamped],
            does: "sends a log message to every receiver"
        ) { broker, arguments in
            try await emit(arguments.messages(or: "info: Hello World!"), to: broker)
        },
        Role("receive", options: [.stamped], does: "prints all log messages from now on") { broker, _ in
            try await receive(from: broker)
        },
    ],
    play: { play in
        for name in ["receiver 1", "receiver 2"] {
            try await play.start(name) { try await receive(from: $0) }
        }
        try await play.run("emitter", then: 2) { try await emit(["info: Hello World!"], to: $0) }
        try await play.run("emitter", then: 2) { try await emit(["warning: The disk is almost full"], to: $0) }
    }
).run()
