import Foundation
import Testing

@testable import WorkbookSite

/// The site is a book: contents, an order, a search, and all of it on one page.
struct BookTests {
    @Test func theContentsHaveEveryChapterWithItsMinutes() throws {
        let html = try #require(try Workbook.file("contents.html"))
        let chapters = try Workbook.chapters()
        #expect(
            html.matches(of: /<a class="chapter" href="Tutorials\/[^"]+">[^<]+<\/a> <span class="small">[0-9]+ minutes/)
                .count
                == chapters.count)
        #expect(
            html.contains(
                "<li value=\"1\"><a class=\"chapter\" href=\"Tutorials/01-hello/index.html\">Hello: one queue</a>"))
        #expect(html.contains("href=\"Tutorials/01-hello/index.html#break-it\">Break it</a>"))
        #expect(html.contains("--serve") && !html.contains("<progress"), "nobody knows who reads")
    }

    @Test func theContentsShowWhatIsDone() throws {
        let deeds = ["hello": [Deed("play", isDone: true), Deed("a<b", isDone: false)]]
        let html = try Workbook.site.get().contents(deeds).text
        #expect(html.contains("You have done 1 of 2 things"))
        #expect(html.contains("<progress max=\"2\" value=\"1\""))
        #expect(html.contains("<li class=\"done\">play ") && html.contains("<li>a&lt;b</li>"))
        #expect(!html.contains("--serve"))
    }

    @Test func everyPageOfTheBookLeadsToTheNext() throws {
        let order =
            ["contents.html", "Tutorials/index.html"] + (try Workbook.chapters().map { Site.output(of: $0.path) })
            + ["rules.html"]
        for (number, path) in order.enumerated() {
            let html = try #require(try Workbook.file(path))
            func neighbour(_ relation: String) throws -> String? {
                let link = try Regex("<a rel=\"\(relation)\" href=\"([^\"]+)\"")
                guard let match = html.firstMatch(of: link), let way = match.output[1].substring else { return nil }
                return Site.joined(Site.folder(of: path), String(way))
            }
            #expect(try neighbour("prev") == (number == 0 ? nil : order[number - 1]), "before \(path)")
            #expect(try neighbour("next") == (number == order.count - 1 ? nil : order[number + 1]), "behind \(path)")
            #expect(html.matches(of: /<li class="here">/).count == 1, "\(path) is marked among the chapters")
        }
    }

    @Test func theSearchFindsEveryRuleAndEveryPartOfAChapter() throws {
        let root = Workbook.root
        let chapters = try Workbook.chapters().map { try BookChapter($0, root: root) }
        let index = SearchIndex(chapters: chapters, rules: try RulesPage(root: root))
        let ways = Set(index.entries.map(\.way))
        #expect(ways.count == index.entries.count)
        for chapter in chapters {
            for section in chapter.sections { #expect(ways.contains("\(chapter.output)#\(section.anchor)")) }
        }
        let rules = try #require(try Workbook.file("rules.html"))
        #expect(index.entries.count { $0.place == "The rules" } == rules.matches(of: /<section class="entry"/).count)
        for way in ways {
            let parts = way.split(separator: "#", maxSplits: 1).map(String.init)
            let page = try #require(try Workbook.file(parts[0]), "\(way)")
            #expect(parts.count == 1 || page.contains("id=\"\(parts[1])\""), "\(way)")
        }
        let found = try #require(index.entries.first { $0.way == "Tutorials/01-hello/index.html#the-picture" })
        #expect(found.place == "1. Hello: one queue" && found.title == "The picture")
        #expect(found.text.contains("A producer is a program that sends") && !found.text.contains("flowchart"))
    }

    @Test func theIndexIsAScriptThatNoTextBreaks() throws {
        let script = try #require(try Workbook.file("search-index.js"))
        let lines = script.split(separator: "\n")
        #expect(lines.first == "const searchIndex = [" && lines.last == "];")
        for line in lines.dropFirst().dropLast() {
            let row = line.hasSuffix(",") ? line.dropLast() : line
            let cells = try JSONDecoder().decode([String].self, from: Data(row.utf8))
            #expect(cells.count == 4)
        }
        #expect(SearchPage.script.utf8.count < 5_000, "it stays small")
    }

    @Test func theWholeBookIsOnOnePage() throws {
        let html = try #require(try Workbook.file("book.html"))
        let chapters = try Workbook.chapters()
        #expect(html.matches(of: /<article id="chapter-[0-9]+"><h1/).count == chapters.count)
        #expect(!html.contains("<details>") && html.contains("<details open>"))
        let ids = html.matches(of: /\sid="([^"]+)"/).map { String($0.output.1) }.filter { $0 != "head" }
        #expect(Set(ids).count == ids.count, "each name once")
        let main = try #require(html.components(separatedBy: "<main>").last)
        for match in main.matches(of: /href="([^"]*)"/) where !match.output.1.contains("://") {
            #expect(match.output.1.hasPrefix("#"), "\(match.output.1) is not on paper")
        }
    }
}
