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

        /// - Parameters:
        ///   - step: whose program it is
        ///   - sender, receiver: a file of the program, and a marker in it
        ///   - acknowledgement: a marker in the receiver's file
        init(
            _ name: String, of step: String, from sender: (file: String, marker: String),
            to receiver: (file: String, marker: String), acknowledgement: String? = nil, deliveries: Int = 1
        ) {
            self.name = name
            self.sender = CodePlace("\(step)/\(sender.file)", sender.marker)
            self.receiver = CodePlace("\(step)/\(receiver.file)", receiver.marker)
            self.acknowledgement = acknowledgement.map { CodePlace("\(step)/\(receiver.file)", $0) }
            self.deliveries = deliveries
        }

        /// A log message, for two receivers.
        static func log(of step: String) -> Leg {
            Leg(
                "the log message", of: step, from: ("Emit", "logs.publish("), to: ("Receive", "for try await message"),
                deliveries: 2)
        }
    }

    let waiting: [Part]
    let acting: Part
    let legs: [Leg]

    /// Whether all has been seen that there is to see.
    func isComplete(_ paths: [MessagePath]) -> Bool {
        guard paths.count >= legs.count else { return false }
        return zip(paths, legs).allSatisfy { path, leg in
            path.deliveries.count >= leg.deliveries && path.deliveries.allSatisfy(\.isSettled)
        }
    }
}
