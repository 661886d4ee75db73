import TutorialKit

// Step 10: brokers die, and workers. Confirmed messages survive, and a message that kills every worker is put aside.
await Step(
    "quorum",
    roles: [
        Role(
            "new-task", takes: "[MESSAGE]", options: [.count],
            does: "hands out a payment, and waits for the confirm; one with a '!' in it crashes its worker"
        ) { broker, arguments in
            try await newTask(arguments.messages(or: "Hello World"), to: broker)
        },
        Role("work", does: "makes payments, and comes back after each crash and when the broker does") { broker, _ in
            try await work(from: broker)
        },
        Role("dead", does: "prints the payments that the broker put aside, and takes them away") { broker, _ in
            try await dead(from: broker)
        },
    ],
    play: { play in
        try await play.start("worker") { try await work(from: $0) }
        try await play.start("dead") { try await dead(from: $0) }
        try await play.run("new-task", then: 2) { try await newTask(["Pay the rent"], to: $0) }
        // Three lives of the worker, of which it prints three lines each; then the line of the dead.
        try await play.run("new-task", then: 10) { try await newTask(["Pay the bonus!"], to: $0) }
    }
).run()
