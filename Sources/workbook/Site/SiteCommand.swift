import Commands
import Foundation
import Platform
import WorkbookSite

/// `workbook site`: the pages as a static site, or served with the reader's progress.
enum SiteCommand {
    private static let serve = Option("--serve", "serve it instead, with your progress in the contents, until CTRL+C")
    private static let port = Option("--port", "N", "with --serve: the port, 0 for any free one [8000]")

    static let command = Command(
        "workbook site", takes: "[DIRECTORY]", options: [serve, port],
        does: "makes a static site of the chapters, by default in the folder site",
        notes: """
            The site is a book: contents, chapters, rules, a search, and all chapters on one page for printing \
            (Scripts/book makes a PDF of it). It needs no network. Only this machine reaches what --serve serves, as \
            localhost or 127.0.0.1: a page of another site can't read it.
            """, count: 0...1)

    static func run(_ given: Arguments) -> Int32 {
        do {
            let chapters = Chapter.all.map { ChapterPage(number: $0.number, step: $0.step, path: $0.page) }
            let site = try Site(root: URL(filePath: SourceTree.top), chapters: chapters)
            for link in site.deadLinks { complain(link) }
            if given.has(serve) {
                if !given.words.isEmpty { wrong("--serve writes nothing, so it takes no DIRECTORY", command) }
                let port = try given.integer(Self.port, in: 0...65_535)
                return SiteServer.run(site, port: port ?? 8000)
            }
            if given.has(Self.port) { wrong("--port goes with --serve", command) }
            try write(site, to: URL(filePath: given.words.first ?? "site"))
            return site.deadLinks.isEmpty ? 0 : 1
        } catch let error as UsageError {
            wrong(error.reason, command)
        } catch {
            fail("the site can't be made: \(error.localizedDescription)")
        }
    }

    private static func write(_ site: Site, to folder: URL) throws {
        for file in site.files {
            let path = folder.appending(path: file.path)
            try FileManager.default.createDirectory(
                at: path.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(file.text.utf8).write(to: path)
        }
        let pages = site.files.count { $0.path.hasSuffix(".html") }
        say("\(pages) pages. Open \(folder.appending(path: "index.html").path) in a browser.")
    }

    /// What there is to do in each chapter, and what of it the progress file has.
    static func deeds(done: [String]) -> [String: [Deed]] {
        let done = Set(done)
        let deeds = Chapter.all.map { chapter in
            let commands = Overview.deeds.map { Deed($0, isDone: done.contains("\($0) \(chapter.number)")) }
            let exercises = chapter.exercises.map { Deed("exercise \($0.id)", isDone: done.contains("check \($0.id)")) }
            return (chapter.step, commands + exercises)
        }
        return Dictionary(uniqueKeysWithValues: deeds)
    }
}
