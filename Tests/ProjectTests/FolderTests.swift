import Foundation
import TestSupport
import Testing

/// What keeps the tree readable as it grows.
@Suite("Folders and files", .ownThread) struct FolderTests {
    /// The paths of the Swift files below a folder.
    private static func files(below root: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: SourceFile.repository.appending(path: root).path)
            .filter { $0.hasSuffix(".swift") }
    }

    @Test("No folder has more than 22 Swift files side by side", arguments: ["Sources", "Tests"])
    func folders(root: String) throws {
        let counts = Dictionary(grouping: try Self.files(below: root)) { path in
            path.split(separator: "/").dropLast().joined(separator: "/")
        }.mapValues(\.count)
        #expect(counts.count > 10, "so many folders were looked at")
        #expect(
            counts.filter { $0.value > 22 } == [:], "give these folders folders, named after what the files are about")
    }

    @Test("No file name has a plus in it: a folder says what the plus would", arguments: ["Sources", "Tests"])
    func names(root: String) throws {
        let paths = try Self.files(below: root)
        #expect(paths.count > 10, "so many files were looked at")
        #expect(paths.filter { $0.contains("+") } == [])
    }

    /// What is generated is not read from its beginning to its end.
    private static func written(below root: String) throws -> [SourceFile] {
        try SourceFile.all(below: root).filter { !$0.path.contains("/Generated/") }
    }

    @Test("No file has more than 320 lines", arguments: ["Sources", "Tests"])
    func fileLength(root: String) throws {
        let files = try Self.written(below: root)
        #expect(files.count > 150, "so many files were looked at")
        for file in files where file.lineCount > 320 {
            Issue.record("\(root)/\(file.path) has \(file.lineCount) lines: find the two ideas in it")
        }
    }

    @Test("No function has more than 60 lines", arguments: ["Sources", "Tests"])
    func functionLength(root: String) throws {
        let files = try Self.written(below: root)
        var count = 0
        for file in files {
            for function in file.functions {
                count += 1
                #expect(
                    function.lineCount <= 60, "\(root)/\(file.path):\(function.line): \(function.declaration)")
            }
        }
        #expect(count > 1_000, "so many functions were looked at")
    }

    @Test("What a test waits for has the processors, and what it starts ends with it")
    func waits() throws {
        let files = try Self.written(below: "Tests")
        let spinning = /while [^\n]*\{ (?:await Task.yield\(\) )?\}/
        let exiting = /#expect\(processExitsWith: .*\{\n *(.*)/
        for file in files {
            for line in file.lines where line.contains("while ") {
                for spin in line.matches(of: spinning) {
                    Issue.record("\(file.path): \(spin.output): wait with `until`: it leaves the processors to others")
                }
            }
            guard file.lines.contains(where: { $0.contains("processExitsWith") }) else { continue }
            for exit in file.code.matches(of: exiting) where exit.1 != "endWithParent()" {
                Issue.record("\(file.path): \(exit.output): without `endWithParent()` it outlives killed tests")
            }
        }
        #expect(files.contains { $0.code.contains("endWithParent()") })
    }
}
