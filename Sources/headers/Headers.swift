import AMQPClient
import TutorialKit

/// Whether a word on the command line is a header, such as `format=pdf`.
func isField(_ word: String) -> Bool { word.contains("=") && !word.hasPrefix("=") }

/// Words such as `format=pdf` as a table of headers.
func fields(_ words: some Sequence<String>) throws -> FieldTable {
    var table = FieldTable()
    for word in words {
        guard isField(word) else { throw UsageError("'\(word)' is not a header: write it as NAME=VALUE") }
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let name = try? ShortString(parts[0]) else {
            throw UsageError("the name of a header has \(parts[0].utf8.count) bytes; at most 255 are allowed")
        }
        table[name] = .string(parts[1])
    }
    return table
}

/// Headers in a line: `format=pdf, type=report`.
func line(_ table: FieldTable?) -> String {
    (table ?? [:]).fields.map { "\($0.name.text)=\($0.value.text ?? "\($0.value)")" }.joined(separator: ", ")
}
