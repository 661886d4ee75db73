/// Where the files are that a program reads besides its own: rules, records, pages, sources.
///
/// They are those of this repository, and a program reads them where they are edited. A release (`Scripts/release`) has a
/// copy of them in `share/messaging-patterns`, beside the folder `bin` that its programs are in.
package enum SourceTree {
    /// The top of the repository, or of the release's copy of it.
    package static let top = releasedTop(of: ownPath) ?? (isTop(".") ? "." : compiledTop)

    /// The program is one of a release: nothing can be built, and nothing has to be.
    package static let isReleased = releasedTop(of: ownPath) != nil

    /// A path from the top, as one that can be opened.
    package static func path(_ path: String) -> String { "\(top)/\(path)" }

    /// The copy that belongs to a program of a release; nil for any other program.
    static func releasedTop(of program: String) -> String? {
        let folder = parent(of: program)
        guard folder.hasSuffix("/bin") else { return nil }
        let top = "\(parent(of: folder))/share/messaging-patterns"
        return isTop(top) ? top : nil
    }

    private static func isTop(_ folder: String) -> Bool { access("\(folder)/\(mark)", R_OK) == 0 }
    private static let mark = "Sources/ConformanceSuite/Catalogue/rules.tsv"

    private static let compiledTop = parent(of: parent(of: parent(of: #filePath)))

    /// This program's path, with no link in it. Without a /proc it is what the program was called by, which will do: only
    /// a release looks beside itself.
    private static let ownPath = resolved("/proc/self/exe") ?? resolved(CommandLine.arguments[0]) ?? ""

    private static func resolved(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }

    private static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }
}
