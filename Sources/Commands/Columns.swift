/// The text with spaces behind it, `width` characters in all unless it is longer.
package func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

/// The text with spaces before it.
package func rightAligned(_ text: String, to width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
}

/// The text in lines of at most `width` characters where its words allow that. Shorter lines stay as they are.
func wrapped(_ text: String, to width: Int = 80) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
        if line.count <= width { return [String(line)] }
        var lines: [String] = []
        for word in line.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }
}

/// Two columns in lines of at most `width` characters where that can be done. The second goes on below itself; where the
/// first is long, the second begins on the next line.
func table(_ rows: [(String, String)], width: Int = 80) -> [String] {
    let widest = 34
    let first = rows.map(\.0.count).filter { $0 <= widest }.max() ?? 8
    let margin = String(repeating: " ", count: first + 4)
    return rows.flatMap { name, text in
        let lines = wrapped(text, to: width - margin.count)
        if name.count > widest { return ["  " + name] + lines.map { margin + $0 } }
        return ["  " + padded(name, to: first) + "  " + lines[0]] + lines.dropFirst().map { margin + $0 }
    }
}

/// What a help consists of, with an empty line between the parts; a part without lines is left out.
func page(_ parts: [[String]]) -> String {
    parts.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
}
