/// Something that a reader can do with a chapter, and whether it is done.
public struct Deed: Sendable {
    let name: String
    let isDone: Bool

    public init(_ name: String, isDone: Bool) { (self.name, self.isDone) = (name, isDone) }
}

/// The contents of the book: each chapter with its title, its question, its parts and its minutes, and how far the reader is.
struct ContentsPage {
    static let path = "contents.html"

    let chapters: [BookChapter]
    let inline: InlineMarkdown
    /// By the chapters' steps. Empty: nobody knows who reads.
    let deeds: [String: [Deed]]

    var html: String {
        """
        <h1>Contents</h1>
        \(summary)
        <ol class="contents">
        \(chapters.map(entry).joined(separator: "\n"))
        </ol>
        <p>Behind the chapters: <a href="\(RulesPage.path)">the rules</a> that the conformance suite knows. For printing:
        <a href="\(BookPage.path)">the whole book on one page</a>.</p>
        """
    }

    private var summary: String {
        let minutes = chapters.compactMap(\.minutes).reduce(0, +)
        let time =
            "<p>\(chapters.count) chapters. Reading and running them takes about \(minutes) minutes, without the exercises."
        let all = deeds.values.flatMap { $0 }
        if all.isEmpty {
            return time + " <code>swift run workbook site --serve</code> shows here how far you are.</p>"
        }
        let done = all.count { $0.isDone }
        return time + " You have done \(done) of \(all.count) things in them.</p>"
            + "\n<progress max=\"\(all.count)\" value=\"\(done)\" aria-label=\"Done\"></progress>"
    }

    private func entry(_ chapter: BookChapter) -> String {
        let way = Site.relative(chapter.output, from: Self.path)
        let title = chapter.title.drop { $0.isNumber || $0 == "." || $0 == " " }
        let minutes = chapter.minutes.map { " <span class=\"small\">\($0) minutes</span>" } ?? ""
        let parts = chapter.sections.map { "<a href=\"\(way)#\(escaped($0.anchor))\">\(escaped($0.title))</a>" }
        return """
            <li value="\(chapter.chapter.number)"><a class="chapter" href="\(way)">\(escaped(String(title)))</a>\(minutes)
            <p>\(inline.html(chapter.question))</p>
            \(progress(deeds[chapter.chapter.step] ?? []))<p class="small">\(parts.joined(separator: " · "))</p></li>
            """
    }

    private func progress(_ deeds: [Deed]) -> String {
        if deeds.isEmpty { return "" }
        let marks = deeds.map { deed in
            deed.isDone
                ? "<li class=\"done\">\(escaped(deed.name)) <span role=\"img\" aria-label=\"done\">✓</span></li>"
                : "<li>\(escaped(deed.name))</li>"
        }
        return "<ul class=\"deeds\">\(marks.joined())</ul>\n"
    }
}
