import Foundation

/// Prints a line at once, also into a file or a pipe, where Swift's own `print` keeps lines back.
func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

/// Prints on standard error.
func complain(_ line: String) {
    FileHandle.standardError.write(Data("workbook: \(line)\n".utf8))
}
