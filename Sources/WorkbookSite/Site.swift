import Foundation

/// The workbook as a static site: each page of Markdown that can be reached from the front page, each source file that a
/// page links to, and the rules, as HTML that needs no server, no script and no network.
public struct Site {
    /// A file of the site: its path, relative to the site's folder, and what is in it.
    public struct File: Sendable {
        public var path: String
        public var html: String
    }

    public private(set) var files: [File] = []
    /// Links that lead nowhere, each with the page that it is on. None, when all is well.
    public private(set) var deadLinks: [String] = []

    private let root: URL
    private let chapters: [ChapterPage]
    private let rules: RulesPage
    /// What the site needs of `Site.File`s made so far: the anchors in each.
    private var anchors: [String: Set<String>] = [:]

    /// Makes the site of the repository at `root`: the front page, the chapters in their order, and what these link to.
    /// Throws when one of them can't be read.
    public init(root: URL, chapters: [ChapterPage]) throws {
        self.root = root.standardizedFileURL
        self.chapters = chapters
        rules = try RulesPage(root: root)
        var waiting = ["README.md", "Tutorials/README.md"] + chapters.map(\.path)
        var seen = Set(waiting)
        var links: [Link] = []
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
        addRules()
        for link in links {
            guard let file = link.file, let anchor = link.anchor, let known = anchors[file] else { continue }
            if !known.contains(anchor) { deadLinks.append("\(link.page): there is no heading #\(anchor) in \(file)") }
        }
        files.sort { $0.path < $1.path }
        deadLinks.sort()
    }

    // MARK: Pages

    /// Where a link leads: a file of the repository, or elsewhere.
    private struct Link {
        var page: String
        /// `nil`: another site.
        var file: String?
        var anchor: String?

        init(_ target: String, on page: String) {
            self.page = page
            if target.contains("://") || target.hasPrefix("mailto:") { return }
            let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
            anchor = parts.count > 1 ? String(parts[1]) : nil
            let path = parts[0].removingPercentEncoding ?? String(parts[0])
            file = path.isEmpty ? page : Site.joined(Site.folder(of: page), path)
        }
    }

    /// Adds the page of a file, and returns the links on it.
    private mutating func add(_ path: String) throws -> [Link] {
        if isFolder(path) {
            // A folder's page is its README.
            return [Link("\(path)/README.md", on: "README.md")]
        }
        let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
        guard path.hasSuffix(".md") else {
            addSource(path, text)
            return []
        }
        var links: [Link] = []
        let page = MarkdownPage(text)
        for target in Self.targets(in: page.blocks) { links.append(Link(target, on: path)) }
        let here = Self.output(of: path)
        let isFolder = isFolder
        let rules = rules
        let inline = InlineMarkdown(
            link: { target in
                let link = Link(target, on: path)
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
        files.append(File(path: here, html: layout.html(title: title, body: String(content))))
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
        files.append(File(path: here, html: layout.html(title: path, body: body)))
    }

    private mutating func addRules() {
        let layout = Layout(chapters: chapters, path: RulesPage.path, source: "")
        files.append(File(path: RulesPage.path, html: layout.html(title: "The rules", body: rules.html)))
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

    static func output(of path: String) -> String {
        if path == "README.md" { return "index.html" }
        if path.hasSuffix("/README.md") { return path.dropLast("README.md".count) + "index.html" }
        return path.hasSuffix(".md") ? path.dropLast(3) + ".html" : path + ".html"
    }

    static func folder(of path: String) -> String {
        path.split(separator: "/").dropLast().joined(separator: "/")
    }

    static func joined(_ folder: String, _ path: String) -> String {
        var parts = folder.split(separator: "/").map(String.init)
        for part in path.split(separator: "/").map(String.init) {
            if part == "..", let last = parts.last, last != ".." {
                parts.removeLast()
            } else if part != "." {
                parts.append(part)
            }
        }
        return parts.joined(separator: "/")
    }

    /// The way from one page of the site to another, so that it works from a disk, and under any address.
    static func relative(_ target: String, from page: String) -> String {
        var to = target.split(separator: "/").map(String.init)
        var from = folder(of: page).split(separator: "/").map(String.init)
        while let first = from.first, first == to.first, to.count > 1 {
            from.removeFirst()
            to.removeFirst()
        }
        let way = from.map { _ in ".." } + to
        return way.joined(separator: "/").replacing("+", with: "%2B")
    }
}
