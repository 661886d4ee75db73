/// The words that a program was started with, as far as they can be what it was asked for.
struct CommandWords {
    /// Words that are certainly no key: options, what may be an option's value, files, addresses.
    let arguments: [String]

    init(_ words: [String]) {
        var rest = Array(words.dropFirst())
        // `sh -c 'python receive.py info'`: the words are inside of one.
        if let at = rest.firstIndex(where: { $0 == "-c" || $0 == "-lc" }), at <= 1 {
            rest = rest[(at + 1)...].flatMap { $0.split { " '\"".contains($0) }.map(String.init) }
        }
        var arguments: [String] = []
        var mayBeValue = false
        for word in rest {
            if word.hasPrefix("-"), word.count > 1 {
                mayBeValue = !word.contains("=") && word != "--"
                continue
            }
            defer { mayBeValue = false }
            if !mayBeValue, !word.contains("/"), !Self.isFile(word) { arguments.append(word) }
        }
        self.arguments = arguments
    }

    private static let endings: Set<Substring> = [
        "py", "rb", "php", "go", "js", "mjs", "cjs", "ts", "java", "jar", "swift", "sh", "pl", "exs", "ex", "rs", "cs",
        "dll", "c", "lua", "kt", "class", "toml", "json", "yml", "yaml",
    ]

    private static func isFile(_ word: String) -> Bool {
        let parts = word.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count > 1 && endings.contains(parts[parts.count - 1])
    }

    private static let severities: Set<String> = [
        "debug", "info", "notice", "warning", "warn", "error", "critical", "fatal", "alert", "emergency",
    ]

    /// Those that name a severity.
    var severities: [String] { arguments.filter { Self.severities.contains($0.lowercased()) } }

    /// Those that look like keys and patterns of a topic exchange.
    var dotted: [String] {
        arguments.filter { word in
            !word.contains { " =:".contains($0) } && (word.contains(".") || word.contains { "*#".contains($0) })
        }
    }

    /// Those of the form `NAME=VALUE`.
    var pairs: [(name: String, value: String)] {
        arguments.compactMap { word in
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            return parts.count == 2 && !parts[0].isEmpty && !parts[0].contains(" ") ? (parts[0], parts[1]) : nil
        }
    }
}
