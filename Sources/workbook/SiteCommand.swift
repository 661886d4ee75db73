import Commands
import Foundation
import Platform
import WorkbookSite

/// `workbook site`: the pages as a static site.
enum SiteCommand {
    static let command = Command(
        "workbook site", takes: "[DIRECTORY]",
        does: "makes a static site of the chapters, by default in the folder site",
        count: 0...1)

    static func run(_ given: Arguments) -> Int32 {
        let folder = URL(filePath: given.words.first ?? "site")
        do {
            let chapters = Chapter.all.map { ChapterPage(number: $0.number, step: $0.step, path: $0.page) }
            let site = try Site(root: URL(filePath: SourceTree.top), chapters: chapters)
            for file in site.files {
                let path = folder.appending(path: file.path)
                try FileManager.default.createDirectory(
                    at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(file.html.utf8).write(to: path)
            }
            say("\(site.files.count) pages. Open \(folder.appending(path: "index.html").path) in a browser.")
            for link in site.deadLinks { complain(link) }
            return site.deadLinks.isEmpty ? 0 : 1
        } catch {
            fail("the site can't be made: \(error.localizedDescription)")
        }
    }
}
