import AMQPWire

/// Chapter 8: chosen by headers instead of a key.
struct HeadersCheck: ProgramCheck {
    let inspection: Inspection

    func producer(_ run: Subject.Run) async throws -> [Finding] {
        let log = await inspection.producerEnded(run)
        return try await EmitterJudge(type: "headers", see: .headersRead, log: log).findings
            + [HeadersJudge(words: inspection.subject.words, log: log).carriesHeaders].compactMap { $0 }
            + OtherRole.findings(exchange: "headers_logs", type: .headers, inspection)
    }

    func consumer(_ run: Subject.Run) async throws -> [Finding] {
        let judge = try await SubscriberCheck(inspection: inspection, type: "headers").run(run) { Self.probes($0) }
        return judge.findings(.headersRead) + [
            HeadersJudge(words: inspection.subject.words, log: judge.log).bindsByHeaders
        ]
            + judge.selects(.headersPicture)
            + (try await OtherRole.findings(exchange: "headers_logs", type: .headers, inspection))
    }

    /// For a binding with x-match all: a message with all of its headers, and one with all but the first. For any: one
    /// with the first alone, and one with none of them.
    static func probes(_ log: WireLog) -> [SubscriberCheck.Probe] {
        let none: FieldTable = ["workbook-check": "none"]
        let bindings = log.subscriptions(to: "headers")
        var probes: [SubscriberCheck.Probe] = []
        func addUnwanted(_ body: String, _ headers: FieldTable) {
            // By another of its bindings it may be asked for after all.
            let isAsked = bindings.contains { !HeadersJudge.fields($0).isEmpty && HeadersJudge.takes(headers, $0) }
            if !isAsked { probes.append(.init(key: "", body: body, headers: headers, isWanted: false)) }
        }
        addUnwanted("Check: not asked for", none)
        for (number, binding) in bindings.enumerated() {
            let fields = HeadersJudge.fields(binding)
            guard let first = fields.first else { continue }
            let isAny = HeadersJudge.match(binding)?.hasPrefix("any") == true
            let name = "Check \(number + 1)"
            probes.append(.init(key: "", body: name, headers: FieldTable(isAny ? [first] : fields)))
            if !isAny, fields.count > 1 {
                addUnwanted("\(name), one header missing", FieldTable(Array(fields.dropFirst())))
            }
        }
        return probes
    }
}

struct HeadersJudge {
    let words: CommandWords
    let log: WireLog

    init(words: [String], log: WireLog) { (self.words, self.log) = (CommandWords(words), log) }

    static func match(_ binding: WireLog.Binding) -> String? { binding.method.arguments["x-match"]?.text }

    static func fields(_ binding: WireLog.Binding) -> [FieldTable.Field] {
        binding.method.arguments.fields.filter { !$0.name.text.hasPrefix("x-") }
    }

    /// A pair that it was started with and that is not in the table; a value may be there as a number.
    private func missing(in fields: [FieldTable.Field]) -> (name: String, value: String)? {
        words.pairs.first { pair in
            !fields.contains { $0.name.text == pair.name && ($0.value.text ?? pair.value) == pair.value }
        }
    }

    /// A header that it was not started with, though it was with others.
    private func stray(in fields: [FieldTable.Field]) -> String? {
        words.pairs.isEmpty ? nil : fields.map(\.name.text).first { !words.names.contains($0) }
    }

    /// Whether a message with these headers comes by this binding.
    static func takes(_ headers: FieldTable, _ binding: WireLog.Binding) -> Bool {
        let isThere = fields(binding).map { field in
            headers.fields.contains { $0.name == field.name && $0.value == field.value }
        }
        return match(binding)?.hasPrefix("any") == true ? isThere.contains(true) : !isThere.contains(false)
    }

    /// nil when it published nothing.
    var carriesHeaders: Finding? {
        guard let first = log.emission(to: "headers") else { return nil }
        let headers = first.properties.headers ?? [:]
        let missing = headers.isEmpty ? nil : missing(in: headers.fields)
        return Point(
            "says what its message is in headers",
            why:
                "A headers exchange looks at neither the routing key nor the text. A message without headers "
                + "matches only bindings that ask for nothing.", see: .headersRead
        ).finding(
            !headers.isEmpty && missing == nil,
            "basic.publish at \(first.place.time) ms with "
                + (headers.isEmpty ? "no headers, routing key '\(first.key)'." : "headers \(headers)")
                + (headers.isEmpty
                    ? "" : missing.map { ", not with \($0.name)=\($0.value), which it was started with." } ?? "."))
    }

    /// Each of its bindings; the first that is wrong.
    var bindsByHeaders: Finding {
        let findings = log.subscriptions(to: "headers").map(binds)
        if let finding = findings.first(where: \.isWrong) ?? unbound ?? findings.first { return finding }
        return point("A queue gets nothing without a binding.").finding(false, "No queue.bind was seen.")
    }

    private func point(_ why: String) -> Point {
        Point("binds by headers, and says how many must match", why: why, see: .headersRead)
    }

    /// It was started with a pair that none of its bindings has.
    private var unbound: Finding? {
        let all = log.subscriptions(to: "headers").flatMap(Self.fields)
        guard !all.isEmpty, let missing = missing(in: all) else { return nil }
        return point("A headers exchange compares only the headers that a binding names.").finding(
            false, "No queue.bind with \(missing.name)=\(missing.value), which it was started with.")
    }

    private func binds(_ binding: WireLog.Binding) -> Finding {
        let text = "queue.bind at \(binding.place.time) ms with \(binding.method.arguments)"
        if Self.fields(binding).isEmpty {
            return point("A binding that asks for no header matches every message; its key is ignored.")
                .finding(false, text + (binding.key.isEmpty ? "." : ", and key '\(binding.key)'."))
        }
        guard let match = Self.match(binding) else {
            return point("Without x-match all of them must match. Say so, for the next reader.").finding(
                false, text + ".")
        }
        if let stray = stray(in: Self.fields(binding)) {
            return point("Each header that a binding names keeps messages away, or brings more.").finding(
                false, text + ": it was not started with '\(stray)'.")
        }
        let asked = words.arguments.first { $0 == "all" || $0 == "any" }
        return point("'all' and 'any' differ: a message with one of the two headers matches any, but not all.")
            .finding(
                asked == nil || match.hasPrefix(asked ?? ""), text + (asked.map { ", started with '\($0)'." } ?? "."))
    }
}
