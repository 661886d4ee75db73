/// The words that a program was started with, as far as they can be what it was asked for.
struct CommandWords {
    struct Word: Equatable {
        var text: String
        /// It may be the value of the option in front of it, or a file: nothing can be said of a program because of it.
        var isDoubtful = false
    }

    /// All but options, programs' files, paths and what is set in the environment.
    let all: [Word]

    init(_ words: [String]) {
        var rest = Self.withoutEnvironment(words)
        rest = Array(rest.dropFirst())
        // `sh -c 'python receive.py info'`: the words are inside of one.
        if let at = rest.firstIndex(where: { $0 == "-c" || $0 == "-lc" }), at <= 1 {
            rest = rest[(at + 1)...].flatMap { $0.split { " '\"".contains($0) }.map(String.init) }
            rest = Array(rest.drop(while: Self.isAssignment))
        }
        var all: [Word] = []
        var mayBeValue = false
        for word in rest {
            if word.hasPrefix("-"), word.count > 1 {
                mayBeValue = !word.contains("=") && word != "--"
                continue
            }
            defer { mayBeValue = false }
            if word.contains("/") || Self.has(word, Self.sources) { continue }
            all.append(Word(text: word, isDoubtful: mayBeValue || Self.has(word, Self.data)))
        }
        self.all = all
    }

    /// Those that are no option's value, and no file.
    var arguments: [String] { all.filter { !$0.isDoubtful }.map(\.text) }

    /// `env -i NAME=VALUE python receive.py`: what `env` makes of it.
    private static func withoutEnvironment(_ words: [String]) -> [String] {
        guard words.first?.split(separator: "/").last == "env" else { return words }
        return Array(words.dropFirst().drop { $0.hasPrefix("-") || isAssignment($0) })
    }

    private static func isAssignment(_ word: String) -> Bool {
        word.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_]*=.*/) != nil
    }

    private static let sources: Set<Substring> = [
        "py", "rb", "php", "go", "js", "mjs", "cjs", "ts", "java", "jar", "swift", "sh", "pl", "exs", "ex", "rs", "cs",
        "dll", "c", "lua", "kt", "class", "toml", "json", "yml", "yaml",
    ]
    private static let data: Set<Substring> = [
        "log", "txt", "csv", "tsv", "out", "err", "ini", "conf", "cfg", "db", "sqlite", "xml", "html", "md", "env",
    ]

    private static func has(_ word: String, _ endings: Set<Substring>) -> Bool {
        let parts = TopicPattern.words(word)
        return parts.count > 1 && endings.contains(parts[parts.count - 1])
    }

    private static let severities: Set<String> = [
        "debug", "info", "notice", "warning", "warn", "error", "critical", "fatal", "alert", "emergency",
    ]

    static func isSeverity(_ word: String) -> Bool { severities.contains(word.lowercased()) }

    /// With a sign that only patterns of a topic exchange have.
    static func isPattern(_ word: String) -> Bool {
        word.contains { "*#".contains($0) } && !word.contains { " =:".contains($0) }
    }

    /// It looks like a key of several words; not like a version, an address or the end of a sentence.
    static func isDotted(_ word: String) -> Bool {
        let parts = TopicPattern.words(word)
        return parts.count > 1 && !word.contains { " =:".contains($0) } && !parts.contains("")
            && !parts.allSatisfy { Int($0) != nil }
    }

    /// `com.acme.Receive`, `python3.11`: such a word may be what was started.
    static func mayBeProgram(_ word: String) -> Bool {
        let parts = TopicPattern.words(word)
        return parts.last?.first?.isUppercase == true || word.wholeMatch(of: /[A-Za-z]+[0-9]+(\.[0-9]+)+/) != nil
    }

    /// Those of the form `NAME=VALUE`.
    var pairs: [(name: String, value: String)] { arguments.compactMap(Self.pair) }

    /// The same, also what is doubtful.
    var names: Set<String> { Set(all.compactMap { Self.pair($0.text)?.name }) }

    private static func pair(_ word: String) -> (name: String, value: String)? {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        return parts.count == 2 && !parts[0].isEmpty && !parts[0].contains(" ") ? (parts[0], parts[1]) : nil
    }
}
