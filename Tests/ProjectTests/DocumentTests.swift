import Foundation
import TestSupport
import Testing

/// Sources/README.md sends people to files; they are there.
@Suite("Where a change goes", .ownThread) struct DocumentTests {
    @Test(
        "Every path that these pages name exists",
        arguments: ["Sources/README.md", "Sources/ConformanceSuite/README.md"])
    func paths(page: String) throws {
        let text = try String(contentsOf: SourceFile.repository.appending(path: page), encoding: .utf8)
        let paths = text.matches(of: /`((?:Sources|Tests|Tutorials|Scripts)\/[\w.\/-]+)`/).map { String($0.1) }
        let missing = Set(paths).filter { path in
            !FileManager.default.fileExists(atPath: SourceFile.repository.appending(path: path).path)
        }
        #expect(missing == [])
        if page == "Sources/README.md" { #expect(paths.count > 20, "so many were looked at") }
    }
}
