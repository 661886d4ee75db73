/// Something an operator may want to read about.
///
/// The core only says what happened; whoever runs it decides where that is written.
public struct LogEvent: Sendable {
    /// How much it matters, least first.
    public enum Level: String, Sendable, CaseIterable, Comparable {
        case debug, info, warning, error

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

        public static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
    }

    public var level: Level
    /// Milliseconds since the Unix epoch.
    public var time: Int64
    /// One line. Names that came from a client are quoted with ``quoted(_:)``.
    public var text: String

    public init(_ level: Level, at time: Int64, _ text: String) {
        self.level = level
        self.time = time
        self.text = text
    }

    /// The text with everything escaped, as in Swift (`\u{1B}`), that could begin a new line, move a terminal's cursor
    /// or turn the direction of writing: controls, line separators, invisible format characters.
    public static func escaped(_ text: String) -> String {
        // Almost always there is nothing to do.
        if text.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) { return text }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                escaped += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    /// A name in single quotes: escaped, its own quotes and backslashes too, so that a name can't pretend to be the
    /// rest of the line; at most 255 characters of it.
    public static func quoted(_ name: String) -> String {
        var text = ""
        for character in name.prefix(255) {
            if character == "'" || character == "\\" { text += "\\" }
            text.append(character)
        }
        return "'\(escaped(text))\(name.count > 255 ? "..." : "")'"
    }

    /// A number with its noun, `1 client` or `2 clients`; the noun takes an s.
    public static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
