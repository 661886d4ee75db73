import AMQPWire
import Interceptor

/// Who sent what when, from the last frame that matters before the one thing that went wrong to what came of it.
struct SequencePicture: Sendable {
    /// A line of it.
    struct Row: Sendable, Equatable {
        enum Kind: Sendable, Equatable {
            case toBroker, toClient
            /// What went wrong, or what a program did.
            case event
        }

        var time: Int64
        var run: Int
        var kind: Kind
        var text: String
        /// The frame, or the missing one, that matters.
        var isStruck = false
    }

    private(set) var rows: [Row] = []
    /// The second program is there from the beginning.
    private let isBeside: Bool

    /// - Parameter body: the message that it is about
    init(_ outcome: Bout.Outcome, about body: String?) {
        let struckAt = outcome.history.struckAt ?? .max
        isBeside = outcome.history.blow == .another
        var all = outcome.seen.compactMap(Self.row)
        let blow = outcome.history.blow
        let passed = blow.map { Self.passes($0) } ?? false
        let strike = Row(
            time: struckAt, run: 1, kind: .event, text: blow?.text ?? "", isStruck: true)
        if blow != nil, struckAt != .max {
            // Behind the frame that it follows, or in the place of the one that did not pass.
            let place =
                passed
                ? all.lastIndex { $0.time <= struckAt && $0.run == 1 }.map { $0 + 1 } ?? 0
                : all.firstIndex { $0.time >= struckAt } ?? all.count
            all.insert(strike, at: place)
        }
        for life in outcome.history.lives {
            guard let status = life.status, let end = life.endedAt else { continue }
            let at = all.firstIndex { $0.time > end } ?? all.count
            let text = "\(name(life.run)) ended with status \(status)"
            all.insert(Row(time: end, run: life.run, kind: .event, text: text), at: at)
        }
        rows = Self.shortened(all, body)
    }

    private static func passes(_ blow: Blow) -> Bool {
        switch blow {
        case .cut(_, .after), .kill(_, .after), .kill(_, .amid), .restart, .crash: true
        default: false
        }
    }

    private func name(_ run: Int) -> String { run == 1 ? "the program" : isBeside ? "the other" : "its successor" }

    private static let most = 16

    /// What is far from the strike and not about the message is left out.
    private static func shortened(_ all: [Row], _ body: String?) -> [Row] {
        guard all.count > most else { return all }
        let center = all.firstIndex(where: \.isStruck) ?? 0
        let chosen = all.indices.filter { index in
            abs(index - center) <= 5 || all[index].kind == .event
                || body.map { all[index].text.contains("'\($0)'") } ?? false
        }
        return chosen.prefix(most + 8).map { all[$0] }
    }

    private static func row(_ seen: Observation) -> Row? {
        guard let method = seen.method, let text = text(method, seen.content) else { return nil }
        return Row(time: seen.time, run: seen.run, kind: seen.isFromBroker ? .toClient : .toBroker, text: text)
    }

    /// What a reader needs of a method; nil: it is one of those that only make the conversation possible.
    private static func text(_ method: Method, _ content: Content?) -> String? {
        let body = content.map { " '\(String(decoding: $0.body.prefix(24), as: UTF8.self))'" } ?? ""
        switch method {
        case .basicDeliver(let deliver):
            return "deliver \(deliver.deliveryTag)\(body)\(deliver.redelivered ? " redelivered" : "")"
        case .basicGetOk(let ok): return "get-ok \(ok.deliveryTag)\(body)\(ok.redelivered ? " redelivered" : "")"
        case .basicPublish(let publish):
            let to = publish.exchange.text.isEmpty ? publish.routingKey.text : publish.exchange.text
            return "publish\(body) to \(to.prefix(16))"
        case .basicAck(let ack): return "ack \(ack.deliveryTag)\(ack.multiple ? " multiple" : "")"
        case .basicNack(let nack): return "nack \(nack.deliveryTag)\(nack.requeue ? " requeue" : "")"
        case .basicReject(let reject): return "reject \(reject.deliveryTag)\(reject.requeue ? " requeue" : "")"
        case .basicReturn: return "return\(body)"
        case .basicConsume(let consume): return "consume\(consume.noAck ? " no-ack" : "")"
        case .connectionClose, .connectionBlocked, .connectionUnblocked, .channelClose, .queueDeclare, .queueBind,
            .confirmSelect:
            return String(describing: method.id).split(separator: ".").joined(separator: " ")
        default: return nil
        }
    }

    // MARK: In letters

    private static let lane = 44

    var lines: [String] {
        var lines = ["     ms  program" + "".padded(to: Self.lane - 6) + "broker"]
        for row in rows {
            let time = String(max(0, row.time))
            let stamp = "".padded(to: max(0, 7 - time.count)) + time + (row.run > 1 ? " *" : "  ")
            switch row.kind {
            case .event where row.isStruck: lines.append("\(stamp)XXX  \(row.text)")
            case .event: lines.append("\(stamp) |   \(row.text)")
            case .toBroker:
                let text = "-- \(row.text) "
                lines.append("\(stamp) |\(text)\(dashes(Self.lane - text.count - 1))>|")
            case .toClient:
                let text = "-- \(row.text) "
                lines.append("\(stamp) |<\(text)\(dashes(Self.lane - text.count - 1))|")
            }
        }
        if rows.contains(where: { $0.run > 1 }) {
            lines.append(
                isBeside
                    ? "         * the other program, beside it" : "         * its successor, started when it was gone")
        }
        return lines
    }

    private func dashes(_ count: Int) -> String { String(repeating: "-", count: max(1, count)) }
}
