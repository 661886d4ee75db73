import Foundation
import TestSupport
import Testing

/// Sources/README.md sends people to files; they are there.
@Suite("Where a change goes", .ownThread) struct DocumentTests {
    @Test(
        "Every path that these pages name exists",
        arguments: ["Sources/README.md", "Sources/ConformanceSuite/README.md", "Scripts/README.md"])
    func paths(page: String) throws {
        let text = try String(contentsOf: SourceFile.repository.appending(path: page), encoding: .utf8)
        let paths = text.matches(of: /`((?:Sources|Tests|Tutorials|Scripts)\/[\w.\/-]+)`/).map { String($0.1) }
        let missing = Set(paths).filter { path in
            !FileManager.default.fileExists(atPath: SourceFile.repository.appending(path: path).path)
        }
        #expect(missing == [])
        if page == "Sources/README.md" { #expect(paths.count > 20, "so many were looked at") }
    }

    @Test("Every script has a line in the table of Scripts/README.md, and every line a script")
    func scripts() throws {
        let folder = SourceFile.repository.appending(path: "Scripts")
        let files = try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: [.isRegularFileKey])
        let scripts = try files.filter { file in
            let isFile = try file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true
            return isFile && !file.lastPathComponent.contains(".")
        }.map(\.lastPathComponent)
        let page = try String(contentsOf: folder.appending(path: "README.md"), encoding: .utf8)
        let cells = page.split(separator: "\n").compactMap { line in
            line.firstMatch(of: /^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|/)?.1
        }
        let names = cells.joined(separator: " ").matches(of: /`([a-z-]+)`/).map { String($0.1) }
        #expect(scripts.count > 20, "so many were looked at")
        #expect(names.sorted() == scripts.sorted())
    }
}
