import Foundation

/// What the search finds: each part of a chapter, and each rule. Made with the site, so that it needs no network.
struct SearchIndex {
    static let path = "search-index.js"

    /// A place that a search may find.
    struct Entry: Equatable {
        /// From the top of the site, with the anchor.
        var way: String
        /// What it is in: a chapter's title, or the rules.
        var place: String
        var title: String
        var text: String
    }

    private(set) var entries: [Entry] = []

    init(chapters: [BookChapter], rules: RulesPage) {
        for chapter in chapters { add(chapter) }
        entries += rules.entries
    }

    private mutating func add(_ chapter: BookChapter) {
        var anchors = Anchors()
        for block in chapter.page.blocks {
            guard case .heading(let level, let text) = block else {
                if !entries.isEmpty { entries[entries.count - 1].text += block.plain + " " }
                continue
            }
            let way = chapter.output + (level == 1 ? "" : "#\(anchors.next(for: text))")
            // The name of the first heading is taken, too.
            if level == 1 { _ = anchors.next(for: text) }
            entries.append(Entry(way: way, place: chapter.title, title: InlineMarkdown.plain(text), text: ""))
        }
    }

    /// A script, and no data to be fetched: a page that comes from a disk may load the one and not the other.
    var script: String {
        let rows = entries.map { entry in
            let words = entry.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            return "[" + [entry.way, entry.place, entry.title, words].map(Self.quoted).joined(separator: ",") + "]"
        }
        return "const searchIndex = [\n\(rows.joined(separator: ",\n"))\n];\n"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text.unicodeScalars {
            switch character {
            case "\"", "\\": result += "\\\(character)"
            case _ where character.value < 0x20: result += " "
            default: result.unicodeScalars.append(character)
            }
        }
        return result + "\""
    }
}

extension MarkdownBlock {
    /// Its words, without marks. Pictures have none.
    var plain: String {
        switch self {
        case .heading(_, let text), .paragraph(let text): InlineMarkdown.plain(text)
        case .code("mermaid", _, _): ""
        case .code(_, let lines, _): lines.joined(separator: " ")
        case .list(_, let items): items.map { $0.map(\.plain).joined(separator: " ") }.joined(separator: " ")
        case .table(let head, let rows): (head + rows.flatMap { $0 }).map(InlineMarkdown.plain).joined(separator: " ")
        case .quote(let blocks): blocks.map(\.plain).joined(separator: " ")
        case .details(let summary, let blocks):
            InlineMarkdown.plain(summary) + " " + blocks.map(\.plain).joined(separator: " ")
        }
    }
}
