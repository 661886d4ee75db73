import Foundation

/// The workbook as a static site, a book: each page of Markdown that can be reached from the front page, each source file that
/// a page links to, the rules, the contents, and a search, as HTML that needs no server and no network. Only the search needs
/// a script.
public struct Site: Sendable {
    /// A file of the site: its path, relative to the site's folder, and what is in it.
    public struct File: Sendable {
        public var path: String
        public var text: String
    }

    /// Where the contents are among the files.
    public static let contentsPath = ContentsPage.path

    public private(set) var files: [File] = []
    /// Links that lead nowhere, each with the page that it is on. None, when all is well.
    public private(set) var deadLinks: [String] = []

    private let root: URL
    private let chapters: [BookChapter]
    private let rules: RulesPage
    /// What the site needs of `Site.File`s made so far: the anchors in each.
    private var anchors: [String: Set<String>] = [:]

    /// Makes the site of the repository at `root`: the front page, the chapters in their order, and what these link to.
    /// Throws when one of them can't be read.
    public init(root: URL, chapters: [ChapterPage]) throws {
        self.root = root.standardizedFileURL
        self.chapters = try chapters.map { try BookChapter($0, root: root) }
        rules = try RulesPage(root: root)
        var waiting = ["README.md", "Tutorials/README.md"] + chapters.map(\.path)
        var seen = Set(waiting)
        var links: [PageLink] = []
        while let path = waiting.popLast() {
            let found = try add(path)
            for link in found {
                guard let target = link.file else { continue }
                if !exists(target) {
                    deadLinks.append("\(path): there is no \(target)")
                } else if seen.insert(target).inserted {
                    waiting.append(target)
                }
            }
            links += found
        }
        addPage(RulesPage.path, title: "The rules", rules.html)
        addPage(BookPage.path, title: Layout.name, BookPage(chapters: self.chapters).html)
        addPage(SearchPage.path, title: "Search", SearchPage.html)
        let index = SearchIndex(chapters: self.chapters, rules: rules)
        files.append(File(path: SearchIndex.path, text: index.script))
        files.append(File(path: SearchPage.scriptPath, text: SearchPage.script))
        files.append(contents())
        for link in links {
            guard let file = link.file, let anchor = link.anchor, let known = anchors[file] else { continue }
            if !known.contains(anchor) { deadLinks.append("\(link.page): there is no heading #\(anchor) in \(file)") }
        }
        files.sort { $0.path < $1.path }
        deadLinks.sort()
    }

    // MARK: Pages

    /// Adds the page of a file, and returns the links on it.
    private mutating func add(_ path: String) throws -> [PageLink] {
        if isFolder(path) {
            // A folder's page is its README.
            return [PageLink("\(path)/README.md", on: "README.md")]
        }
        let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
        guard path.hasSuffix(".md") else {
            addSource(path, text)
            return []
        }
        var links: [PageLink] = []
        let page = MarkdownPage(text)
        for target in Self.targets(in: page.blocks) { links.append(PageLink(target, on: path)) }
        let here = Self.output(of: path)
        let isFolder = isFolder
        let rules = rules
        let inline = InlineMarkdown(
            link: { target in
                let link = PageLink(target, on: path)
                guard var file = link.file else { return target }
                if isFolder(file) { file += "/README.md" }
                return Self.relative(Self.output(of: file), from: here) + (link.anchor.map { "#\($0)" } ?? "")
            },
            codeLink: { rules.has($0) ? Self.relative(RulesPage.path, from: here) + "#\($0)" : nil })
        let body = PageHTML(page.blocks, inline: inline)
        let introduction = Self.introduction(page.frontMatter)
        let heading = body.html.range(of: "</h1>")?.upperBound ?? body.html.startIndex
        anchors[path] = body.anchors
        let layout = Layout(chapters: chapters, path: here, source: path)
        let title = InlineMarkdown.plain(page.title ?? path)
        let content = body.html[..<heading] + introduction + body.html[heading...]
        files.append(File(path: here, text: layout.html(title: title, body: String(content))))
        return links
    }

    private mutating func addSource(_ path: String, _ text: String) {
        var lines = text.components(separatedBy: "\n")
        if lines.last == "" { lines.removeLast() }
        let language = path.hasSuffix(".swift") ? "swift" : path.hasSuffix(".py") ? "python" : "sh"
        let coloured = CodeColours.html(lines, language: language).components(separatedBy: "\n")
        let numbered = coloured.enumerated().map { "<span id=\"L\($0 + 1)\" class=\"line\">\($1)</span>" }
        let here = Self.output(of: path)
        let layout = Layout(chapters: chapters, path: here, source: path)
        let body =
            "<h1 class=\"path\">\(escaped(path))</h1>\n<figure class=\"source\"><pre tabindex=\"0\"><code>"
            + "\(numbered.joined(separator: "\n"))</code></pre></figure>"
        anchors[path] = Set((1...max(1, lines.count)).map { "L\($0)" })
        files.append(File(path: here, text: layout.html(title: path, body: body)))
    }

    /// A page that shows no file of the repository.
    private mutating func addPage(_ path: String, title: String, _ body: String) {
        files.append(
            File(path: path, text: Layout(chapters: chapters, path: path, source: "").html(title: title, body: body)))
    }

    /// The contents, which can be made once more for a reader.
    ///
    /// - Parameter deeds: by the chapters' steps, what the reader can do, and what of it is done
    public func contents(_ deeds: [String: [Deed]] = [:]) -> File {
        let rules = rules
        let inline = InlineMarkdown(
            link: { _ in nil }, codeLink: { rules.has($0) ? "\(RulesPage.path)#\($0)" : nil })
        let page = ContentsPage(chapters: chapters, inline: inline, deeds: deeds)
        let layout = Layout(chapters: chapters, path: ContentsPage.path, source: "")
        return File(path: ContentsPage.path, text: layout.html(title: "Contents", body: page.html))
    }

    /// What the first lines of a chapter say about it.
    private static func introduction(_ frontMatter: [String: String]) -> String {
        guard let objectives = frontMatter["objectives"] else { return "" }
        var lines = ["<p><b>You will learn to</b> \(escaped(objectives)).</p>"]
        if let minutes = frontMatter["minutes"] {
            lines.append("<p><b>Time:</b> about \(escaped(minutes)) minutes, without the exercises.</p>")
        }
        if let outside = frontMatter["out of scope"] { lines.append("<p><b>Not here:</b> \(escaped(outside)).</p>") }
        return "\n<aside>\(lines.joined())</aside>"
    }

    /// What the links on a page point at.
    private static func targets(in blocks: [MarkdownBlock]) -> [String] {
        var targets: [String] = []
        let inline = { (text: String) in
            // The renderer itself is asked, so that both agree on what a link is.
            let collector = LinkCollector()
            _ = InlineMarkdown(link: collector.add).html(text)
            targets += collector.targets
        }
        for block in blocks {
            switch block {
            case .heading(_, let text), .paragraph(let text): inline(text)
            case .table(let head, let rows): (head + rows.flatMap { $0 }).forEach(inline)
            case .list(_, let items): targets += items.flatMap { Self.targets(in: $0) }
            case .quote(let inside), .details(_, let inside): targets += Self.targets(in: inside)
            case .code: break
            }
        }
        return targets
    }

    private final class LinkCollector {
        private(set) var targets: [String] = []
        func add(_ target: String) -> String {
            targets.append(target)
            return target
        }
    }

    // MARK: Paths

    private func exists(_ path: String) -> Bool {
        !path.hasPrefix("..") && FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }

    private func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: root.appending(path: path).path, isDirectory: &isFolder)
        return exists && isFolder.boolValue
    }
}
