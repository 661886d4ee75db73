import Foundation

@testable import WorkbookSite

/// This repository's own pages.
enum Workbook {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func chapters() throws -> [ChapterPage] {
        let folders = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Tutorials").path)
        let steps = folders.sorted().map { $0.split(separator: "-", maxSplits: 1) }.filter { $0.count == 2 }
        return steps.enumerated().map { index, parts in
            ChapterPage(number: index + 1, step: String(parts[1]), path: "Tutorials/\(parts[0])-\(parts[1])/README.md")
        }
    }

    /// Made once, for all tests.
    static let site = Result { try Site(root: root, chapters: try chapters()) }

    /// A file of the site.
    static func file(_ path: String) throws -> String? { try site.get().files.first { $0.path == path }?.text }
}
