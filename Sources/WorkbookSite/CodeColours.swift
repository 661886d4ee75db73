/// Marks the words of a piece of code with classes, which the style sheet colours.
enum CodeColours {
    static func html(_ lines: [String], language: String) -> String {
        switch language {
        case "swift": swift(lines.joined(separator: "\n"))
        case "console": lines.map(console).joined(separator: "\n")
        case "diff": lines.map(diff).joined(separator: "\n")
        case "sh", "python", "toml": lines.map(hashComment).joined(separator: "\n")
        default: escaped(lines.joined(separator: "\n"))
        }
    }

    private static func span(_ style: String, _ text: some StringProtocol) -> String {
        "<span class=\"\(style)\">\(escaped(String(text)))</span>"
    }

    /// What the reader types stands out from what is printed.
    private static func console(_ line: String) -> String {
        if line.hasPrefix("$ ") { return span("prompt", "$ ") + span("typed", line.dropFirst(2)) }
        return line == "^C" || line == "^D" ? span("typed", line) : escaped(line)
    }

    private static func diff(_ line: String) -> String {
        switch line.first {
        case "+": span("added", line)
        case "-": span("removed", line)
        case "@": span("comment", line)
        default: escaped(line)
        }
    }

    private static func hashComment(_ line: String) -> String {
        guard let start = line.firstIndex(of: "#"), start == line.startIndex || line[line.index(before: start)] == " "
        else { return escaped(line) }
        return escaped(String(line[..<start])) + span("comment", line[start...])
    }

    private static let keywords: Set<String> = [
        "actor", "any", "as", "async", "await", "break", "case", "catch", "class", "continue", "default", "defer", "do",
        "else", "enum", "extension", "fallthrough", "false", "fileprivate", "final", "for", "func", "guard", "if",
        "import",
        "in", "indirect", "init", "inout", "internal", "is", "let", "mutating", "nil", "nonisolated", "private",
        "protocol",
        "public", "repeat", "return", "self", "Self", "some", "static", "struct", "subscript", "super", "switch",
        "throw",
        "throws", "true", "try", "typealias", "var", "where", "while",
    ]

    private static func swift(_ code: String) -> String {
        var html = ""
        var rest = code[...]
        while let character = rest.first {
            let token: Substring
            if rest.hasPrefix("//") {
                token = rest.prefix { $0 != "\n" }
                html += span("comment", token)
            } else if character == "\"" {
                token = string(rest)
                html += span("string", token)
            } else if character.isLetter || character == "_" {
                token = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                if keywords.contains(String(token)) {
                    html += span("keyword", token)
                } else if character.isUppercase {
                    html += span("type", token)
                } else {
                    html += escaped(String(token))
                }
            } else if character.isNumber {
                token = rest.prefix { $0.isHexDigit || $0 == "_" || $0 == "x" || $0 == "." }
                html += span("number", token)
            } else {
                token = rest.prefix(1)
                html += escaped(String(token))
            }
            rest = rest.dropFirst(token.count)
        }
        return html
    }

    /// A literal with its quotes; what is interpolated counts as part of it, strings inside included.
    private static func string(_ text: Substring) -> Substring {
        let quote = text.hasPrefix("\"\"\"") ? "\"\"\"" : "\""
        var rest = text.dropFirst(quote.count)
        var depth = 0
        while let character = rest.first {
            if depth == 0, rest.hasPrefix(quote) {
                rest = rest.dropFirst(quote.count)
                break
            }
            if character == "\n", quote.count == 1 { break }
            if rest.hasPrefix("\\(") {
                depth += 1
                rest = rest.dropFirst(2)
            } else if character == "\\" {
                rest = rest.dropFirst(2)
            } else {
                if depth > 0, character == "(" { depth += 1 }
                if depth > 0, character == ")" { depth -= 1 }
                rest = rest.dropFirst()
            }
        }
        return text[..<rest.startIndex]
    }
}
