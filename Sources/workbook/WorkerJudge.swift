import AMQPWire

/// What `workbook check` has to say about one point.
struct Finding: Equatable, Sendable {
    var isGood: Bool
    /// What should be so, in a few words.
    var title: String
    /// What was seen, and when.
    var seen: String
    /// Why it matters, and where the chapter says so. Empty when all is well.
    var why = ""
}

/// Judges a worker by what was seen on the wire: chapter 2.
///
/// A program may only be judged by what it shows: a worker that acknowledges before the work looks like a very fast one.
/// So the tasks are given a length, and an acknowledgement that comes much too early is taken for what it is.
struct WorkerJudge {
    /// How long the shortest task must take, in milliseconds.
    let shortestTask: Int64
    let observations: [Observation]

    struct Handed {
        var time: Int64
        var connection: Int
        var channel: UInt16
        var tag: UInt64
        var body = ""
        var acknowledged: [Int64] = []
    }

    /// The deliveries of a connection to the worker, with the acknowledgements of each.
    var deliveries: [Handed] {
        var all: [Handed] = []
        for seen in observations {
            switch (seen.direction, seen.what) {
            case (.fromBroker, .method(.basicDeliver(let deliver))):
                all.append(
                    Handed(
                        time: seen.time, connection: seen.connection, channel: seen.channel, tag: deliver.deliveryTag))
            case (.fromBroker, .message(_, let body)):
                guard
                    let index = all.lastIndex(where: { $0.connection == seen.connection && $0.channel == seen.channel })
                else { continue }
                all[index].body = String(decoding: body, as: UTF8.self)
            case (.fromProgram, .method(.basicAck(let ack))):
                for index in all.indices
                where all[index].connection == seen.connection && all[index].channel == seen.channel {
                    let isMeant =
                        ack.multiple
                        ? all[index].tag <= ack.deliveryTag && all[index].acknowledged.isEmpty
                        : all[index].tag == ack.deliveryTag
                    if isMeant { all[index].acknowledged.append(seen.time) }
                }
            default: break
            }
        }
        return all
    }

    var consume: (time: Int64, method: BasicConsume)? {
        for seen in observations {
            if case .method(.basicConsume(let method)) = seen.what { return (seen.time, method) }
        }
        return nil
    }

    /// Everything that can be said without killing it.
    var findings: [Finding] {
        guard let consume else {
            return [
                Finding(
                    isGood: false, title: "consumes", seen: "No basic.consume was seen.",
                    why: "A worker that does not consume gets nothing. Does it use AMQP_URL? See 'Read it'.")
            ]
        }
        return [durable(consume), acknowledges(consume), afterTheWork(consume), once, prefetch(consume)].compactMap {
            $0
        }
    }

    private func durable(_ consume: (time: Int64, method: BasicConsume)) -> Finding {
        let title = "declares its queue durable"
        for seen in observations {
            guard case .method(.queueDeclare(let declare)) = seen.what, declare.queue == consume.method.queue else {
                continue
            }
            let text =
                "queue.declare of '\(declare.queue.text)' at \(seen.time) ms, durable: \(declare.durable ? "yes" : "no")"
            if declare.passive { continue }
            return Finding(
                isGood: declare.durable, title: title, seen: text,
                why: declare.durable
                    ? "" : "When the broker restarts, the queue is gone, and every task in it. See 'Read it', durable.")
        }
        return Finding(
            isGood: false, title: title, seen: "No queue.declare of '\(consume.method.queue.text)' was seen.",
            why: "Whoever comes first makes the queue; if nobody does, consuming fails with 404. See 'Read it'.")
    }

    private func acknowledges(_ consume: (time: Int64, method: BasicConsume)) -> Finding {
        let title = "acknowledges its tasks"
        if consume.method.noAck {
            return Finding(
                isGood: false, title: title, seen: "basic.consume at \(consume.time) ms with no-ack.",
                why:
                    "Each task counts as done the moment it is sent to the worker: if it dies, the task is lost. See 'Run it'."
            )
        }
        // On a channel that the broker has closed, it could not: why it was closed is another finding.
        let missing = deliveries.filter { $0.acknowledged.isEmpty && !closed.contains($0.connection) }
        guard let first = missing.first else {
            return Finding(isGood: true, title: title, seen: "\(deliveries.count) deliveries, each with a basic.ack.")
        }
        return Finding(
            isGood: false, title: title,
            seen: "'\(first.body)' was delivered at \(first.time) ms, and no basic.ack came.",
            why: "The broker must keep what is unacknowledged, and hands all of it out again when the worker ends. "
                + "See 'Break it'.")
    }

    /// The connections on which the broker has closed a channel.
    private var closed: Set<Int> {
        Set(
            observations.filter {
                if case .method(.channelClose) = $0.what { $0.direction == .fromBroker } else { false }
            }.map(\.connection))
    }

    private func afterTheWork(_ consume: (time: Int64, method: BasicConsume)) -> Finding? {
        guard !consume.method.noAck, let early = deliveries.first(where: { !$0.acknowledged.isEmpty }) else {
            return nil
        }
        let worst = deliveries.filter { !$0.acknowledged.isEmpty }.min {
            $0.acknowledged[0] - $0.time < $1.acknowledged[0] - $1.time
        }
        let handed = worst ?? early
        let took = handed.acknowledged[0] - handed.time
        let isGood = took >= shortestTask
        return Finding(
            isGood: isGood, title: "acknowledges after the work",
            seen: "basic.ack \(took) ms after '\(handed.body)' was delivered"
                + (isGood ? "." : ", which takes at least \(shortestTask) ms."),
            why: isGood
                ? ""
                : "If the worker dies after the ack and before the end of the work, the task is lost. See 'Break it'.")
    }

    private var once: Finding? {
        guard let twice = deliveries.first(where: { $0.acknowledged.count > 1 }) else { return nil }
        var text =
            "two basic.ack for delivery tag \(twice.tag), at \(twice.acknowledged[0]) and \(twice.acknowledged[1]) ms"
        for seen in observations {
            if case .method(.channelClose(let close)) = seen.what, seen.direction == .fromBroker {
                text += "; the broker closed the channel: \(close.replyText.text)"
                break
            }
        }
        return Finding(
            isGood: false, title: "acknowledges each task once", seen: text + ".",
            why: "The second closes the channel, and a worker that doesn't notice just goes quiet. See 'Break it'.")
    }

    private func prefetch(_ consume: (time: Int64, method: BasicConsume)) -> Finding? {
        guard !consume.method.noAck else { return nil }
        let title = "limits its prefetch before it consumes"
        let why =
            "Without a limit a worker gets every task by turn, and sits on them while others are idle. See 'Predict' b)."
        for seen in observations {
            guard case .method(.basicQos(let qos)) = seen.what, qos.prefetchCount > 0 else { continue }
            let text = "basic.qos with prefetch-count \(qos.prefetchCount) at \(seen.time) ms"
            if seen.time <= consume.time, precedes(seen) {
                return Finding(isGood: true, title: title, seen: text + ", before basic.consume.")
            }
            return Finding(
                isGood: false, title: title, seen: text + ", after basic.consume at \(consume.time) ms.",
                why: "A limit set later is for later consumers. " + why)
        }
        return Finding(isGood: false, title: title, seen: "No basic.qos with a prefetch-count was seen.", why: why)
    }

    /// Whether it came before the first basic.consume; times may be equal.
    private func precedes(_ qos: Observation) -> Bool {
        for seen in observations {
            if case .method(.basicConsume) = seen.what { return false }
            if case .method(.basicQos(let method)) = seen.what, method.prefetchCount > 0 { return true }
        }
        return false
    }
}
