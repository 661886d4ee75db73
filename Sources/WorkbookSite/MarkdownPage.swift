import Foundation

/// A page taken apart: what stands between the `---` at its top, and its blocks.
///
/// The workbook's own pages are its only input, and a test renders all of them: what they don't use (setext headings,
/// reference links, HTML other than `details`) is not read.
struct MarkdownPage: Equatable, Sendable {
    private(set) var frontMatter: [String: String] = [:]
    private(set) var blocks: [MarkdownBlock] = []

    init(_ text: String) {
        var lines = text.components(separatedBy: "\n")
        if lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") {
            for line in lines[1..<end] {
                guard let colon = line.firstIndex(of: ":") else { continue }
                frontMatter[String(line[..<colon])] = line[line.index(after: colon)...].trimmingCharacters(
                    in: .whitespaces)
            }
            lines.removeSubrange(...end)
        }
        var reader = MarkdownReader(lines: lines)
        blocks = reader.blocks()
    }

    /// The text of the first heading.
    var title: String? {
        for case .heading(_, let text) in blocks { return text }
        return nil
    }
}

/// Reads blocks from lines. What is inside a list item or `details` is read by another of these.
private struct MarkdownReader {
    private let lines: [String]
    private var next = 0
    /// From the comments right above a block: `<!-- terminal: 2, stays -->`.
    private var terminal: String?

    init(lines: [String]) {
        self.lines = lines
    }

    mutating func blocks() -> [MarkdownBlock] {
        var result: [MarkdownBlock] = []
        while next < lines.count {
            let line = lines[next]
            if line.allSatisfy(\.isWhitespace) {
                next += 1
            } else if line.hasPrefix("<!--") {
                skipComment()
            } else {
                result.append(block(line))
                terminal = nil
            }
        }
        return result
    }

    private mutating func block(_ line: String) -> MarkdownBlock {
        if line.hasPrefix("```") { return code() }
        if line.hasPrefix("#"), let heading = heading(line) {
            next += 1
            return heading
        }
        if line.hasPrefix("|") { return table() }
        if line.hasPrefix(">") { return quote() }
        if line.hasPrefix("<details>") { return details() }
        if let marker = Marker(line) { return list(marker) }
        return paragraph()
    }

    private func heading(_ line: String) -> MarkdownBlock? {
        let level = line.prefix { $0 == "#" }.count
        guard level <= 6, line.dropFirst(level).first == " " else { return nil }
        return .heading(level: level, text: line.dropFirst(level).trimmingCharacters(in: .whitespaces))
    }

    private mutating func skipComment() {
        if let range = lines[next].range(of: "terminal: ") {
            let rest = lines[next][range.upperBound...]
            terminal = rest.prefix { $0 != "," && $0 != " " }.description
        }
        while next < lines.count, !lines[next].contains("-->") { next += 1 }
        next += 1
    }

    private mutating func code() -> MarkdownBlock {
        let language = lines[next].dropFirst(3).trimmingCharacters(in: .whitespaces)
        next += 1
        var inside: [String] = []
        while next < lines.count, !lines[next].hasPrefix("```") {
            inside.append(lines[next])
            next += 1
        }
        next += 1
        return .code(language: language, lines: inside, caption: terminal.map { "terminal \($0)" })
    }

    private mutating func table() -> MarkdownBlock {
        var rows: [[String]] = []
        while next < lines.count, lines[next].hasPrefix("|") {
            rows.append(Self.cells(lines[next]))
            next += 1
        }
        let isRule: ([String]) -> Bool = { $0.allSatisfy { !$0.isEmpty && $0.allSatisfy { "-: ".contains($0) } } }
        return .table(head: rows.first ?? [], rows: rows.dropFirst().filter { !isRule($0) })
    }

    /// A bar inside of `code` or behind a backslash is no border.
    private static func cells(_ line: String) -> [String] {
        var cells = [""]
        var isCode = false
        var isEscaped = false
        for character in line {
            if character == "|", !isCode, !isEscaped {
                cells.append("")
            } else {
                if character == "`", !isEscaped { isCode.toggle() }
                if character == "|", isEscaped { cells[cells.count - 1].removeLast() }
                cells[cells.count - 1].append(character)
            }
            isEscaped = character == "\\" && !isEscaped
        }
        // Nothing stands before the first border and behind the last.
        if line.trimmingCharacters(in: .whitespaces).hasSuffix("|") { cells.removeLast() }
        return cells.dropFirst().map { $0.trimmingCharacters(in: .whitespaces) }
    }

    private mutating func quote() -> MarkdownBlock {
        var inside: [String] = []
        while next < lines.count, lines[next].hasPrefix(">") {
            let content = lines[next].dropFirst()
            inside.append(String(content.first == " " ? content.dropFirst() : content))
            next += 1
        }
        var reader = MarkdownReader(lines: inside)
        return .quote(reader.blocks())
    }

    private mutating func details() -> MarkdownBlock {
        var text = String(lines[next].dropFirst("<details>".count))
        next += 1
        var inside: [String] = []
        while next < lines.count, !lines[next].hasPrefix("</details>") {
            inside.append(lines[next])
            next += 1
        }
        next += 1
        text = text.replacing("<summary>", with: "").replacing("</summary>", with: "")
        var reader = MarkdownReader(lines: inside)
        return .details(summary: text, reader.blocks())
    }

    /// What begins an item of a list: `- `, or `1. `.
    private struct Marker {
        var number: Int?
        /// How far the item's other lines are indented.
        var width: Int

        init?(_ line: String) {
            if line.hasPrefix("- ") || line.hasPrefix("* ") {
                width = 2
                return
            }
            let digits = line.prefix { $0.isASCII && $0.isNumber }
            guard let number = Int(digits), line.dropFirst(digits.count).hasPrefix(". ") else { return nil }
            self.number = number
            width = digits.count + 2
        }
    }

    private mutating func list(_ first: Marker) -> MarkdownBlock {
        var items: [[MarkdownBlock]] = []
        while next < lines.count, let marker = Marker(lines[next]), (marker.number == nil) == (first.number == nil) {
            var inside = [String(lines[next].dropFirst(marker.width))]
            next += 1
            while next < lines.count {
                let line = lines[next]
                let indentation = line.prefix { $0 == " " }.count
                if indentation >= marker.width {
                    inside.append(String(line.dropFirst(marker.width)))
                } else if line.isEmpty {
                    inside.append("")
                } else {
                    break
                }
                next += 1
            }
            var reader = MarkdownReader(lines: inside)
            items.append(reader.blocks())
        }
        return .list(start: first.number, items: items)
    }

    private mutating func paragraph() -> MarkdownBlock {
        var text = lines[next]
        next += 1
        while next < lines.count, continuesParagraph(lines[next]) {
            text += "\n" + lines[next]
            next += 1
        }
        return .paragraph(text)
    }

    private func continuesParagraph(_ line: String) -> Bool {
        if line.isEmpty || Marker(line) != nil && Marker(line)?.number ?? 1 == 1 { return false }
        return !["```", "#", "|", ">", "<details>", "<!--"].contains { line.hasPrefix($0) }
    }
}
