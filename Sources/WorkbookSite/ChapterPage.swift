import Foundation

/// A chapter of the workbook, as far as the way through the site goes.
public struct ChapterPage: Sendable {
    let number: Int
    let step: String
    /// From the top of the repository: `Tutorials/01-hello/README.md`.
    let path: String

    public init(number: Int, step: String, path: String) {
        (self.number, self.step, self.path) = (number, step, path)
    }
}

/// What a chapter's page says of itself.
struct BookChapter: Sendable {
    let chapter: ChapterPage
    let page: MarkdownPage

    init(_ chapter: ChapterPage, root: URL) throws {
        self.chapter = chapter
        page = MarkdownPage(try String(contentsOf: root.appending(path: chapter.path), encoding: .utf8))
    }

    var output: String { Site.output(of: chapter.path) }

    /// With its number: `1. Hello: one queue`.
    var title: String { InlineMarkdown.plain(page.title ?? "\(chapter.number). \(chapter.step)") }

    /// As it counts them: for reading and running it, without the exercises.
    var minutes: Int? { page.frontMatter["minutes"].flatMap { Int($0) } }

    /// The paragraph that it begins with.
    var question: String {
        for case .paragraph(let text) in page.blocks { return text }
        return ""
    }

    /// Its headings of the second level, with the names by which links reach them.
    var sections: [(title: String, anchor: String)] {
        var anchors = Anchors()
        return page.blocks.compactMap { block in
            guard case .heading(let level, let text) = block else { return nil }
            let anchor = anchors.next(for: text)
            return level == 2 ? (InlineMarkdown.plain(text), anchor) : nil
        }
    }
}

/// The names of a page's headings. As on GitHub, so that a link that works there works here.
struct Anchors {
    private(set) var all: Set<String> = []

    mutating func next(for heading: String) -> String {
        let plain = InlineMarkdown.plain(heading).lowercased()
        let name = plain.filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }.replacing(" ", with: "-")
        var unique = name
        var count = 0
        while !all.insert(unique).inserted {
            count += 1
            unique = "\(name)-\(count)"
        }
        return unique
    }
}
