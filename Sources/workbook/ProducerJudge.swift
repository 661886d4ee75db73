import AMQPWire

/// Judges a program that hands out tasks by what was seen on the wire: chapter 2.
struct ProducerJudge {
    let observations: [Observation]

    /// nil when it published nothing.
    var findings: [Finding]? {
        let published = observations.filter {
            if case .method(.basicPublish) = $0.what { $0.direction == .fromProgram } else { false }
        }
        guard let first = published.first, case .method(.basicPublish(let publish)) = first.what else { return nil }
        return [declared(publish), persistent]
    }

    private func declared(_ publish: BasicPublish) -> Finding {
        let title = "declares its queue durable"
        for seen in observations {
            guard case .method(.queueDeclare(let declare)) = seen.what, declare.queue == publish.routingKey else {
                continue
            }
            return Finding(
                isGood: declare.durable, title: title,
                seen:
                    "queue.declare of '\(declare.queue.text)' at \(seen.time) ms, durable: \(declare.durable ? "yes" : "no").",
                why: declare.durable
                    ? "" : "When the broker restarts, the queue is gone, and every task in it. See 'Read it'.")
        }
        return Finding(
            isGood: false, title: title,
            seen: "No queue.declare of '\(publish.routingKey.text)', the routing key, was seen.",
            why: "If nobody has made the queue yet, the task is dropped, and nobody is told. See chapter 1, 'Break it'."
        )
    }

    private var persistent: Finding {
        let title = "makes its tasks persistent"
        let messages = observations.compactMap { seen -> (Int64, BasicProperties)? in
            if case .message(let properties, _) = seen.what, seen.direction == .fromProgram {
                (seen.time, properties)
            } else {
                nil
            }
        }
        guard let bad = messages.first(where: { $0.1.deliveryMode != 2 }) else {
            return Finding(isGood: true, title: title, seen: "\(messages.count) with delivery-mode 2.")
        }
        return Finding(
            isGood: false, title: title,
            seen: "A message at \(bad.0) ms with delivery-mode \(bad.1.deliveryMode.map { "\($0)" } ?? "not set").",
            why: "A durable queue comes back after a restart of the broker, but empty. See 'Read it', persistent.")
    }
}
