import TutorialKit

// Step 9: what fails is tried again, later, and not forever.
await Step(
    "retry",
    roles: [
        Role(
            "new-task", takes: "[MESSAGE]", options: [.count],
            does: "hands out a job; one with a '!' in it fails"
        ) { broker, arguments in
            try await newTask(arguments.messages(or: "Hello World"), to: broker)
        },
        Role("work", does: "does jobs; tries a failing one three times, then parks it") { broker, _ in
            try await work(from: broker)
        },
        Role("dead", does: "prints the parked jobs, and takes them away") { broker, _ in
            try await dead(from: broker)
        },
    ],
    play: { play in
        try await play.start("worker") { try await work(from: $0) }
        try await play.start("dead") { try await dead(from: $0) }
        try await play.run("new-task", then: 2) { try await newTask(["Mend the fence"], to: $0) }
        // Two attempts, of which the worker prints two lines each; the third, and then the line of the dead.
        try await play.run("new-task", then: 7) { try await newTask(["Defuse the bomb!"], to: $0) }
    }
).run()
