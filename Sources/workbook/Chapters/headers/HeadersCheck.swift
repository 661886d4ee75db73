import AMQPWire

/// Chapter 8: chosen by headers instead of a key.
struct HeadersCheck: ProgramCheck {
    let inspection: Inspection

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        let log = await inspection.producerEnded(run)
        return EmitterJudge(type: "headers", see: .headersRead, log: log).findings
            + [HeadersJudge(words: [], log: log).carriesHeaders].compactMap { $0 }
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        let judge = try await SubscriberCheck(inspection: inspection, type: "headers").run(run) { Self.probes($0) }
        return judge.findings(.headersRead) + [
            HeadersJudge(words: inspection.subject.words, log: judge.log).bindsByHeaders
        ]
            + judge.selects(.headersPicture)
    }

    /// For a binding with x-match all: a message with all of its headers, and one with all but the first. For any: one
    /// with the first alone, and one with none of them.
    static func probes(_ log: WireLog) -> [SubscriberCheck.Probe] {
        let none: FieldTable = ["workbook-check": "none"]
        var probes: [SubscriberCheck.Probe] = [
            .init(key: "", body: "Check: not asked for", headers: none, isWanted: false)
        ]
        for (number, binding) in log.bindings.filter({ $0.place.connection == 1 }).enumerated() {
            let fields = HeadersJudge.fields(binding)
            guard let first = fields.first else { continue }
            let isAny = HeadersJudge.match(binding)?.hasPrefix("any") == true
            let name = "Check \(number + 1)"
            probes.append(.init(key: "", body: name, headers: FieldTable(isAny ? [first] : fields)))
            if !isAny, fields.count > 1 {
                probes.append(
                    .init(
                        key: "", body: "\(name), one header missing", headers: FieldTable(Array(fields.dropFirst())),
                        isWanted: false))
            }
        }
        return probes
    }
}

struct HeadersJudge {
    let words: [String]
    let log: WireLog

    static func match(_ binding: WireLog.Binding) -> String? { binding.method.arguments["x-match"]?.text }

    static func fields(_ binding: WireLog.Binding) -> [FieldTable.Field] {
        binding.method.arguments.fields.filter { !$0.name.text.hasPrefix("x-") }
    }

    /// nil when it published nothing.
    var carriesHeaders: Finding? {
        guard let first = log.published.first else { return nil }
        let headers = first.properties.headers ?? [:]
        return Point(
            "says what its message is in headers",
            why:
                "A headers exchange does not look at the routing key, nor at the text. A message without headers "
                + "matches only bindings that ask for nothing.", see: .headersRead
        ).finding(
            !headers.isEmpty,
            "basic.publish at \(first.place.time) ms with "
                + (headers.isEmpty ? "no headers, routing key '\(first.key)'." : "headers \(headers)."))
    }

    var bindsByHeaders: Finding {
        func point(_ why: String) -> Point {
            Point("binds by headers, and says how many must match", why: why, see: .headersRead)
        }
        guard let binding = log.bindings.first(where: { $0.place.connection == 1 }) else {
            return point("A queue gets nothing without a binding.").finding(false, "No queue.bind was seen.")
        }
        let text = "queue.bind at \(binding.place.time) ms with \(binding.method.arguments)"
        if Self.fields(binding).isEmpty {
            return point("A binding that asks for no header matches every message; its key is ignored.")
                .finding(false, text + (binding.key.isEmpty ? "." : ", and key '\(binding.key)'."))
        }
        guard let match = Self.match(binding) else {
            return point("Without x-match all of them must match. Say so, for the next reader.").finding(
                false, text + ".")
        }
        let asked = words.first { $0 == "all" || $0 == "any" }
        return point("'all' and 'any' differ: a message with one of the two headers matches any, but not all.")
            .finding(
                asked == nil || match.hasPrefix(asked ?? ""), text + (asked.map { ", started with '\($0)'." } ?? "."))
    }
}
