/// Messages that no program can process, and messages that stay when they are read.
extension GauntletJudge {
    // MARK: A message that no program can process

    /// Handed out so often, a message goes round forever. RabbitMQ 4 gives a quorum queue a limit of 20 by itself.
    static let endless = 24

    var endless: [Harm] {
        guard history.blow == .poison, let poison = promise.poison else { return [] }
        let count = handings(of: poison).count
        // A limit above what is waited for may still come.
        guard count >= Self.endless, history.deliveryLimit ?? 0 < count else { return [] }
        return [
            Harm(
                kind: .endless, seen: "'\(poison)' was handed out \(count) times, and it was in its queue again.",
                body: poison)
        ]
    }

    /// A program that acknowledges such a message and goes on has processed it after all.
    func isFailure(_ harm: Harm) -> Bool {
        guard harm.body == promise.poison, let last = handings(of: promise.poison ?? "").last else { return true }
        let livesOn = !last.isOver && history.life(last.run)?.isRunning == true
        return !(livesOn && last.settlement == .ack)
    }

    /// What is behind it has to be done.
    var blocked: [Harm] {
        guard history.lives.last?.isRunning == true, let poison = promise.poison else { return [] }
        let undone = distinct(history.sent).filter { body in
            body != poison && history.isLeft.contains(body) && !handings(of: body).contains(where: isDone)
        }
        return undone.prefix(1).map { body in
            Harm(kind: .stuck, seen: "'\(body)' waits behind '\(poison)'." + waited, body: body)
        }
    }

    // MARK: Streams

    /// A message of the stream that no reader has read, though one is there and reads.
    var skipped: [Harm] {
        guard promise.keepsMessages, let life = history.lives.last, life.isRunning, life.isConsuming else { return [] }
        return distinct(history.sent).filter { !isRead($0) }.prefix(1).map { body in
            let held = history.handings.filter(isHeld)
            if !held.isEmpty, !handings(of: body).contains(where: { $0.run == life.run }) {
                let seen =
                    "'\(body)' does not come: \(counted(held.count, "message")) before it were handed to the "
                    + "program and never acknowledged, and a stream sends more only for an acknowledgement."
                return Harm(kind: .stuck, seen: seen + waited, body: body)
            }
            let last = handings(of: body).last
            let story = last == nil ? "was never handed out" : "was handed out at \(last?.time ?? 0) ms, and not done"
            let next = history.handings.first { $0.run == life.run && $0.run > 1 }
            let from = next.map { " Started again, it went on at '\($0.body)'." } ?? ""
            return Harm(kind: .skipped, seen: "'\(body)' \(story).\(from)" + waited, body: body)
        }
    }

    /// A line about it says so best. An acknowledgement only asks for more; where nothing else is to be seen, it has to do.
    private func isRead(_ body: String) -> Bool {
        if history.isTelling, history.lines.contains(where: { $0.contains(body) }) { return true }
        if history.isTelling, case .kill(_, .amid)? = history.blow { return false }
        return handings(of: body).contains { $0.hasArrived && $0.settlement == .ack }
    }
}
