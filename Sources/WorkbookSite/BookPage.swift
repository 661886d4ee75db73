/// The whole book on one page, for printing: its contents and its chapters, everything open that a reader would open.
struct BookPage {
    static let path = "book.html"

    let chapters: [BookChapter]

    var html: String {
        let minutes = chapters.compactMap(\.minutes).reduce(0, +)
        let contents = chapters.map { chapter in
            let time = chapter.minutes.map { " <span class=\"small\">\($0) minutes</span>" } ?? ""
            return "<li><a href=\"#\(anchor(chapter))\">\(escaped(chapter.title))</a>\(time)</li>"
        }
        return """
            <section class="cover"><h1>\(Layout.name)</h1>
            <p>A workbook: \(chapters.count) chapters, about \(minutes) minutes without the exercises.</p>
            <ul class="plain">\(contents.joined(separator: "\n"))</ul></section>
            \(chapters.map(article).joined(separator: "\n"))
            """
    }

    private func anchor(_ chapter: BookChapter) -> String { "chapter-\(chapter.chapter.number)" }

    private func article(_ chapter: BookChapter) -> String {
        let path = chapter.chapter.path
        let inline = InlineMarkdown(link: { target in
            let link = PageLink(target, on: path)
            guard let file = link.file else { return target }
            // What is not in the book is not on paper.
            guard let other = chapters.first(where: { $0.chapter.path == file }) else { return nil }
            return "#\(anchor(other))" + (link.anchor.map { "-\($0)" } ?? "")
        })
        let body = PageHTML(
            chapter.page.blocks, inline: inline, anchorPrefix: anchor(chapter) + "-", opensDetails: true)
        return "<article id=\"\(anchor(chapter))\">\(body.html)</article>"
    }
}
