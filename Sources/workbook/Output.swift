import Foundation

/// Prints a line at once, also into a file or a pipe, where Swift's own `print` keeps lines back.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

extension String {
    /// With blanks behind it, up to `width` characters; what is longer stays as it is.
    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

/// Prints on standard error.
func complain(_ line: String) {
    FileHandle.standardError.write(Data("workbook: \(line)\n".utf8))
}
