/// Judges the keys of chapters 4 and 5 by the words that the program was started with.
struct KeyJudge {
    let words: [String]
    let log: WireLog

    /// The keys of the first copy's bindings.
    var bound: [String] { log.bindings.filter { $0.place.connection == 1 }.map(\.key) }

    /// What was asked for: from the first word of the command that is bound, all that follow. A program whose keys are not
    /// among its words has them in its code; what it bound is what it wanted.
    var wanted: [String] {
        let keys = bound
        if let first = words.firstIndex(where: { keys.contains($0) }) { return Array(words[first...]) }
        // Several words bound as one.
        if let first = words.firstIndex(where: { word in keys.contains { Self.parts($0).contains(word) } }) {
            return Array(words[first...])
        }
        return keys.filter { !$0.isEmpty && $0 != "#" }
    }

    private static func parts(_ key: String) -> [String] {
        key.split { " ,;:|/".contains($0) }.map(String.init)
    }

    var oneQueue: Finding {
        let queues = Set(log.bindings.filter { $0.place.connection == 1 }.map(\.queue))
        return Point(
            "binds one queue to all its keys",
            why: "One queue keeps the order, gives each message once, and needs one consumer.", see: .routingRead
        ).finding(queues.count == 1, "\(bound.count) bindings to \(queues.count) queue\(queues.count == 1 ? "" : "s").")
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
        if keys.contains("#"), !words.contains("#") {
            return point("'#' matches every key: everything is delivered, and the program throws most of it away.")
                .finding(false, text + ", though it was not started with '#'.")
        }
        if let odd = keys.first(where: {
            $0.split(separator: ".").contains { $0.count > 1 && $0.contains { "*#".contains($0) } }
        }) {
            return point("'*' and '#' stand for whole words; these are not the wildcards of a shell.")
                .finding(false, text + ": in '\(odd)' the sign is only part of a word.")
        }
        if let missing = wanted.first(where: { !keys.contains($0) }) {
            return point("A binding has one key, and several keys need several bindings.")
                .finding(false, text + ", but not with '\(missing)', which it was started with.")
        }
        return point("").finding(true, text + ".")
    }

    /// An emitter's routing key says what its message is; nil when it published nothing.
    static func isOneWord(_ log: WireLog) -> Finding? {
        guard let first = log.published.first else { return nil }
        return Point(
            "its routing key is the severity",
            why: "A direct exchange compares the whole key, byte by byte. It can't see what only the text says.",
            see: .routingRead
        ).finding(
            !first.key.isEmpty && parts(first.key).count == 1 && parts(first.key)[0] == first.key,
            "basic.publish at \(first.place.time) ms with routing key '\(first.key)', text '\(first.body)'.")
    }

    /// The same for chapter 5.
    static func isDotted(_ log: WireLog) -> Finding? {
        guard let first = log.published.first else { return nil }
        let words = first.key.split(separator: ".", omittingEmptySubsequences: false)
        return Point(
            "its routing key is words with dots between them",
            why:
                "A topic exchange splits the key at its dots, and at nothing else. It can't see what the text says.",
            see: .topicRead
        ).finding(
            words.count > 1 && parts(first.key).count == 1,
            "basic.publish at \(first.place.time) ms with routing key '\(first.key)': "
                + "\(words.count) word\(words.count == 1 ? "" : "s"), \(first.key.utf8.count) bytes of 255.")
    }
}
