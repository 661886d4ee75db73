import Foundation
import Testing

@testable import Platform

@Suite("Where programs find their files") struct ReleaseTests {
    @Test("A program of a release finds the copy beside it, and only a whole one counts")
    func release() throws {
        let files = FileManager.default
        let folder = files.temporaryDirectory.appending(path: "release-\(UUID().uuidString)")
        defer { try? files.removeItem(at: folder) }
        let top = folder.appending(path: "share/messaging-patterns").path
        try files.createDirectory(
            atPath: "\(top)/Sources/ConformanceSuite/Catalogue", withIntermediateDirectories: true)
        let program = "\(folder.path)/bin/conformance"
        #expect(SourceTree.releasedTop(of: program) == nil)
        #expect(files.createFile(atPath: "\(top)/Sources/ConformanceSuite/Catalogue/rules.tsv", contents: nil))
        #expect(SourceTree.releasedTop(of: program) == top)
        #expect(SourceTree.releasedTop(of: "\(folder.path)/debug/conformance") == nil)
        #expect(SourceTree.releasedTop(of: "conformance") == nil)
    }

    @Test("Any other program finds them where they are edited")
    func checkout() {
        #expect(!SourceTree.isReleased)
        #expect(FileManager.default.fileExists(atPath: SourceTree.path("Sources/Platform/SourceTree.swift")))
    }
}
