import AMQPClient
import TutorialKit

/// Where a reader begins, as somebody types it: `first`, `last`, `next`, the number of a message, or a time ago, such as
/// `90s`, `5m` or `1h`.
func offset(_ word: String) throws -> FieldValue {
    if ["first", "last", "next"].contains(word) { return .string(word) }
    if let number = Int64(word), number >= 0 { return .int64(number) }
    if let number = Int64(word.dropLast()), number > 0, "smhD".contains(word.suffix(1)) { return .string(word) }
    throw StepError("'\(word)' names no place in a stream. Type first, last, next, a number, or 5m: stream --help")
}
