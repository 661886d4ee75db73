import Foundation

/// The blocks of a page as HTML.
struct PageHTML {
    let inline: InlineMarkdown
    /// Before the names of headings, where several pages become one.
    private let anchorPrefix: String
    /// On paper nobody opens anything.
    private let opensDetails: Bool
    private(set) var html = ""
    private var names = Anchors()

    /// The names by which links reach the headings.
    var anchors: Set<String> { names.all }

    init(_ blocks: [MarkdownBlock], inline: InlineMarkdown, anchorPrefix: String = "", opensDetails: Bool = false) {
        (self.inline, self.anchorPrefix, self.opensDetails) = (inline, anchorPrefix, opensDetails)
        html = blocks.map { render($0) }.joined(separator: "\n")
    }

    private mutating func render(_ block: MarkdownBlock) -> String {
        switch block {
        case .heading(let level, let text):
            let anchor = anchorPrefix + names.next(for: text)
            return "<h\(level) id=\"\(escaped(anchor))\">\(inline.html(text))</h\(level)>"
        case .paragraph(let text):
            return "<p>\(inline.html(text))</p>"
        case .code("mermaid", let lines, _):
            if let chart = Flowchart(lines) { return FlowchartSVG(chart).svg }
            return "<pre><code>\(escaped(lines.joined(separator: "\n")))</code></pre>"
        case .code(let language, let lines, let caption):
            let label = caption.map { "<figcaption>\(escaped($0))</figcaption>" } ?? ""
            // What scrolls is reached with the keyboard too.
            return "<figure class=\"\(escaped(language))\">\(label)<pre tabindex=\"0\"><code>"
                + "\(CodeColours.html(lines, language: language))</code></pre></figure>"
        case .list(let start, let items):
            let inside = items.map { "<li>\(item($0))</li>" }.joined(separator: "\n")
            guard let start else { return "<ul>\n\(inside)\n</ul>" }
            return "<ol\(start == 1 ? "" : " start=\"\(start)\"")>\n\(inside)\n</ol>"
        case .table(let head, let rows):
            let heads = head.map { "<th>\(inline.html($0))</th>" }.joined()
            let lines = rows.map { "<tr>\($0.map { "<td>\(inline.html($0))</td>" }.joined())</tr>" }
            let top = head.allSatisfy(\.isEmpty) ? "" : "<thead><tr>\(heads)</tr></thead>"
            let table = "<table>\(top)<tbody>\(lines.joined(separator: "\n"))</tbody></table>"
            return "<div class=\"wide\" tabindex=\"0\">\(table)</div>"
        case .quote(let blocks):
            return "<blockquote>\(blocks.map { render($0) }.joined(separator: "\n"))</blockquote>"
        case .details(let summary, let blocks):
            let inside = blocks.map { render($0) }.joined(separator: "\n")
            return
                "<details\(opensDetails ? " open" : "")><summary>\(inline.html(summary))</summary>\n\(inside)\n</details>"
        }
    }

    /// A short item is a line, no paragraph.
    private mutating func item(_ blocks: [MarkdownBlock]) -> String {
        if case .paragraph(let text)? = blocks.first, blocks.dropFirst().allSatisfy(\.isList) {
            return ([inline.html(text)] + blocks.dropFirst().map { render($0) }).joined(separator: "\n")
        }
        return blocks.map { render($0) }.joined(separator: "\n")
    }
}

extension MarkdownBlock {
    fileprivate var isList: Bool {
        if case .list = self { return true }
        return false
    }
}
