import ConformanceReport
import Foundation
import Testing
import AMQPWire

/// Writes down a finding with its grade. `#expect` and `#require` do for what is plainly right or wrong.
func note(
    _ verdict: Verdict, expected: String? = nil, _ seen: String, at place: SourceLocation = #_sourceLocation
) {
    guard let run = CaseRun.current else {
        let text = SuiteError(expected: expected, seen).description
        return _ = Issue.record("\(text)", sourceLocation: place)
    }
    run.note(verdict, expected: expected, seen, at: place)
}

/// For anything that is not an ``Outcome``: what was seen, against what the specification says and what RabbitMQ does.
func expect<Value: Equatable>(
    _ seen: Value, spec: Value, rabbitmq: Value, _ what: String, at place: SourceLocation = #_sourceLocation
) {
    if seen == spec { return }
    if seen == rabbitmq {
        return note(.conformsAsRabbitMQ, "\(what): \(seen), where the specification says \(spec)", at: place)
    }
    note(.failed, expected: "\(what) \(spec) (RabbitMQ: \(rabbitmq))", "\(seen)", at: place)
}

/// Writes down which of several allowed ways the broker has chosen.
func inform(_ text: String, at place: SourceLocation = #_sourceLocation) { note(.informational, text, at: place) }

/// A name that no other case and no other run uses.
func unique(_ word: String) -> ShortString {
    ShortString(truncating: "\(word)-\(UUID().uuidString.prefix(13).lowercased())")
}
