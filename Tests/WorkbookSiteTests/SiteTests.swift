import Foundation
import Testing

@testable import WorkbookSite

struct SiteTests {
    @Test func theWorkbookBecomesASiteWithoutDeadLinks() throws {
        let (site, steps) = (try Workbook.site.get(), try Workbook.chapters())
        #expect(site.deadLinks.isEmpty, "\(site.deadLinks.joined(separator: "\n"))")
        let pages = Dictionary(uniqueKeysWithValues: site.files.map { ($0.path, $0.text) })
        #expect(pages["index.html"] != nil && pages["Tutorials/index.html"] != nil && pages["rules.html"] != nil)
        let chapters = pages.filter { $0.key.wholeMatch(of: /Tutorials\/\d\d-\w+\/index\.html/) != nil }
        #expect(chapters.count == steps.count)
        for (path, html) in chapters {
            #expect(html.contains("<svg class=\"picture\""), "\(path) has no picture")
            #expect(!html.contains("flowchart LR"), "\(path) has a picture that was not drawn")
        }
        for (path, html) in pages {
            for match in html.matches(of: /href="([^"#]*)(#[^"]*)?"/) where !match.output.1.contains("://") {
                let target = match.output.1.isEmpty ? path : Site.joined(Site.folder(of: path), String(match.output.1))
                let page = pages[target.replacing("%2B", with: "+")]
                #expect(page != nil, "\(path) links to \(match.output.1), which the site doesn't have")
                if let anchor = match.output.2?.dropFirst(), let page {
                    #expect(page.contains("id=\"\(anchor)\""), "\(path) links to \(target)#\(anchor)")
                }
            }
        }
    }

    @Test func aDeadLinkIsTold() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "site-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let texts = [
            "README.md": "# A\n[there](Tutorials/README.md#b) [gone](gone.md) [astray](Tutorials/README.md#c)",
            "Tutorials/README.md": "# B\n[back](../README.md)",
            "Sources/ConformanceSuite/Catalogue/rules.tsv": "id\tmeaning\n",
        ]
        for (path, text) in texts {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        #expect(
            try Site(root: folder, chapters: []).deadLinks
                == ["README.md: there is no gone.md", "README.md: there is no heading #c in Tutorials/README.md"])
    }

    @Test func theWayFromPageToPage() {
        #expect(
            Site.relative("Tutorials/02-worker/index.html", from: "Tutorials/01-hello/index.html")
                == "../02-worker/index.html")
        #expect(Site.relative("index.html", from: "Tutorials/01-hello/index.html") == "../../index.html")
        #expect(Site.relative("rules.html", from: "index.html") == "rules.html")
        #expect(Site.joined("Tutorials/01-hello", "../../Sources/hello/Send.swift") == "Sources/hello/Send.swift")
        #expect(Site.output(of: "Sources/README.md") == "Sources/index.html")
    }
}
