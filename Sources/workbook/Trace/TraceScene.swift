/// What is played for a trace: a step with one message, or with two where the second answers the first.
struct TraceScene: Sendable {
    /// One message, and where the step's own code sends and takes it.
    struct Leg: Sendable {
        var name: String
        var sender: CodePlace
        var receiver: CodePlace
        /// nil: the step consumes with noAck.
        var acknowledgement: CodePlace?
        var deliveries = 1
    }

    let waiting: [Chapter.Part]
    let acting: Chapter.Part
    let legs: [Leg]

    /// nil for a step that nobody has written one for.
    init?(_ chapter: Chapter) {
        func leg(
            _ name: String, _ sender: (String, String), _ receiver: (String, String), ack: String? = nil,
            deliveries: Int = 1
        ) -> Leg {
            Leg(
                name: name, sender: CodePlace("\(chapter.step)/\(sender.0)", sender.1),
                receiver: CodePlace("\(chapter.step)/\(receiver.0)", receiver.1),
                acknowledgement: ack.map { CodePlace("\(chapter.step)/\(receiver.0)", $0) }, deliveries: deliveries)
        }
        let logs = [
            leg("the log message", ("Emit", "logs.publish("), ("Receive", "for try await message"), deliveries: 2)
        ]
        let words: [String]
        switch chapter.step {
        case "hello":
            words = ["send"]
            legs = [leg("the message", ("Send", "channel.publish("), ("Receive", "for try await message"))]
        case "worker":
            words = ["new-task", "Short task"]
            legs = [
                leg("the task", ("NewTask", "channel.publish("), ("Work", "for try await task"), ack: "task.ack()")
            ]
        case "pubsub": (words, legs) = (["emit"], logs)
        case "routing": (words, legs) = (["emit", "error", "The disk is full"], logs)
        case "topic": (words, legs) = (["emit", "kern.critical"], logs)
        case "rpc":
            words = ["call", "30"]
            legs = [
                leg(
                    "the question", ("Call", "channel.publish(request"), ("Serve", "for try await request"),
                    ack: "request.ack()"),
                leg("the answer", ("Serve", "channel.publish(reply"), ("Call", "replies.first")),
            ]
        case "confirms":
            words = ["publish"]
            legs = [
                leg(
                    "the order", ("Send", "channel.publishForConfirm("), ("Receive", "for try await order"),
                    ack: "order.ack()")
            ]
        case "headers": (words, legs) = (["emit", "format=pdf", "type=report"], logs)
        case "retry":
            words = ["new-task", "Mend the fence"]
            legs = [leg("the job", ("NewTask", "channel.publish("), ("Work", "for try await job"), ack: "job.ack()")]
        default: return nil
        }
        acting = Chapter.Part(words: words)
        // One worker is enough for one task.
        waiting = chapter.step == "worker" ? [Chapter.Part(words: ["work"])] : chapter.waiting
    }

    /// Whether all has been seen that there is to see.
    func isComplete(_ paths: [MessagePath]) -> Bool {
        guard paths.count >= legs.count else { return false }
        return zip(paths, legs).allSatisfy { path, leg in
            path.deliveries.count >= leg.deliveries && path.deliveries.allSatisfy(\.isSettled)
        }
    }
}
