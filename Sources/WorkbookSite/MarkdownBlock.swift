/// A piece of a page: what the workbook's pages use of Markdown (CommonMark with GitHub's tables), and nothing else.
indirect enum MarkdownBlock: Equatable, Sendable {
    case heading(level: Int, text: String)
    case paragraph(String)
    /// A fenced block. `caption` says in which terminal it happens, where the page tells.
    case code(language: String, lines: [String], caption: String?)
    /// `start` is the first number of an ordered list, `nil` for one with bullets.
    case list(start: Int?, items: [[MarkdownBlock]])
    case table(head: [String], rows: [[String]])
    case quote([MarkdownBlock])
    /// What a reader opens: `<details><summary>…</summary>`.
    case details(summary: String, [MarkdownBlock])
}
