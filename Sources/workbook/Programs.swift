import Foundation

/// Where the programs of the steps are.
enum Programs {
    struct Missing: Error, CustomStringConvertible { let description: String }

    /// Builds the step's program as `swift run` would, and returns its path. With `WORKBOOK_NO_BUILD` set, for tests, it
    /// has to be there.
    static func path(_ step: String) throws -> String {
        let folder = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath().deletingLastPathComponent()
        let path = folder.appending(path: step).path
        if ProcessInfo.processInfo.environment["WORKBOOK_NO_BUILD"] == nil {
            let build = Process()
            build.executableURL = URL(filePath: "/usr/bin/env")
            build.arguments = ["swift", "build", "--quiet", "--product", step]
            try build.run()
            build.waitUntilExit()
            guard build.terminationStatus == 0 else { throw Missing(description: "'\(step)' does not build.") }
        }
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw Missing(description: "There is no program \(path). Build it with: swift build --product \(step)")
        }
        return path
    }
}
