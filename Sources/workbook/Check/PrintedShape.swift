/// What lines of a program's output have in common.
enum PrintedShape {
    /// A line without what differs from run to run: numbers and ids.
    static func of(_ line: String) -> String {
        line.lowercased().replacing(/[0-9a-f]*[0-9][0-9a-f:.\-]*/, with: "#")
    }

    /// A line without numbers, times, and ids that were made up: all words with a digit in them.
    static func withoutNumbers(_ line: String) -> String {
        line.replacing(/\w*[0-9][\w\-]*(?:[:.][\w\-]+)*/, with: "#")
    }

    /// A line says this number, also with marks between groups of its digits, and not as a part of a longer one.
    static func says(_ number: String, in line: String) -> Bool {
        let grouped = line.matches(of: /[0-9]{1,3}(?:[,.'_ \u{A0}\u{202F}][0-9]{3})+/)
        return line.split { !$0.isNumber }.contains { $0 == number }
            || grouped.contains { $0.output.filter(\.isNumber) == number }
    }

    /// The number that stands beside a word: `nacked: 1`, `1 refused`. Of several such words the first.
    static func count(beside words: [String], in line: String) -> String? {
        let line = line.lowercased()
        for word in words {
            guard let range = line.firstRange(of: word) else { continue }
            if let match = line[range.upperBound...].prefixMatch(of: /[a-z]*["' :=(]*([0-9]+)/) { return "\(match.1)" }
            let before = line[..<range.lowerBound].reversed().drop { $0.isLetter || $0 == "-" }
            guard before.first == " " else { continue }
            let digits = before.drop { $0 == " " }.prefix { $0.isNumber }
            if !digits.isEmpty { return String(digits.reversed()) }
        }
        return nil
    }
}
