/// Judges the keys of chapters 4 and 5 by the words that the program was started with.
struct KeyJudge {
    let words: CommandWords
    let log: WireLog
    /// The keys are patterns.
    var isTopic = false

    init(words: [String], log: WireLog, isTopic: Bool = false) {
        (self.words, self.log, self.isTopic) = (CommandWords(words), log, isTopic)
    }

    private var type: String { isTopic ? "topic" : "direct" }

    /// The keys of the bindings by which the first copy listens.
    var bound: [String] { log.subscriptions(to: type).map(\.key) }

    /// The words that it was certainly asked for: what it has bound itself, and what can't be anything else. nil: its words
    /// say nothing, for they are in its code.
    private var asked: [String]? {
        let all = words.all
        let hits = all.indices.filter { at in bound.contains { asks(all[at].text, for: $0) } }
        // Several words bound as one.
        let first = hits.first ?? all.firstIndex { word in bound.contains { Self.parts($0).contains(word.text) } }
        let between = (hits.first ?? 0)..<(hits.last ?? 0)
        let keys = all.indices.filter { at in
            if hits.contains(at) { return true }
            return !all[at].isDoubtful && (between.contains(at) || isKey(all[at].text, isBehind: first.map { at > $0 }))
        }
        // With options' values alone nobody knows what is meant: from this severity on, say.
        return keys.allSatisfy { all[$0].isDoubtful } ? nil : keys.map { all[$0].text }
    }

    /// - Parameter isBehind: the first word that is one; nil: there is none
    private func isKey(_ word: String, isBehind: Bool?) -> Bool {
        guard isTopic else { return CommandWords.isSeverity(word) }
        if CommandWords.isPattern(word) { return true }
        return CommandWords.isDotted(word) && (isBehind ?? !CommandWords.mayBeProgram(word))
    }

    /// Whether a word means a key: `WARN` is `warning` to some, `app:warning` to others, and `error` is `err`. In front of a
    /// key of several words may be the name of the program.
    private func asks(_ word: String, for key: String) -> Bool {
        guard word != key else { return true }
        if isTopic {
            return (CommandWords.isDotted(word) || CommandWords.isPattern(word)) && key.hasSuffix("." + word)
        }
        guard CommandWords.isSeverity(word), Self.words(key) == [key] else { return false }
        let word = word.lowercased()
        return key.lowercased().split { ".:/|-_".contains($0) }.contains { part in
            part.hasPrefix(word) || part.count > 2 && word.hasPrefix(part)
        }
    }

    /// What the program wanted; when its words don't say, what it bound.
    var wanted: [String] {
        guard let asked else { return bound.filter { !$0.isEmpty && $0 != "#" } }
        return asked.map { word in bound.first { asks(word, for: $0) } ?? word }
    }

    /// Its words say nothing, and it has bound itself to all that there is.
    var wantsAll: Bool { asked == nil && bound.contains("#") }

    private static func parts(_ key: String) -> [String] {
        key.split { " ,;:|/".contains($0) }.map(String.init)
    }

    /// What is no part of a name, but stands between names.
    private static func words(_ key: String) -> [String] { key.split { " ,;".contains($0) }.map(String.init) }

    var oneQueue: Finding {
        let queues = Set(log.subscriptions(to: type).map(\.queue))
        return Point(
            "binds one queue to all its keys",
            why: "One queue keeps the order, gives each message once, and needs one consumer.", see: .routingRead
        ).finding(
            queues.count == 1, "\(counted(bound.count, "binding")) to \(counted(queues.count, "queue")).")
    }

    func oneBindingEach(_ see: Paragraph) -> Finding {
        let keys = bound
        let shown = keys.map { "'\($0)'" }.joined(separator: ", ")
        let text = "queue.bind with \(keys.isEmpty ? "no key" : shown)"
        func point(_ why: String) -> Point { Point("binds once for each key that it wants", why: why, see: see) }
        if keys.contains("") {
            return point(
                "The empty key is a word like any other: it matches only messages with an empty routing key."
            )
            .finding(false, text + ": one of them is empty.")
        }
        if keys.contains("#"), let asked, !asked.contains("#") {
            return point("'#' matches every key: everything is delivered, and the program throws most of it away.")
                .finding(false, text + ", though it was not started with '#'.")
        }
        if isTopic, let odd = keys.first(where: Self.hasOddSign) {
            return point("'*' and '#' stand for whole words; these are not the wildcards of a shell.")
                .finding(false, text + ": in '\(odd)' the sign is only part of a word.")
        }
        guard let asked else { return point("").finding(true, text + ".") }
        if let missing = asked.first(where: { word in !keys.contains { asks(word, for: $0) } }) {
            return point("A binding has one key, and several keys need several bindings.")
                .finding(false, text + ", but not with '\(missing)', which it was started with.")
        }
        if let more = keys.first(where: { key in !words.all.contains { asks($0.text, for: key) } }) {
            return point("Each binding brings messages that the program then has to take.")
                .finding(false, text + ": it was not started with '\(more)'.")
        }
        return point("").finding(true, text + ".")
    }

    /// As in a shell. `C#` is a word like any other.
    private static func hasOddSign(_ key: String) -> Bool {
        key.split(separator: ".").contains { $0.count > 1 && $0.contains("*") }
    }

    // MARK: Emitters

    /// An emitter's routing key says what its message is; nil when it published nothing.
    var isSeverity: Finding? {
        keyed(
            Point(
                "its routing key is the severity",
                why: "A direct exchange compares the whole key, byte by byte. It can't see what only the text says.",
                see: .routingRead), asked: words.arguments.first(where: CommandWords.isSeverity))
    }

    /// The same for chapter 5. A single word is a key too.
    var isDotted: Finding? {
        keyed(
            Point(
                "its routing key is words with dots between them",
                why:
                    "A topic exchange splits the key at its dots, and at nothing else. It can't see what the text says.",
                see: .topicRead),
            asked: words.arguments.first { CommandWords.isDotted($0) && !CommandWords.mayBeProgram($0) })
    }

    private func keyed(_ point: Point, asked: String?) -> Finding? {
        guard let first = log.emission(to: type) else { return nil }
        let text =
            "basic.publish at \(first.place.time) ms with routing key '\(first.key)', text '\(first.body.prefix(80))'"
        if first.key.isEmpty { return point.finding(false, text + ": the key is empty.") }
        if isRunTogether(first) { return point.finding(false, text + ": the key is more than a name of what it is.") }
        if isTopic, !first.key.contains("."), Self.parts(first.key).count > 1 {
            // A word may have any sign in it, but where there were dots, there should be some.
            let dotted = words.all.first { $0.text.split(separator: ".").map(String.init) == Self.parts(first.key) }
            return point.finding(
                dotted == nil ? .notSeen : .no,
                text
                    + (dotted.map { ", for '\($0.text)'." }
                        ?? ": without a dot it is one word, and patterns match all of it."))
        }
        let keys = Set(log.published.map(\.key))
        // Any of its words may have been meant.
        if let asked, !words.all.contains(where: { word in keys.contains { asks(word.text, for: $0) } }) {
            return point.finding(false, text + "; it was started with '\(asked)'.")
        }
        return point.finding(true, text + ".")
    }

    /// The key has the text of the message in it, or several of the words that the program was started with.
    private func isRunTogether(_ published: WireLog.Published) -> Bool {
        let parts = Self.words(published.key)
        guard parts.count > 1 else { return parts.isEmpty }
        let isText = !published.body.isEmpty && published.key.contains(published.body)
        return isText || parts.count { part in words.all.contains { $0.text == part } } > 1
    }
}
