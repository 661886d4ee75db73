import TutorialKit

// Step 1: a producer, a queue, a consumer.
await Step(
    "hello",
    roles: [
        Role(
            "send", takes: "[MESSAGE]", options: [.count, .stamped],
            does: "puts a message into the queue"
        ) { broker, arguments in
            try await send(arguments.messages(or: "Hello World!"), to: broker)
        },
        Role("receive", options: [.stamped], does: "prints what comes out of the queue") { broker, _ in
            try await receive(from: broker)
        },
    ],
    play: { play in
        try await play.start { try await receive(from: $0) }
        try await play.run(then: 1) { try await send(["Hello World!"], to: $0) }
    }
).run()
