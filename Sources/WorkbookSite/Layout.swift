/// What every page of the site has around its body: the way home, the search, the chapters, and what comes before and after.
struct Layout {
    static let name = "Messaging Patterns in Swift"

    let chapters: [BookChapter]
    /// Of the page, relative to the site.
    let path: String
    /// The file of the repository that the page shows; empty for one that shows none.
    let source: String

    func html(title: String, body: String) -> String {
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(escaped(title == Self.name ? title : "\(title) · \(Self.name)"))</title>
        <style>\(SiteStyle.sheet)</style>
        </head>
        <body>
        <nav aria-label="Chapters"><a class="home" href="\(way("index.html"))">\(Self.name)</a>
        <form role="search" action="\(way(SearchPage.path))"><input type="search" name="q" placeholder="Search"
        aria-label="Search"></form>
        <ol>\(entries)</ol></nav>
        <main>
        \(body)
        \(neighbours)
        </main>
        </body>
        </html>

        """
    }

    private func way(_ target: String) -> String { escaped(Site.relative(target, from: path)) }

    /// Also on a chapter's hints the chapter is the one that is open.
    private var current: Int? {
        chapters.firstIndex { !source.isEmpty && Site.folder(of: $0.chapter.path) == Site.folder(of: source) }
    }

    private var entries: String {
        let pages = [("Contents", ContentsPage.path), ("The workbook", "Tutorials/index.html")]
        let before = pages.map { entry($0, $1, isHere: path == $1) }
        let steps = chapters.enumerated().map { index, entry in
            self.entry("\(entry.chapter.number) \(entry.chapter.step)", entry.output, isHere: index == current)
        }
        return (before + steps + [entry("The rules", RulesPage.path, isHere: path == RulesPage.path)]).joined()
    }

    private func entry(_ text: String, _ target: String, isHere: Bool) -> String {
        isHere
            ? "<li class=\"here\"><a href=\"\(way(target))\" aria-current=\"page\">\(escaped(text))</a></li>"
            : "<li><a href=\"\(way(target))\">\(escaped(text))</a></li>"
    }

    /// The book from its beginning to its end.
    private var book: [(title: String, path: String)] {
        [("Contents", ContentsPage.path), ("The workbook", "Tutorials/index.html")]
            + chapters.map { ($0.title, $0.output) } + [("The rules", RulesPage.path)]
    }

    private var neighbours: String {
        guard let here = book.firstIndex(where: { $0.path == path }) else { return "" }
        func link(_ number: Int, _ relation: String, _ text: (String) -> String) -> String {
            guard book.indices.contains(number) else { return "<span></span>" }
            return "<a rel=\"\(relation)\" href=\"\(way(book[number].path))\">\(escaped(text(book[number].title)))</a>"
        }
        return "<footer>" + link(here - 1, "prev") { "← \($0)" } + "\n" + link(here + 1, "next") { "\($0) →" }
            + "</footer>"
    }
}
