import AMQPClient

/// What chapter 7 asks.
enum ConfirmsQuestions {
    static let all = [
        Question("publish-to-nobody", variants: 1) { _ in
            try await Playground.play { playground in
                let channel = try await playground.channel()
                try await channel.selectConfirms()
                try await channel.publish(Message("x"), routingKey: "nowhere")
                var right = 0
                do throws(AMQPError) {
                    try await channel.waitForConfirms()
                } catch {
                    if case .nacked = error.kind { right = 1 } else { right = 2 }
                }
                return Outcome(
                    "A channel has confirms on. A message is published to a routing key that no queue has. What does the "
                        + "broker answer?",
                    options: ["It confirms the message.", "It refuses the message (basic.nack).", "Nothing."],
                    right: right,
                    story: [right == 0 ? "The broker sent basic.ack." : "The broker did not send basic.ack."],
                    lesson: "A confirm means that the broker has dealt with the message, not that a queue has it.")
            }
        },
        Question("mandatory-to-nobody", variants: 1) { _ in
            try await Playground.play { playground in
                let channel = try await playground.channel()
                try await channel.selectConfirms()
                var returns = channel.returns.makeAsyncIterator()
                try await channel.publish(Message("x"), routingKey: "nowhere", mandatory: true)
                // A return is told by an error, once the confirm is there too.
                var isReturned = false
                do throws(AMQPError) {
                    try await channel.waitForConfirms()
                } catch {
                    if case .returned = error.kind { isReturned = true }
                }
                let isConfirmed = channel.unconfirmedCount == 0
                let text = isReturned ? try await returns.next(isolation: nil)?.replyText : nil
                return Outcome(
                    "A channel has confirms on. A mandatory message is published to a routing key that no queue has. "
                        + "What comes from the broker?",
                    options: [
                        "The message, in a basic.return, and no confirm.", "The message, and a confirm.",
                        "A confirm alone.", "Nothing.",
                    ],
                    right: isReturned ? (isConfirmed ? 1 : 0) : (isConfirmed ? 2 : 3),
                    story: [
                        "The message \(text.map { "came back, with the words \($0)" } ?? "did not come back").",
                        "It was \(isConfirmed ? "" : "not ")confirmed.",
                    ],
                    lesson: "The return comes first, then the confirm. If you wait for the confirm, you know both.")
            }
        },
    ]
}
