/// The text with spaces behind it, `width` characters in all unless it is longer.
package func padded(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

/// The text with spaces before it.
package func rightAligned(_ text: String, to width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.count)) + text
}

/// Two columns in lines of at most 80 characters where that can be done. The second goes on below itself; where the
/// first is long, the second begins on the next line.
func table(_ rows: [(String, String)], width: Int = 80) -> [String] {
    let widest = 37
    let first = rows.map(\.0.count).filter { $0 <= widest }.max() ?? 8
    let margin = String(repeating: " ", count: first + 4)
    return rows.flatMap { name, text in
        var lines = ["  " + padded(name, to: first)]
        if name.count > widest { lines.append(margin) } else { lines[0] += "  " }
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, lines[lines.count - 1].count + word.count + 1 > width {
                lines.append(margin)
                isEmpty = true
            }
            lines[lines.count - 1] += isEmpty ? word : " " + word
            isEmpty = false
        }
        return lines
    }
}
