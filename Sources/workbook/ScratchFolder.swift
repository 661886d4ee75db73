import Foundation

/// An empty folder for what programs keep. It goes when it is removed, and with this process when Ctrl-C ends that.
struct ScratchFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "workbook-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        ProcessFamily.add(folder: path)
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
