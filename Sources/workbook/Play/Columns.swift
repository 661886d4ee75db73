/// Terminals side by side: a line of each in its column, in the order in which they come.
struct Columns {
    let titles: [String]
    /// Characters in a row of the screen; nil: no screen, so that each line is labelled instead.
    let width: Int?

    /// Two of the same name are told apart by a number.
    static func titles(_ names: [String]) -> [String] {
        names.indices.map { index in
            guard names.count(where: { $0 == names[index] }) > 1 else { return names[index] }
            return "\(names[index]) \(names[...index].count { $0 == names[index] })"
        }
    }

    /// Above the columns; nothing where lines are labelled.
    var head: [String] {
        guard width != nil else { return [] }
        let cells = titles.map { cut($0, to: column) }
        return [row(cells), row(titles.map { _ in String(repeating: "─", count: column) })]
    }

    /// The rows that show a line of a column.
    func rows(_ line: String, in index: Int) -> [String] {
        guard width != nil else {
            let longest = titles.map(\.count).max() ?? 0
            return [titles[index].padded(to: longest) + " |" + line]
        }
        return pieces(line).map { piece in
            row(titles.indices.map { $0 == index ? piece : "" })
        }
    }

    private var column: Int { max(8, ((width ?? 80) - 3 * (titles.count - 1)) / max(1, titles.count)) }

    /// A line that is too long goes on in the next row, a little further in.
    private func pieces(_ line: String) -> [String] {
        guard line.count > column else { return [line] }
        var rest = line[...]
        var pieces = [String(rest.prefix(column))]
        rest = rest.dropFirst(column)
        while !rest.isEmpty {
            pieces.append("    " + rest.prefix(column - 4))
            rest = rest.dropFirst(column - 4)
        }
        return pieces
    }

    private func row(_ cells: [String]) -> String {
        var text = cells.map { $0.padded(to: column) }.joined(separator: " │ ")
        while text.last == " " { text.removeLast() }
        return text
    }

    private func cut(_ text: String, to width: Int) -> String {
        text.count > width ? text.prefix(width - 1) + "…" : text
    }
}
