import Foundation

/// The reader's browser.
enum Browser {
    /// Opens a page, where there is a screen and a program that knows the browser; elsewhere a reader has the address.
    static func open(_ page: String) {
        let variables = ProcessInfo.processInfo.environment
        let screens = ["DISPLAY", "WAYLAND_DISPLAY"].compactMap { variables[$0] }
        guard screens.contains(where: { !$0.isEmpty }) else { return }
        let folders = (variables["PATH"] ?? "").split(separator: ":")
        let paths = folders.map { "\($0)/xdg-open" }
        guard let path = paths.first(where: FileManager.default.isExecutableFile(atPath:)) else { return }
        let opener = Process()
        opener.executableURL = URL(filePath: path)
        opener.arguments = [page]
        // It may have a lot to say that is no line of the step.
        (opener.standardOutput, opener.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try? opener.run()
    }
}
