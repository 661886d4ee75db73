import Foundation
import Lifeline
import Platform

/// Where the programs of the steps are.
enum Programs {
    struct Missing: Error, CustomStringConvertible { let description: String }

    /// Builds the step's program as `swift run` would, and returns its path. In a release, and with `WORKBOOK_NO_BUILD` set
    /// for tests, it has to be there.
    static func path(_ step: String) throws -> String {
        let folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        let path = folder.appending(path: step).path
        if !SourceTree.isReleased, ProcessInfo.processInfo.environment["WORKBOOK_NO_BUILD"] == nil {
            guard try runSwift("build", "--quiet", "--product", step) else {
                throw Missing(description: "'\(step)' does not build.")
            }
        }
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Missing(description: "There is no program \(path). Build it with: swift build --product \(step)")
        }
        return path
    }
}

/// What is asked for changes the programs or the broker.
struct NeedsToolchain: Error, CustomStringConvertible {
    let description =
        "This builds Swift programs, which takes a Swift toolchain and a clone of the repository; a release has neither. "
        + "For a program in another language: workbook check STEP|EXERCISE -- COMMAND"
}

/// Runs `swift` with these words, and waits until it has ended: whether it did so with status 0.
///
/// - Parameter variables: variables for it besides those of this process; with them its output is not shown
/// Throws ``NeedsToolchain`` in a release, which has the sources, but nothing that was built of them.
@discardableResult
func runSwift(_ words: String..., silentlyWith variables: [String: String]? = nil) throws -> Bool {
    if SourceTree.isReleased { throw NeedsToolchain() }
    let swift = Process()
    swift.executableURL = URL(filePath: "/usr/bin/env")
    swift.arguments = ["swift"] + words
    swift.environment = ProcessInfo.processInfo.environment.merging(variables ?? [:]) { $1 }
        .merging(Lifeline.marked) { $1 }
    if variables != nil { swift.standardOutput = FileHandle.nullDevice }
    try swift.run()
    swift.waitUntilExit()
    return swift.terminationStatus == 0
}
