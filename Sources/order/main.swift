import TutorialKit

// Step 12: many workers, and what belongs together stays in order.
let leave = Option("--leave", "N", "leave at the Nth message, before it is done")

await Step(
    "order",
    roles: [
        Role(
            "emit", takes: "[ACCOUNT [MESSAGE]]", options: [.count],
            does: "sends a message about an account, 'ann' if not given"
        ) { broker, arguments in
            try await emit(
                arguments.messages(skipping: 1, or: "Hello World!"), account: arguments.words.first ?? "ann",
                to: broker)
        },
        Role("work", takes: "QUEUE", options: [leave], does: "handles the messages of queue 1 or 2, in order") {
            broker, arguments in
            let word = arguments.words[0]
            guard let queue = Int(word), (1...2).contains(queue) else {
                throw UsageError("the queues are 1 and 2; there is no '\(word)'")
            }
            try await work(on: queue, leavingAt: arguments.integer(leave, in: 1...Int.max), from: broker)
        },
    ],
    play: { play in
        try await play.start("worker 1") { try await work(on: 1, leavingAt: 2, from: $0) }
        try await play.start("standby 1") { try await work(on: 1, from: $0) }
        try await play.start("worker 2") { try await work(on: 2, from: $0) }
        try await play.run("emit", then: 2) { try await emit(["deposit 50"], account: "bob", to: $0) }
        // Worker 1 prints four lines and leaves at the second message; the standby has that one, and the third.
        try await play.run("emit", then: 8) {
            try await emit(["deposit 10", "deposit 20", "pay 30"], account: "ann", to: $0)
        }
    }
).run()
