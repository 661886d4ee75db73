import TutorialKit

// Step 7: the producer knows of each message whether the broker has it.
await Step(
    "confirms",
    roles: [
        Role(
            "publish", takes: "[MESSAGE]", options: [.count],
            does: "publishes an order, and waits until the broker has confirmed it"
        ) { broker, arguments in
            let refused = try await publish(arguments.messages(or: "Hello World!"), to: broker)
            if refused > 0 {
                throw StepError(
                    "The broker did not take: \(refused). Returned: there is no queue named 'orders'; "
                        + "'swift run confirms receive' declares it. Refused: that queue is full.")
            }
        },
        Role("receive", does: "prints the orders, and declares their queue") { broker, _ in
            try await receive(from: broker)
        },
    ],
    play: { play in
        // Nobody has declared the queue yet.
        try await play.run("publisher") { _ = try await publish(["Too early"], to: $0) }
        try await play.start("receiver") { try await receive(from: $0) }
        try await play.run("publisher", then: 3) {
            _ = try await publish(["A chair", "A table", "A lamp"], to: $0)
        }
    }
).run()
