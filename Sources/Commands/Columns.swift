extension String {
    /// With spaces behind it, `width` characters in all; what is longer stays as it is.
    package func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

/// The text in lines of at most `width` characters where its words allow that, each behind `indent` spaces. What fits a
/// line stays as it is.
package func wrapped(_ text: String, indent: Int = 0, width: Int = 80) -> [String] {
    let margin = "".padded(to: indent)
    return text.split(separator: "\n", omittingEmptySubsequences: false).flatMap { line in
        if indent + line.count <= width { return [margin + line] }
        return line.split(separator: " ").reduce(into: [String]()) { lines, word in
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(margin + word)
            }
        }
    }
}

/// Two columns in lines of at most `width` characters where that can be done. The second goes on below itself; where the
/// first is long, the second begins on the next line.
func table(_ rows: [(String, String)], width: Int = 80) -> [String] {
    let widest = 35
    let first = rows.map(\.0.count).filter { $0 <= widest }.max() ?? 8
    let margin = "".padded(to: first + 4)
    return rows.flatMap { name, text in
        let lines = wrapped(text, width: width - margin.count)
        if name.count > widest { return ["  " + name] + lines.map { margin + $0 } }
        return ["  " + name.padded(to: first) + "  " + lines[0]] + lines.dropFirst().map { margin + $0 }
    }
}

/// What a help consists of, with an empty line between the parts; a part without lines is left out.
func page(_ parts: [[String]]) -> String {
    parts.filter { !$0.isEmpty }.map { $0.joined(separator: "\n") }.joined(separator: "\n\n")
}
