import Foundation

/// A chapter of the workbook, as far as the way through the site goes.
struct Chapter: Sendable {
    var number: Int
    var step: String
    /// Relative to the repository.
    var path: String

    /// In their order. Throws when `Tutorials` can't be read.
    static func all(in root: URL) throws -> [Chapter] {
        let folders = try FileManager.default.contentsOfDirectory(atPath: root.appending(path: "Tutorials").path)
        return folders.sorted().compactMap { folder in
            let parts = folder.split(separator: "-", maxSplits: 1)
            guard parts.count == 2, let number = Int(parts[0]) else { return nil }
            return Chapter(number: number, step: String(parts[1]), path: "Tutorials/\(folder)/README.md")
        }
    }
}
