import Foundation
import TestSupport
import Testing

/// Sources/README.md sends people to files; they are there.
@Suite("Where a change goes", .ownThread) struct DocumentTests {
    @Test(
        "Every path that these pages name exists",
        arguments: ["Sources/README.md", "Sources/ConformanceSuite/README.md", "Scripts/README.md"])
    func paths(page: String) throws {
        let paths = try text(page).matches(of: /`((?:Sources|Tests|Tutorials|Scripts)\/[\w.\/-]+)`/).map {
            String($0.1)
        }
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
        let page = try text("Scripts/README.md")
        let cells = page.split(separator: "\n").compactMap { line in
            line.firstMatch(of: /^\| (`[a-z-]+`(?:, `[a-z-]+`)*) \|/)?.1
        }
        let names = cells.joined(separator: " ").matches(of: /`([a-z-]+)`/).map { String($0.1) }
        #expect(scripts.count > 20, "so many were looked at")
        #expect(names.sorted() == scripts.sorted())
    }

    private func text(_ path: String) throws -> String {
        try String(contentsOf: SourceFile.repository.appending(path: path), encoding: .utf8)
    }

    @Test("The help of real-broker has a line for every broker that it can start")
    func brokers() throws {
        let folder = SourceFile.repository.appending(path: "Scripts/library/brokers")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let help = try text("Scripts/real-broker")
        #expect(files.contains("ours.sh"))
        for file in files { #expect(help.contains("\n  \(file.dropLast(".sh".count)) "), "\(file)") }
    }

    @Test("The suite's page names everything that a case may need of a broker")
    func needs() throws {
        let page = try text("Sources/ConformanceSuite/README.md")
        let needs = try text("Sources/ConformanceSuite/Suite/Need.swift").matches(of: /\n    case (\w+)/).map { $0.1 }
        #expect(needs.count > 10, "so many were looked at")
        let named = Set(page.matches(of: /[` ]\.(\w+)(?=[` ])/).map { $0.1 })
        for need in needs { #expect(named.contains(need), "\(need)") }
    }
}
